"""`channel add` and `edit`: a channel's own limits, checked when they are saved."""

from __future__ import annotations

import pytest

from axonhub_cli.config.schema import Channel
from tests.support.cli import Cli


def saved(cli: Cli, *argv: str) -> Channel:
    cli.ok("channel", "edit", "main", "--no-test", *argv)
    found = cli.config().channel("main")
    assert found is not None
    return found


def test_limits_are_saved_shown_and_cleared(cli: Cli) -> None:
    cli.add_channel("main", "--rpm", "60", "--tpm", "100000", "--concurrency", "3")
    channel = saved(cli, "--queue", "5", "--queue-timeout", "10s")
    assert (channel.rpm, channel.tpm, channel.concurrency) == (60, 100_000, 3)
    assert (channel.queue, channel.queue_timeout) == (5, "10s")
    shown = cli.ok("channel", "show", "main").out
    words = "3 requests at once, 60 requests a minute, 100,000 tokens a minute, 5 more wait, up to"
    assert f"{words} 10s\n" in shown
    assert cli.ok("channel", "show", "main", "--json").json["own_limits"] == {
        "rpm": 60,
        "tpm": 100_000,
        "concurrency": 3,
        "queue": 5,
        "queue_timeout": "10s",
    }
    cleared = ("--rpm", "", "--tpm", "", "--queue", "", "--queue-timeout", "")
    channel = saved(cli, *cleared, "--concurrency", "")
    assert channel.rpm is channel.tpm is channel.concurrency is None
    assert (channel.queue, channel.queue_timeout) == (100, "30s")
    assert "requests" not in cli.ok("channel", "show", "main").out


def test_a_queue_of_none_is_said(cli: Cli) -> None:
    cli.add_channel("main", "--concurrency", "1", "--queue", "0")
    assert "1 requests at once, nobody waits\n" in cli.ok("channel", "show", "main").out


@pytest.mark.parametrize(
    ("flag", "text", "said"),
    [
        ("--rpm", "0", "0 would let nothing in"),
        ("--tpm", "-5", "-5 would let nothing in"),
        ("--concurrency", "many", "'many' is not a whole number"),
        ("--queue", "-1", "from 0 to 100,000"),
        ("--queue", "1.5", "'1.5' is not a whole number"),
        ("--queue-timeout", "0s", "`queue = 0` lets nobody wait"),
        ("--queue-timeout", "30", "is not a duration"),
    ],
)
def test_a_wrong_limit_is_refused_with_its_flag(cli: Cli, flag: str, text: str, said: str) -> None:
    cli.add_channel()
    error = cli.fails("channel", "edit", "main", flag, text)
    assert f"error: {flag}: " in error and said in error
