"""Rules of a profile on the command line, and the conditions under which they hold."""

import pytest

from axonhub_cli.cli.profile_rules import with_rule
from axonhub_cli.config.schema import Mapping, When
from axonhub_cli.routing.conditions import parse
from axonhub_cli.routing.mapping import tell
from tests.support.cli import Cli


def rules(cli: Cli, name: str = "default") -> list[tuple[str, str]]:
    profile = cli.config().profile(name)
    assert profile is not None
    return [(rule.source, rule.target) for rule in profile.mappings]


def told(cli: Cli) -> list[str]:
    profile = cli.config().profile("default")
    assert profile is not None
    return [tell(rule) for rule in profile.mappings]


def test_a_first_rule_makes_what_it_needs_to_take_effect(cli: Cli) -> None:
    result = cli.ok("profile", "map", "claude-sonnet-4-5", "deepseek-reasoner")
    assert result.err == (
        "claude-sonnet-4-5 → deepseek-reasoner in profile default, active for key default.\n"
    )
    assert rules(cli) == [("claude-sonnet-4-5", "deepseek-reasoner")]
    key = cli.config().key("default")
    assert key is not None
    assert (key.profiles, key.active_profile) == (("default",), "default")


def test_a_key_without_an_active_profile_gets_one(cli: Cli) -> None:
    cli.ok("key", "create", "default")
    cli.ok("profile", "create", "default")
    cli.ok("profile", "map", "a", "b")
    key = cli.config().key("default")
    assert key is not None and key.active_profile == "default"


def test_rules_go_to_the_active_profile_of_the_default_key(cli: Cli) -> None:
    cli.ok("profile", "create", "cheap")
    cli.ok("profile", "use", "cheap")
    cli.ok("profile", "map", "a", "b")
    assert rules(cli, "cheap") == [("a", "b")]
    assert cli.config().profile("default") is None


def test_a_named_profile_is_changed_without_making_a_key(cli: Cli) -> None:
    cli.ok("profile", "create", "cheap")
    result = cli.ok("profile", "map", "a", "b", "--profile", "cheap")
    assert "in profile cheap, not active for any key" in result.err
    assert "axonhub profile use cheap" in result.err
    assert cli.config().keys == ()


def test_rules_are_appended_placed_replaced_and_moved(cli: Cli) -> None:
    cli.ok("profile", "map", "a", "x")
    cli.ok("profile", "map", "b", "x")
    cli.ok("profile", "map", "c", "x", "--position", "1")
    assert [source for source, _ in rules(cli)] == ["c", "a", "b"]
    cli.ok("profile", "map", "a", "y")
    assert rules(cli) == [("c", "x"), ("a", "y"), ("b", "x")]
    cli.ok("profile", "map", "c", "x", "--position", "99")
    assert [source for source, _ in rules(cli)] == ["a", "b", "c"]


def test_a_bad_expression_is_refused_with_the_place_of_its_fault(cli: Cli) -> None:
    said = cli.fails("profile", "map", "claude-(", "x")
    assert "'claude-(' is not a regular expression" in said
    assert "at position 7" in said
    assert cli.config().profiles == () and cli.config().keys == ()


def test_what_looks_like_a_glob_is_taken_with_a_warning(cli: Cli) -> None:
    result = cli.ok("profile", "map", "claude-*", "x")
    assert "warning: " in result.err and "did you mean 'claude-.*'?" in result.err
    assert rules(cli) == [("claude-*", "x")]


def test_a_target_that_no_channel_serves_is_warned_of(cli: Cli) -> None:
    cli.add_channel("main", "--model", "glm-4.6")
    result = cli.ok("profile", "map", "a", "glm-46")
    assert "warning: no channel serves 'glm-46': did you mean 'glm-4.6'?" in result.err
    assert "warning" not in cli.ok("profile", "map", "a", "glm-4.6").err


def test_a_rule_that_an_earlier_one_hides_is_warned_of(cli: Cli) -> None:
    cli.ok("profile", "map", "claude-.*", "x")
    result = cli.ok("profile", "map", "claude-a", "y")
    assert "an earlier rule wins for claude-a: claude-.* → x" in result.err
    assert "--position 1" in result.err
    assert "earlier" not in cli.ok("profile", "map", "claude-a", "y", "--position", "1").err


def test_a_rule_is_removed(cli: Cli) -> None:
    cli.ok("profile", "map", "a", "x")
    cli.ok("profile", "map", "b", "x")
    cli.ok("profile", "unmap", "a")
    assert rules(cli) == [("b", "x")]
    cli.ok("profile", "unmap", "b", "--profile", "default")
    assert rules(cli) == []


