"""A token that was put aside is used again: by hand, by a test; with a daemon and without one."""

from __future__ import annotations

import json
from time import time

from axonhub_cli.routing.state import RoutingState
from axonhub_cli.routing.tokens import Tokens
from tests.cli.channel.test_standing import save
from tests.routing.test_supply import World
from tests.routing.test_tokens import Token
from tests.support import plays
from tests.support.cli import Cli
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import Upstream

BODY = json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": []}).encode()


def aside(cli: Cli) -> list[str]:
    found = cli.ok("channel", "show", "main", "--json").json["tokens_aside"]
    return [entry["label"] for entry in found]


def test_by_hand_while_no_daemon_runs(home: Home, cli: Cli) -> None:
    home.environ |= {"ONE": "one", "TWO": "two"}
    home.configure(channel("http://x", tokens=["env:ONE", "env:TWO"]))
    world = World()
    for label in ("ONE", "TWO"):
        world.tokens.failed("main", Token(label), "m", "401", time())
    save(home, world)
    assert "is used again" in cli.ok("channel", "token", "main", "--enable", "ONE").err
    assert aside(cli) == ["TWO"]
    assert "is not put aside" in cli.ok("channel", "token", "main", "--enable", "ONE").err
    assert "has no token 'THREE'" in cli.fails("channel", "token", "main", "--enable", "THREE")
    state = RoutingState(tokens=Tokens())
    state.restore(json.loads(home.paths.routing_file.read_bytes()), time())
    assert home.paths.routing_file.stat().st_mode & 0o777 == 0o600


def test_without_any_state_there_is_nothing_to_take_back(home: Home, cli: Cli) -> None:
    home.configure(channel("http://x"))
    assert "is not put aside" in cli.ok("channel", "token", "main", "--enable", "TEST_TOKEN").err
    home.paths.state_dir.mkdir(parents=True, exist_ok=True)
    for nonsense in ("", "[]", '{"parts": 3}', '{"parts": {"tokens": [1]}}'):
        home.paths.routing_file.write_text(nonsense)
        assert "not put aside" in cli.ok("channel", "token", "main", "--enable", "TEST_TOKEN").err


def test_a_pasted_token_is_not_repeated(home: Home, cli: Cli) -> None:
    home.configure(channel("http://x"))
    pasted = "sk-ant-api03-" + "p" * 30
    assert pasted not in cli.fails("channel", "token", "main", "--enable", pasted)
    assert pasted not in cli.fails("channel", "test", "main", "--label", pasted)


def test_by_hand_and_by_a_test_in_a_running_daemon(home: Home, cli: Cli) -> None:
    upstream = Upstream(plays.default_answer)
    upstream.start()
    home.environ |= {"ONE": "one-token", "TWO": "two-token"}
    home.configure(channel(upstream.url, tokens=["env:ONE", "env:TWO"]))
    refused = plays.error(401, "authentication_error", "no")
    daemon = Daemon(home).start()
    try:
        upstream.script(refused, refused)
        daemon.post(BODY)
        assert sorted(aside(cli)) == ["ONE", "TWO"]
        cli.ok("channel", "test", "main", "--label", "TWO", "--model", "claude-sonnet-4-5")
        shown = upstream.requests[-1]
        assert "two-token" in f"{shown.header('x-api-key')}{shown.header('authorization')}"
        assert aside(cli) == ["ONE"]
        cli.ok("channel", "token", "main", "--enable", "ONE")
        assert aside(cli) == []
        upstream.script(refused)
        cli.fails("channel", "test", "main", "--model", "claude-sonnet-4-5", code=1)
    finally:
        daemon.stop()
        upstream.stop()
