import io
import json
import sys
from typing import Any

import pytest

from axonhub_cli.cli.print_statusline import quick, read_input, show, write
from tests.support.daemon import Daemon
from tests.support.home import Home

SESSION: dict[str, Any] = {
    "requests": 3,
    "cost_usd": 1.234,
    "unpriced": 0,
    "input": 10,
    "cache_read": 930,
    "cache_write": 60,
    "model": "claude-opus-5-5",
    "channel": "work",
}
LIMITS = [
    {"name": "5h", "left": 0.38},
    {"name": "requests", "per": "day", "amount": 97, "left": 0.97},
    {"name": "cost", "per": "month", "amount": 1.2, "left": 0.5},
    {"name": "tokens", "per": "", "amount": 1_500_000, "left": 0.5},
]


def line(**changes: Any) -> str:
    return show({"session": SESSION | changes, "limits": []}, {})


def test_a_session_is_one_line() -> None:
    assert show({"session": SESSION, "limits": LIMITS}, {}) == (
        "$1.23 · work → claude-opus-5-5 · cache 93 % · 5h 38 % left · 97 requests left today"
        " · $1.20 left this month · 1,500,000 tokens left"
    )


def test_a_cost_that_is_not_known_is_not_shown_as_none() -> None:
    assert line(cost_usd=0.0123, unpriced=2).startswith("≥ $0.0123 · ")
    assert line(cost_usd=None, unpriced=1).startswith("cost unknown · ")
    assert line(cost_usd=None, unpriced=0).startswith("$0 · ")


def test_a_small_cost_is_not_shown_as_none() -> None:
    assert line(cost_usd=0.00004).startswith("<$0.0001 · ")
    assert line(cost_usd=0.0, unpriced=0).startswith("$0 · ")


def test_what_is_not_known_yet_is_left_out() -> None:
    assert line(channel=None, model=None, cache_read=0, input=0, cache_write=0) == "$1.23"
    assert "work" in line(model=None)


def test_names_cannot_move_the_cursor() -> None:
    assert "\x1b" not in line(model="evil\x1b[2J")


@pytest.mark.parametrize(
    ("told", "given", "said"),
    [
        (None, {}, "axonhub is not running (axonhub start)"),
        ({"session": None}, {}, "axonhub runs"),
        ({"session": None}, {"session_id": "x"}, "nothing of this session has gone through it"),
        ({"session": None, "traces_error": "disk full"}, {}, "cannot write its traces"),
    ],
)
def test_without_figures_the_line_says_why(told: Any, given: dict[str, Any], said: str) -> None:
    assert said in show(told, given)


@pytest.mark.parametrize("text", ["", "no json", "[1]", "\udcff", "[" * 100_000])
def test_whatever_stdin_holds_is_no_failure(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO(text.encode("utf-8", "surrogateescape"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
    assert read_input() == {}


def test_only_what_is_plainly_it_goes_the_short_way() -> None:
    assert quick(["statusline", "--help"], {}) is None
    assert quick(["status"], {}) is None
    assert quick([], {}) is None
    assert quick(["statusline"], {"_AXONHUB_COMPLETE": "1"}) is None


def test_it_is_asked_of_the_running_daemon(home: Home, daemon: Daemon) -> None:
    given = json.dumps({"session_id": "abc", "model": {"id": "claude"}})
    done = home.axonhub("statusline", stdin=given)
    assert done.stdout == "axonhub runs; nothing of this session has gone through it\n"
    figures = json.loads(home.axonhub("statusline", "--json", stdin=given).stdout)
    assert figures == {"running": True, "session": None, "limits": []}
    odd = json.dumps({"session_id": "../../health\r\n"})
    assert home.axonhub("statusline", stdin=odd).stdout.startswith("axonhub runs")


def test_without_a_daemon_it_says_so_and_all_is_well(home: Home) -> None:
    done = home.axonhub("statusline", stdin="{}")
    assert (done.stdout, done.stderr) == ("axonhub is not running (axonhub start)\n", "")


def test_a_terminal_that_knows_no_dots_gets_others(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    write("a · b")
    assert raw.getvalue() == b"a ? b\n"
