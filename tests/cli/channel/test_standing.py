"""What lists and `show` say of limits and of tokens that are aside, from a saved state."""

from __future__ import annotations

from time import time

from axonhub_cli import jsonio
from axonhub_cli.cli.figures import moment
from axonhub_cli.routing.state import RoutingState
from tests.routing.test_allowances import Token, bucket, headers
from tests.routing.test_supply import World
from tests.support.cli import Cli
from tests.support.home import Home, channel

SECRET = "sk-ant-api03-" + "x" * 8


def save(home: Home, world: World) -> None:
    """As a daemon saved it that has ended."""
    state = RoutingState(tokens=world.tokens, allowances=world.allowances)
    home.paths.state_dir.mkdir(parents=True, exist_ok=True)
    home.paths.routing_file.write_bytes(jsonio.encode(state.dump(time())))


def subscription(used: float, reset: float, week: float = 0.1) -> list[tuple[bytes, bytes]]:
    return headers(
        anthropic_ratelimit_unified_5h_utilization=str(used),
        anthropic_ratelimit_unified_5h_reset=str(int(reset)),
        anthropic_ratelimit_unified_7d_utilization=str(week),
        anthropic_ratelimit_unified_7d_reset=str(int(reset) + 86400),
    )


def test_what_is_left_of_a_plan_is_listed_with_its_reset(home: Home, cli: Cli) -> None:
    home.configure(channel("http://x", "sub"), channel("http://y", "other"))
    now, world = time(), World()
    world.allowances.note("sub", Token("TEST_TOKEN"), "m", subscription(0.42, now + 3600), now)
    save(home, world)
    lines = cli.ok("channel", "list").out.splitlines()
    assert lines[0].endswith("LIMITS")
    assert f"58% of 5h left until {moment(int(now + 3600), now)}" in lines[1]
    assert lines[2].endswith("–")
    sub, other = cli.ok("channel", "list", "--json").json
    assert other["limits"] is None
    five, week = sub["limits"]
    assert (five["name"], five["used"], five["token"]) == ("5h", 0.42, "TEST_TOKEN")
    assert five["resets_at"].endswith("Z")
    assert (week["name"], week["used"]) == ("7d", 0.1)
    shown = cli.ok("channel", "show", "sub").out
    assert "limits     58% of 5h left until " in shown
    assert "limits     90% of 7d left until " in shown


def test_of_several_tokens_the_one_with_most_left_is_listed(home: Home, cli: Cli) -> None:
    home.environ |= {"ONE": SECRET, "TWO": SECRET + "2"}
    home.configure(channel("http://x", "sub", tokens=["env:ONE", "env:TWO"]))
    now, world = time(), World()
    world.allowances.note("sub", Token("ONE"), "m", subscription(1.0, now + 3600), now)
    world.allowances.note("sub", Token("TWO"), "m", subscription(0.3, now + 3600, 0.6), now)
    save(home, world)
    assert "40% of 7d left" in cli.ok("channel", "list").out
    shown = cli.ok("channel", "show", "sub").out
    assert "token ONE: 0% of 5h left until" in shown
    assert "token TWO: 40% of 7d left until" in shown


def test_what_began_anew_and_what_is_of_a_former_token_is_not_shown(home: Home, cli: Cli) -> None:
    home.configure(channel("http://x", "sub"))
    now, world = time(), World()
    world.allowances.note("sub", Token("TEST_TOKEN"), "m", bucket(50, "1s"), now - 100)
    world.allowances.note("sub", Token("former"), "m", bucket(50), now)
    world.tokens.failed("sub", Token("former"), "m", "401", now)
    save(home, world)
    assert cli.ok("channel", "list", "--json").json[0]["limits"] is None
    assert "LIMITS" not in cli.ok("channel", "list").out
    assert cli.ok("channel", "show", "sub", "--json").json["tokens_aside"] == []


def test_a_token_that_is_aside_is_listed_with_its_reason_and_its_return(
    home: Home, cli: Cli
) -> None:
    home.environ |= {"ONE": SECRET, "TWO": SECRET + "2"}
    home.configure(channel("http://x", "main", tokens=["env:ONE", "env:TWO"]))
    now, world = time(), World()
    world.tokens.failed("main", Token("ONE"), "m", "401", now)
    world.tokens.failed("main", Token("TWO"), "claude-x", "429_retry_after", now, 900.0)
    save(home, world)
    assert "2 (2 aside)" in cli.ok("channel", "list").out
    assert cli.ok("channel", "list", "--json").json[0]["tokens"] == 2
    shown = cli.ok("channel", "show", "main").out
    assert "aside      token ONE: refused (401), back at " in shown
    assert "aside      token TWO: rate limit (429) for claude-x, back at " in shown
    one, two = cli.ok("channel", "show", "main", "--json").json["tokens_aside"]
    assert (one["label"], one["reason"], one["model"]) == ("ONE", "refused (401)", None)
    assert (two["model"], two["back_at"].endswith("Z")) == ("claude-x", True)
    listed = cli.ok("channel", "token", "main").out
    assert listed.splitlines()[0].split() == ["LABEL", "SOURCE", "TOKEN", "ASIDE"]
    assert "refused (401), back at" in listed
    tokens = cli.ok("channel", "token", "main", "--json").json["tokens"]
    assert [len(token["aside"]) for token in tokens] == [1, 1]