def test_a_rule_with_conditions_stands_beside_the_one_without(cli: Cli) -> None:
    result = cli.ok("profile", "map", "claude-.*", "small", "--when", "background")
    assert result.err.startswith("claude-.* → small when background in profile default")
    cli.ok("profile", "map", "claude-.*", "big")
    cli.ok("profile", "map", "claude-.*", "long", "--when", "tokens>60k", "--when", "not-subagent")
    cli.ok("profile", "map", "other", "x", "--when", "images")
    assert told(cli) == [
        "claude-.* → small when background",
        "claude-.* → long when not-subagent, tokens>60000",
        "claude-.* → big",
        "other → x when images",
    ]
    text = cli.home.paths.config_file.read_text()
    assert "background = true" in text and "over_tokens = 60000" in text


def test_a_rule_with_the_same_conditions_is_replaced_in_its_place(cli: Cli) -> None:
    cli.ok("profile", "map", "a", "x", "--when", "background")
    cli.ok("profile", "map", "a", "y")
    cli.ok("profile", "map", "a", "z", "--when", "background")
    assert told(cli) == ["a → z when background", "a → y"]
    cli.ok("profile", "map", "a", "z", "--when", "background", "--position", "2")
    assert told(cli) == ["a → y", "a → z when background"]


@pytest.mark.parametrize(
    ("position", "order"),
    [(None, "b-images a-images a b"), (1, "a-images b-images a b"), (9, "b-images a b a-images")],
)
def test_a_place_is_found_or_given(position: int | None, order: str) -> None:
    images = When(images=True)
    there = (Mapping("b", "x", images), Mapping("a", "x"), Mapping("b", "x"))
    found = with_rule(there, Mapping("a", "y", images), position)
    names = [f"{rule.source}-images" if rule.when else rule.source for rule in found]
    assert " ".join(names) == order


def test_one_rule_of_several_is_removed_by_its_conditions(cli: Cli) -> None:
    for when in (["--when", "background"], ["--when", "images"], []):
        cli.ok("profile", "map", "a", "x", *when)
    result = cli.ok("profile", "unmap", "a", "--when", "images")
    assert "a → x when images is removed in profile default" in result.err
    assert "a has another rule" in result.err
    assert told(cli) == ["a → x when background", "a → x"]
    said = cli.fails("profile", "unmap", "a", "--when", "thinking")
    assert "no rule for 'a' with these conditions: a → x when background; a → x" in said
    result = cli.ok("profile", "unmap", "a")
    assert "a is mapped no more (2 rules are removed)" in result.err
    assert told(cli) == []


def test_every_condition_can_be_said_and_is_kept(cli: Cli) -> None:
    words = [
        *("background", "not-thinking", "images", "web-search", "not-subagent"),
        *("tokens>100", "tokens<=200", "client=codex,opencode", "time=mon-fri 22:00-06:00"),
    ]
    cli.ok("profile", "map", "a", "x", *(arg for word in words for arg in ("--when", word)))
    profile = cli.config().profile("default")
    assert profile is not None
    assert profile.mappings[0].when == parse(words)


def test_an_earlier_rule_is_told_with_the_command_that_goes_before_it(cli: Cli) -> None:
    cli.ok("profile", "map", "claude-.*", "x")
    result = cli.ok("profile", "map", "claude-a", "y", "--when", "tokens>5")
    assert "an earlier rule wins for claude-a: claude-.* → x" in result.err
    assert "profile map claude-a y --when 'tokens>5' --profile default --position 1" in result.err


def test_a_target_that_only_channels_outside_the_profile_serve_is_warned_of(cli: Cli) -> None:
    cli.add_channel("main", "--model", "glm-4.6")
    cli.add_channel("other", "--model", "x")
    cli.ok("profile", "map", "b", "x")
    cli.ok("profile", "limit", "default", "--channel", "other")
    result = cli.ok("profile", "map", "a", "glm-4.6")
    assert "no channel of profile default serves 'glm-4.6'" in result.err
    assert "main is not among profile default's channels" in result.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["backgroud"], "--when: 'backgroud' is no condition"),
        (["client=claude"], "unknown client 'claude'"),
        (["time=9-17"], "--when: time: '9-17' is no time of day"),
        (["background", "not-background"], "contradict"),
        (["tokens>0"], "no number of tokens"),
        ([""], "--when: the condition is empty"),
    ],
)
def test_a_condition_that_is_none_is_refused(cli: Cli, words: list[str], said: str) -> None:
    argv = [arg for word in words for arg in ("--when", word)]
    assert said in cli.fails("profile", "map", "a", "b", *argv)
    assert cli.config().profiles == ()
