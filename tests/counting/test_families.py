from __future__ import annotations

import pytest

from axonhub_cli.counting.families import family_of


@pytest.mark.parametrize(
    ("model", "vocabulary"),
    [
        ("deepseek-reasoner", "deepseek_v3"),
        ("deepseek-r1-distill-qwen-32b", "qwen3"),
        ("deepseek-r1-distill-llama-70b", "llama3"),
        ("Qwen/Qwen3-Coder-480B-A35B-Instruct", "qwen3"),
        ("glm-4.6", "glm4"),
        ("moonshotai/kimi-k2-0905", "kimi_k2"),
        ("gpt-oss:120b", "o200k_base"),
        ("gpt-5.1-codex-max", "o200k_base"),
        ("o3-mini", "o200k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("llama-3.3-70b-versatile", "llama3"),
        ("devstral-small", "mistral_v3"),
        ("my-local-model", "cl100k_base"),
        ("", "cl100k_base"),
    ],
)
def test_a_model_is_counted_with_its_own_vocabulary(model: str, vocabulary: str) -> None:
    assert family_of(model).vocabulary == vocabulary


@pytest.mark.parametrize(
    ("model", "image"),
    [
        ("claude-3-7-sonnet-20250219", 1568),
        ("claude-opus-4-20250514", 1568),
        ("claude-sonnet-4-5-20250929", 1568),
        ("anthropic/claude-opus-4.6", 1568),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", 1568),
        ("claude-opus-4-7", 4784),
        ("claude-sonnet-5", 4784),
        ("claude-opus-5-5", 4784),
        ("opus", 4784),
    ],
)
def test_claude_from_4_7_on_counts_differently(model: str, image: int) -> None:
    assert family_of(model).image == image


def test_an_unknown_model_counts_a_little_too_much() -> None:
    assert family_of("my-local-model").factor > family_of("gpt-4").factor
