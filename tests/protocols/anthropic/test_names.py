"""The tables of words, and what a model's name says of its ways."""

from __future__ import annotations

import pytest

from axonhub_cli.protocols.anthropic.names import (
    STOP_REASONS,
    STOP_WORDS,
    Thinks,
    find_thinking,
    has_output_formats,
    read_version,
)


def test_stop_reasons_are_one_to_one() -> None:
    assert {STOP_WORDS[ours]: ours for ours in STOP_WORDS} == STOP_REASONS


@pytest.mark.parametrize(
    ("model", "version", "thinks", "formats"),
    [
        ("claude-opus-5-5", (5, 5), "adaptive_only", True),
        ("claude-fable-5", (5, 0), "adaptive_only", True),
        ("claude-opus-4-7", (4, 7), "adaptive_only", True),
        ("anthropic/claude-sonnet-4.6", (4, 6), "adaptive", True),
        ("claude-mythos-preview", None, "adaptive", True),
        ("claude-sonnet-4-5-20250929", (4, 5), "manual", True),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", (4, 5), "manual", True),
        ("claude-opus-4-1-20250805", (4, 1), "manual", True),
        ("claude-sonnet-4-20250514", (4, 0), "manual", False),
        ("claude-3-7-sonnet-20250219", (3, 7), "manual", False),
        ("claude-3-5-haiku-latest", (3, 5), "never", False),
        ("claude-3-opus-20240229", (3, 0), "never", False),
        ("deepseek-chat", None, "unknown", True),
        ("glm-4.6", None, "unknown", True),
    ],
)
def test_a_model_s_name_tells_its_version(
    model: str, version: tuple[int, int] | None, thinks: Thinks, formats: bool
) -> None:
    assert read_version(model) == version
    assert find_thinking(model) == thinks
    assert has_output_formats(model) == formats
