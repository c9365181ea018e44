"""`axonhub explain --policy`: every kind of failure, and a channel's own rules."""

from __future__ import annotations

import pytest

from axonhub_cli.routing.policy import ROWS
from tests.support.cli import Cli
from tests.support.home import Home, channel


@pytest.fixture
def cli(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    policy = {"529": "same", "5xx": "give_up"}
    home.configure(
        channel("http://127.0.0.1:9", "own", policy=policy, retries=2), routing={"retries": 1}
    )
    return Cli(home, monkeypatch, capsys)


def test_every_kind_is_there_with_what_follows_it(cli: Cli) -> None:
    said = cli.ok("explain", "--policy").out
    assert all(f"\n{kind} " in said for kind in ROWS)
    assert "the same again after 0.5 s, the next channel" in said
    assert "another token, the next channel" in said
    assert "A breaker opens after 3 counted failures in a row" in said
    assert "set for this channel" not in said


def test_a_channels_own_rules_are_marked(cli: Cli) -> None:
    lines = cli.ok("explain", "--policy", "--channel", "own").out.splitlines()
    overloaded = next(line for line in lines if line.startswith("529 "))
    assert "the same again 2 times" in overloaded
    assert "(set for this channel)" in overloaded
    other = next(line for line in lines if line.startswith("5xx "))
    assert "the client is told (set for this channel)" in other


def test_the_same_as_json(cli: Cli) -> None:
    table = cli.ok("explain", "--policy", "--channel", "own", "--json").json
    rows = {row["kind"]: row for row in table}
    assert set(rows) >= set(ROWS)
    assert rows["529"]["own"] is True
    assert rows["429"]["own"] is False
