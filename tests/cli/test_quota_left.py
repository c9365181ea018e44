from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.cli.quota_left import as_json, in_words, left_in_words, limits_of
from axonhub_cli.config.schema import Key, Profile, Quota
from axonhub_cli.routing.quota import Limit
from tests.support.cli import Cli
from tests.support.home import Home, channel
from tests.support.price_list import price_list

QUOTAS = [{"requests": 100, "per": "day"}, {"cost": 5.0, "per": "month"}]


@pytest.fixture
def limited(recorded: Home, monkeypatch: Any, capsys: Any) -> Cli:
    """The recorded home, whose key and profile got quotas afterwards."""
    quotas = [{"tokens": 1_000_000, "per": "all"}]
    recorded.configure(
        channel("http://127.0.0.1:1"), key={"quotas": QUOTAS}, profile={"quotas": quotas}
    )
    return Cli(recorded, monkeypatch, capsys)


def test_a_key_is_shown_with_what_is_left(limited: Cli) -> None:
    shown = limited.ok("key", "show", "default").out
    assert "quota           requests: 3 of 100 today; it resets at 00:00" in shown
    # The model that was sent has no price: what it cost is not known, and not counted.
    assert "cost: $0.0000 of $5.00 this month" in shown
    requests, cost = limited.ok("key", "show", "default", "--json").json["quotas"]
    assert (requests["kind"], requests["used"], requests["left"]) == ("requests", 3, 97)
    assert requests["resets_at"].endswith("Z")
    assert (cost["kind"], cost["used"], cost["left"]) == ("cost", 0, 5)


def test_a_profile_is_shown_with_what_is_left(limited: Cli) -> None:
    assert "quota of tokens: " in limited.ok("profile", "show", "default").out
    (tokens,) = limited.ok("profile", "show", "default", "--json").json["quotas"]
    assert tokens["used"] == 3 * (12 + 40 + 900 + 5)
    assert tokens["resets_at"] is None


def test_who_has_no_quota_has_no_limits(tmp_path: Path) -> None:
    assert limits_of(Home(tmp_path).paths, [Key("k", "sha256:0"), Profile("p")]) == {}


def test_a_store_that_cannot_be_read_counts_as_unused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.paths.trace_db.parent.mkdir(parents=True)
    home.paths.trace_db.write_bytes(price_list().read_bytes()[:5000])
    key = Key("k", "sha256:0", quotas=(Quota(requests=5),))
    assert [limit.left for limit in limits_of(home.paths, [key])["k"]] == [5]


def test_what_is_left_fits_into_a_cell() -> None:
    requests = Limit("requests", 100, 3, "day", False, None)
    assert left_in_words(requests) == "97 requests today"
    assert left_in_words(Limit("cost", 5, 3.8, "month", False, None)) == "$1.20 this month"
    assert in_words(requests) == "requests: 3 of 100 today; it never resets"
    assert as_json(requests)["resets_at"] is None
