"""A profile's rules: exact names and anchored patterns, the first match, applied once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import Mapping, Profile
from axonhub_cli.errors import ConfigError
from axonhub_cli.routing.conditions import NO_TRAITS, Traits, parse
from axonhub_cli.routing.mapping import (
    Resolved,
    check_pattern,
    choose,
    is_pattern,
    matches,
    matching,
)


def profile(*rules: tuple[str, str]) -> Profile:
    return Profile(name="p", mappings=tuple(Mapping(source, target) for source, target in rules))


def resolve(profile: Profile, model: str, traits: Traits = NO_TRAITS) -> Resolved:
    return choose(matching(profile.mappings, model), model, traits)


def test_without_a_match_the_name_stays() -> None:
    assert (resolve(profile(("a", "b")), "m").model, resolve(profile(), "m").rule) == ("m", None)


def test_the_first_match_wins_and_is_named() -> None:
    rules = profile(("claude-opus", "x"), ("claude-.*", "y"), ("claude-opus", "z"))
    assert resolve(rules, "claude-opus").rule == "claude-opus → x"
    assert resolve(rules, "claude-haiku").model == "y"


def test_a_result_is_not_mapped_again() -> None:
    assert resolve(profile(("a", "b"), ("b", "a")), "a").model == "b"


@pytest.mark.parametrize(
    ("source", "model", "expected"),
    [
        ("claude-.*", "claude-opus", True),
        ("claude-.*", "my-claude-opus", False),
        ("opus", "claude-opus", False),
        (".*opus", "claude-opus", True),
        ("a|ab", "ab", True),
        ("^a$", "a", True),
        ("a$", "a\n", False),
        ("a.*", "a\nb", False),
        # A dot alone makes no pattern: model names are full of them.
        ("claude-3.5", "claude-3.5", True),
        ("claude-3.5", "claude-3x5", False),
        (".", "x", False),
        ("...", "abc", False),
        (".", ".", True),
        ("(?i)claude-.*", "Claude-X", True),
        ("модель-.*", "модель-1", True),
        ("модель", "модель", True),
        ("[é]", "é", True),
        ("🎈+", "🎈🎈", True),
        ("", "", True),
    ],
)
def test_patterns_are_anchored_at_both_ends(source: str, model: str, expected: bool) -> None:
    assert matches(source, model) is expected


@given(st.text(st.characters(exclude_characters="*?+[]{}()^$|\\"), min_size=1), st.text())
def test_a_name_without_signs_of_a_pattern_is_exact(source: str, model: str) -> None:
    assert not is_pattern(source)
    assert matches(source, source)
    assert matches(source, model) is (source == model)
    assert check_pattern(source) is None


@given(st.text(max_size=12))
def test_a_pattern_is_accepted_or_refused_with_a_sentence(source: str) -> None:
    try:
        check_pattern(source)
    except ConfigError as error:
        assert error.message
    else:
        matches(source, "claude")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "empty"),
        ("a(", "position 1"),
        ("*", "position 0"),
        ("[a", "position 0"),
        ("a\\", "position 1"),
        ("(?P<x", "position 4"),
        ("a{2,1}", "position 2"),
        ("(?<=a*)b", "look-behind"),
        ("a{99999999999999999999}", "repetition number is too large"),
        ("(" * 20_000 + ")" * 20_000, "too much"),
    ],
)
def test_a_bad_pattern_is_refused_with_the_place_of_its_fault(source: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_pattern(source)
    assert words in caught.value.message
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("source", "meant"),
    [("claude-*", "claude-.*"), ("openai/*", "openai/.*"), ("a*b*", "a.*b.*"), ("gpt:*", "gpt:.*")],
)
def test_a_pattern_that_looks_like_a_glob_is_warned_about(source: str, meant: str) -> None:
    warning = check_pattern(source)
    assert warning is not None
    assert f"did you mean {meant!r}?" in warning


@pytest.mark.parametrize("source", ["claude-.*", ".*", "a.*b", "claude-[a-z]*", "(ab)*", "x+y*"])
def test_a_real_pattern_is_not(source: str) -> None:
    assert check_pattern(source) is None


def conditional(*rules: tuple[str, str, list[str]]) -> Profile:
    return Profile("p", tuple(Mapping(a, b, parse(words)) for a, b, words in rules))


def test_the_first_match_whose_conditions_hold_wins_and_is_named_with_them() -> None:
    rules = conditional(
        ("claude-.*", "small", ["background"]),
        ("claude-.*", "long", ["tokens>60000", "not-thinking"]),
        ("claude-opus", "eyes", ["images"]),
        ("claude-.*", "big", []),
        ("claude-.*", "never", ["images"]),
    )
    assert resolve(rules, "claude-opus", Traits(background=True)).rule == (
        "claude-.* → small when background"
    )
    found = resolve(rules, "claude-opus", Traits(tokens=70_000))
    assert (found.model, found.rule) == (
        "long",
        "claude-.* → long when not-thinking, tokens>60000",
    )
    assert resolve(rules, "claude-opus", Traits(images=True)).model == "eyes"
    assert resolve(rules, "claude-haiku", Traits(images=True)).model == "big"
    assert resolve(rules, "claude-opus").model == "big"
    assert resolve(rules, "gpt", Traits(background=True)) == Resolved("gpt")


def test_rules_behind_one_without_conditions_are_out_of_reach() -> None:
    rules = conditional(("a", "x", ["images"]), ("b", "y", []), ("a", "z", []), ("a", "q", []))
    assert [rule.target for rule in matching(rules.mappings, "a")] == ["x", "z"]
    assert matching(rules.mappings, "c") == ()
