import json
from typing import Any

import pytest

from tests.cli.conftest import OTHER, SESSION
from tests.support.cli import Cli
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import Upstream

ANSWER = {"input": 12, "cache_read": 900, "cache_write": 40, "output": 5, "reasoning": 0}
THREE = {name: 3 * count for name, count in ANSWER.items()}


@pytest.fixture
def cli(recorded: Home, monkeypatch: Any, capsys: Any) -> Cli:
    return Cli(recorded, monkeypatch, capsys)


@pytest.fixture
def empty(home: Home, monkeypatch: Any, capsys: Any) -> Cli:
    return Cli(home, monkeypatch, capsys)


def test_days_are_summed_up_unless_something_else_is_asked_for(cli: Cli) -> None:
    (day,) = cli.ok("usage", "--json").json
    assert set(day) >= {"day", "requests", "tokens", "cost_usd", "cache_hit_rate"}
    # Three answers and a refusal; the count of tokens used none.
    assert (day["requests"], day["failed"]) == (4, 1)
    assert day["tokens"] == THREE
    assert day["cache_hit_rate"] == round(900 / 952, 4)
    table = cli.ok("usage").out.splitlines()
    assert table[0].split()[:3] == ["DAY", "REQUESTS", "INPUT"]
    assert day["day"] in table[1]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("channel", {"second"}),
        ("model", {"y-1"}),
        ("key", {"default"}),
        ("profile", {"default"}),
        ("client", {"claude-code"}),
        ("trace", {SESSION, OTHER}),
    ],
)
def test_everything_adds_up_to_the_same(cli: Cli, by: str, names: set[str]) -> None:
    rows = cli.ok("usage", "--by", by, "--json").json
    assert {row[by] for row in rows} == names
    assert {n: sum(row["tokens"][n] for row in rows) for n in ANSWER} == THREE
    assert cli.ok("usage", "--by", by).out.startswith(by.upper())


def test_a_model_without_a_price_has_an_unknown_cost(cli: Cli) -> None:
    (row,) = cli.ok("usage", "--by", "model", "--json").json
    assert (row["cost_usd"], row["unpriced"]) == (None, 3)
    shown = cli.ok("usage", "--by", "model")
    assert shown.out.rstrip().endswith("unknown")
    assert "3 answers without a known price" in shown.err


def test_costs_are_shown_and_a_sum_that_is_known_in_part_as_such(
    home: Home, upstream: Upstream, empty: Cli
) -> None:
    home.configure(
        channel(upstream.url),
        prices=[{"model": "claude-a", "input": 1, "output": 2, "cache_read": 0.1}],
    )
    daemon = Daemon(home).start()
    for model in ("claude-a", "claude-unheard-of"):
        daemon.post(json.dumps({"model": model, "messages": []}).encode())
    daemon.stop()
    rows = {row["model"]: row for row in empty.ok("usage", "--by", "model", "--json").json}
    dollars = (12 + 40 + 90 + 5 * 2) / 1e6
    assert rows["claude-a"]["cost_usd"] == pytest.approx(dollars, abs=1e-12)
    assert rows["claude-unheard-of"]["cost_usd"] is None
    shown = empty.ok("usage", "--by", "model").out.splitlines()
    assert [line.split("  ")[-1] for line in shown[1:]] == ["$0.0002", "unknown", "≥ $0.0002"]
    (price,) = {row["price"] for row in empty.ok("request", "--json").json if row["price"]}
    assert price.startswith("own:")


def test_filters_narrow_the_sums(cli: Cli) -> None:
    (second,) = cli.ok("usage", "--by", "channel", "--channel", "second", "--json").json
    assert second["requests"] == 4
    assert cli.ok("usage", "--channel", "first", "--json").json == []
    nobody = cli.ok("usage", "--key", "nobody")
    assert nobody.out == ""
    assert "nothing was used that matches" in nobody.err
    assert cli.ok("usage", "--since", "2026-01-01", "--json").json


def test_traces_are_cut_at_the_limit(cli: Cli) -> None:
    shown = cli.ok("usage", "--by", "trace", "--limit", "1", "--json")
    assert len(shown.json) == 1
    assert "--limit N" in shown.err


def test_keys_are_shown_with_what_is_left_of_their_quotas(home: Home, empty: Cli) -> None:
    home.configure(channel("http://127.0.0.1:1"), key={"quotas": [{"requests": 9}]})
    (row,) = empty.ok("usage", "--by", "key", "--json").json
    assert (row["key"], row["requests"]) == ("default", 0)
    assert [quota["left"] for quota in row["quotas"]] == [9]
    assert empty.ok("usage", "--by", "key").out.rstrip().endswith("9 requests today")


def test_a_home_without_use_says_how_to_begin(empty: Cli) -> None:
    shown = empty.ok("usage")
    assert shown.out == ""
    assert "axonhub run claude" in shown.err


def test_what_was_used_earlier_only_is_not_called_nothing(cli: Cli) -> None:
    shown = cli.ok("usage", "--since", "2999-01-01")
    assert "nothing was used since then" in shown.err


def test_more_rows_than_a_number_can_say_are_all_rows(cli: Cli) -> None:
    most = ("--limit", "99999999999999999999")
    assert len(cli.ok("usage", "--by", "trace", *most, "--json").json) == 2
    assert len(cli.ok("trace", "list", *most, "--json").json) == 2
    assert cli.ok("request", "list", *most, "--json").json


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--by", "week"), "there are: day, model, channel"),
        (("--since", "soon"), "neither a span of time nor a date"),
        (("--by", "trace", "--key", "k"), "cannot be narrowed by --key"),
    ],
)
def test_wrong_options_are_explained(empty: Cli, options: tuple[str, ...], said: str) -> None:
    assert said in empty.fails("usage", *options)
