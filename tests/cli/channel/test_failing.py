"""`channel add` and `edit`: what follows a failure, checked when it is saved."""

from __future__ import annotations

import json

import pytest

from axonhub_cli.config.schema import Channel
from tests.support.cli import Cli


def saved(cli: Cli, *argv: str) -> Channel:
    cli.ok("channel", "edit", "main", *argv)
    found = cli.config().channel("main")
    assert found is not None
    return found


def test_a_policy_is_saved_replaced_and_cleared(cli: Cli) -> None:
    cli.add_channel()
    channel = saved(cli, "--policy", "529=same,timeout=give_up", "--policy", "418=next")
    assert channel.policy == {"529": "same", "timeout": "give_up", "418": "next"}
    assert saved(cli, "--policy", "503=give_up").policy == {"503": "give_up"}
    assert saved(cli, "--policy", "").policy == {}


def test_retries_are_saved_and_cleared(cli: Cli) -> None:
    cli.add_channel()
    assert saved(cli, "--retries", "0").retries == 0
    assert saved(cli, "--retries", "").retries is None


def test_buffering_is_a_switch(cli: Cli) -> None:
    cli.add_channel()
    assert saved(cli, "--buffered").buffered
    assert not saved(cli, "--no-buffered").buffered


@pytest.mark.parametrize(
    ("flag", "text", "said"),
    [
        ("--policy", "529", "'529' is not KIND=DO"),
        ("--policy", "timout=next", "did you mean 'timeout'?"),
        ("--policy", "200=next", "neither a kind of failure nor a status"),
        ("--policy", "529=nxt", "did you mean 'next'?"),
        ("--policy", "529=", "'' is nothing to do after 529"),
        ("--retries", "two", "'two' is not a number"),
        ("--retries", "-1", "from 0 to 20"),
    ],
)
def test_what_is_wrong_is_told_with_its_flag(cli: Cli, flag: str, text: str, said: str) -> None:
    cli.add_channel()
    error = cli.fails("channel", "edit", "main", f"{flag}={text}")
    assert f"error: {flag}: " in error
    assert said in error


def test_it_is_shown(cli: Cli) -> None:
    cli.add_channel()
    saved(cli, "--policy", "529=same", "--retries", "3", "--buffered")
    shown = cli.ok("channel", "show", "main").out
    assert "529: same" in shown
    assert "read whole, then replayed" in shown
    found = json.loads(cli.ok("channel", "show", "main", "--json").out)
    assert (found["retries"], found["policy"], found["buffered"]) == (3, {"529": "same"}, True)
