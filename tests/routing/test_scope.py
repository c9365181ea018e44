"""What a profile lets a key use."""

from __future__ import annotations

import pytest

from axonhub_cli.config.schema import Channel, Profile
from axonhub_cli.routing.scope import allows, excluded, weight_of

CHANNELS = [
    Channel("a", "anthropic", tags=("cheap",)),
    Channel("b", "anthropic", tags=("cheap", "fast")),
    Channel("c", "anthropic", tags=("fast",)),
]


@pytest.mark.parametrize(
    ("models", "model", "expected"),
    [
        ((), "anything", True),
        (("claude-opus",), "claude-opus", True),
        (("claude-opus",), "claude-opus-4", False),
        (("claude-opus",), "Claude-Opus", False),
        (("x", "claude-*"), "claude-opus", True),
        (("claude-*",), "my-claude-opus", False),
        (("gpt-?",), "gpt-5", True),
        (("*",), "", True),
        (("a.b",), "axb", False),
    ],
)
def test_models_are_allowed_by_name_and_glob(
    models: tuple[str, ...], model: str, expected: bool
) -> None:
    assert allows(Profile("p", models=models), model) is expected
    assert allows(None, model)


@pytest.mark.parametrize(
    ("profile", "usable"),
    [
        (Profile("p"), "abc"),
        (Profile("p", channels=("c", "a")), "ac"),
        (Profile("p", tags=("cheap",)), "ab"),
        (Profile("p", tags=("cheap", "fast")), "abc"),
        (Profile("p", tags=("cheap", "fast"), tags_match="all"), "b"),
        (Profile("p", tags=("cheap",), tags_match="none"), "c"),
        (Profile("p", tags=("nobody's",)), ""),
        (Profile("p", channels=("a", "c"), tags=("fast",)), "c"),
        (Profile("p", channels=("a", "c"), tags=("fast",), tags_match="none"), "a"),
    ],
)
def test_channels_are_used_by_name_and_tag(profile: Profile, usable: str) -> None:
    assert "".join(c.name for c in CHANNELS if excluded(c, profile) is None) == usable


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        (Profile("cheap", channels=("b",)), "is not among profile cheap's channels"),
        (Profile("cheap", tags=("y", "z")), "has none of profile cheap's tags (y, z)"),
        (
            Profile("cheap", tags=("cheap", "z"), tags_match="all"),
            "has not all of profile cheap's tags (cheap, z)",
        ),
        (
            Profile("cheap", tags=("cheap",), tags_match="none"),
            "has a tag that profile cheap avoids (cheap)",
        ),
    ],
)
def test_a_channel_that_is_left_out_has_its_reason(profile: Profile, reason: str) -> None:
    assert excluded(CHANNELS[0], profile) == reason


def test_the_profiles_weight_comes_before_the_channels_own() -> None:
    profile = Profile("p", weights={"a": 0})
    assert [weight_of(c, profile) for c in CHANNELS] == [0, 100, 100]
    assert weight_of(CHANNELS[0], None) == 100
