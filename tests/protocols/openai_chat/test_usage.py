"""Tokens in Chat's arithmetic, and in that of others (axonhub-behaviour.md § 2.7)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.ir.response import Usage
from axonhub_cli.protocols.openai_chat.usage import counts_something, decode_usage, encode_usage

CASES: list[tuple[dict[str, Any], Usage]] = [
    ({"prompt_tokens": 9, "completion_tokens": 4}, Usage(input=9, output=4)),
    (
        {
            "prompt_tokens": 100,
            "completion_tokens": 40,
            "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30},
            "completion_tokens_details": {"reasoning_tokens": 15},
        },
        Usage(input=10, cache_read=60, cache_write=30, output=40, reasoning=15),
    ),
    # DeepSeek
    (
        {"prompt_tokens": 9, "prompt_cache_hit_tokens": 6, "prompt_cache_miss_tokens": 3},
        Usage(input=3, cache_read=6),
    ),
    # Moonshot
    ({"prompt_tokens": 9, "cached_tokens": 6}, Usage(input=3, cache_read=6)),
    # LiteLLM in front of Anthropic
    (
        {"prompt_tokens": 9, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 1},
        Usage(input=3, cache_read=5, cache_write=1),
    ),
    # a relay that leaves the cached part out of the prompt
    (
        {"prompt_tokens": 4, "prompt_tokens_details": {"cached_tokens": 60}},
        Usage(input=4, cache_read=60),
    ),
    # xAI leaves the reasoning out of the answer, and tells it by the total
    (
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 35,
            "completion_tokens_details": {"reasoning_tokens": 20},
        },
        Usage(input=10, output=25, reasoning=20),
    ),
    # OpenAI does not
    (
        {
            "prompt_tokens": 10,
            "completion_tokens": 25,
            "total_tokens": 35,
            "completion_tokens_details": {"reasoning_tokens": 20},
        },
        Usage(input=10, output=25, reasoning=20),
    ),
    ({"prompt_tokens": 3.0, "completion_tokens": None}, Usage(input=3)),
    ({"prompt_tokens": True, "completion_tokens": -1, "total_tokens": "7"}, Usage()),
    ({"prompt_tokens": 10**40}, Usage()),
    ({"prompt_tokens_details": None, "completion_tokens_details": []}, Usage()),
]


@pytest.mark.parametrize(("wire", "usage"), CASES)
def test_each_provider_s_arithmetic_is_known(wire: dict[str, Any], usage: Usage) -> None:
    assert decode_usage(wire) == usage


def test_audio_and_images_are_counted_apart() -> None:
    usage = decode_usage(
        {
            "prompt_tokens": 100,
            "completion_tokens": 30,
            "prompt_tokens_details": {
                "cached_tokens": 40,
                "audio_tokens": 60,
                "image_tokens": 5,
                "cached_tokens_details": {"audio_tokens": 10},
            },
            "completion_tokens_details": {"audio_tokens": 20, "image_tokens": 0},
        }
    )
    assert usage == Usage(
        input=60,
        cache_read=40,
        output=30,
        input_audio=60,
        cache_read_audio=10,
        input_image=5,
        output_audio=20,
    )


def test_zeros_are_no_counts() -> None:
    assert not counts_something({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0})
    assert not counts_something([])
    assert counts_something({"prompt_tokens": 0, "completion_tokens": 1})


@pytest.mark.parametrize("value", [None, [], 7, "x", {}])
def test_no_usage_is_none(value: object) -> None:
    assert decode_usage(value) == Usage()


def test_the_prompt_includes_what_was_cached() -> None:
    usage = Usage(input=10, cache_read=60, cache_write=30, output=40, reasoning=15)
    assert encode_usage(usage) == {
        "prompt_tokens": 100,
        "completion_tokens": 40,
        "total_tokens": 140,
        "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30},
        "completion_tokens_details": {"reasoning_tokens": 15},
    }


def test_what_nobody_counted_is_not_told_as_zero() -> None:
    assert encode_usage(Usage()) is None


counts = st.integers(min_value=0, max_value=3 * 10**8)


@given(counts, counts, counts, counts)
def test_usage_comes_back_as_it_was(read: int, write: int, more: int, output: int) -> None:
    usage = Usage(input=more, cache_read=read, cache_write=write or None, output=output)
    back = decode_usage(encode_usage(usage))
    assert back == Usage(
        input=more, cache_read=read, cache_write=write or None, output=output, reasoning=0
    )
