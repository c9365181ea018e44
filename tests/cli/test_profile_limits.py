"""`profile limit`: what a profile may use, said, shown, changed and cleared."""

from __future__ import annotations

import pytest

from axonhub_cli.config.schema import Profile, Quota
from tests.support.cli import Cli


@pytest.fixture
def hub(cli: Cli) -> Cli:
    """Two channels with tags, and the profile `cheap`."""
    cli.add_channel("big", "--tag", "slow,good")
    cli.add_channel("small", "--tag", "fast")
    cli.ok("profile", "create", "cheap")
    return cli


def profile(cli: Cli) -> Profile:
    found = cli.config().profile("cheap")
    assert found is not None
    return found


def test_every_limit_is_kept_and_told(hub: Cli) -> None:
    result = hub.ok(
        *("profile", "limit", "cheap", "--channel", "small", "--channel", "big"),
        *("--tag", "fast,good", "--tags-match", "all", "--model", "claude-*", "--model", "gpt"),
        *("--strategy", "failover", "--weight", "big=0", "--weight", "small=70"),
        *("--last-resort", "--no-affinity", "--requests", "100", "--cost", "2.5", "--per", "month"),
    )
    assert profile(hub) == Profile(
        "cheap",
        models=("claude-*", "gpt"),
        channels=("small", "big"),
        tags=("fast", "good"),
        tags_match="all",
        strategy="failover",
        affinity=False,
        weights={"big": 0, "small": 70},
        last_resort=True,
        quotas=(Quota(requests=100, cost=2.5, per="month"),),
    )
    for line in (
        "Profile cheap, not active for any key:",
        "  models: claude-*, gpt",
        "  channels: small, big",
        "  all of the tags: fast, good",
        "  strategy: failover",
        "  weights: big=0, small=70",
        "  last resort: channels of weight 0",
        "  affinity: off",
        "  quota: 100 requests, 2.5 USD per month",
    ):
        assert line in result.err.splitlines()


def test_what_is_not_given_stays_and_an_empty_text_clears(hub: Cli) -> None:
    hub.ok("profile", "limit", "cheap", "--channel", "big", "--model", "a", "--weight", "big=5")
    hub.ok("profile", "limit", "cheap", "--model", "b", "--weight", "small=6")
    found = profile(hub)
    assert (found.channels, found.models) == (("big",), ("b",))
    assert found.weights == {"big": 5, "small": 6}
    hub.ok("profile", "limit", "cheap", "--channel", "", "--model", "", "--weight", "big=")
    found = profile(hub)
    assert (found.channels, found.models, found.weights) == ((), (), {"small": 6})
    hub.ok("profile", "limit", "cheap", "--strategy", "fastest", "--weight", "")
    assert (profile(hub).strategy, profile(hub).weights) == ("fastest", {})
    hub.ok("profile", "limit", "cheap", "--strategy", "default")
    assert profile(hub) == Profile("cheap")


def test_all_limits_are_cleared_at_once_and_rules_stay(hub: Cli) -> None:
    hub.ok("profile", "map", "a", "x", "--profile", "cheap")
    hub.ok("profile", "limit", "cheap", "--tag", "fast", "--tags-match", "none", "--tokens", "9")
    assert profile(hub).tags_match == "none"
    result = hub.ok("profile", "limit", "cheap", "--clear")
    assert "limits: none" in result.err
    assert profile(hub) == Profile("cheap", profile(hub).mappings)
    assert len(profile(hub).mappings) == 1
    hub.ok("profile", "limit", "cheap", "--requests", "5")
    hub.ok("profile", "limit", "cheap", "--clear", "--tokens", "7", "--per", "hour")
    assert profile(hub).quotas == (Quota(tokens=7, per="hour"),)


def test_limits_that_leave_nothing_are_warned_of(hub: Cli) -> None:
    result = hub.ok("profile", "limit", "cheap", "--channel", "big", "--tag", "fast")
    assert "no channel is left for profile cheap" in result.err
    result = hub.ok("profile", "limit", "cheap", "--clear", "--model", "nobodys,claude-*,x-*")
    assert result.err.count("warning:") == 1
    assert "no channel of profile cheap serves 'nobodys'" in result.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((), "no limit was given"),
        (("--channel", "bog"), "there is no channel 'bog': did you mean 'big'?"),
        (("--weight", "bog=1"), "there is no channel 'bog': did you mean 'big'?"),
        (("--weight", "big"), "'big' is not CHANNEL=WEIGHT"),
        (("--weight", "big=x"), "'x' is no whole number"),
        (("--weight", "big=101"), "101 is not between 0 and 100"),
        (("--tag", "fats"), "no channel has the tag 'fats': did you mean 'fast'?"),
        (("--tags-match", "all"), "--tags-match without a tag"),
        (("--tags-match", "some"), "--tags-match"),
        (("--strategy", "failovr"), "unknown strategy 'failovr': did you mean 'failover'?"),
        (("--per", "day"), "a quota of what?"),
        (("--requests", "x"), "--requests"),
    ],
)
def test_a_wrong_limit_is_refused_and_changes_nothing(
    hub: Cli, argv: tuple[str, ...], said: str
) -> None:
    before = hub.config()
    assert said in hub.fails("profile", "limit", "cheap", *argv)
    assert hub.config() == before


def test_an_unknown_profile_is_named_with_the_nearest(hub: Cli) -> None:
    assert "did you mean 'cheap'?" in hub.fails("profile", "limit", "chep", "--model", "a")
