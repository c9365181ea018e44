"""Token counts: nothing counted twice, and a shape that every client takes."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.ir.response import Usage
from axonhub_cli.protocols.anthropic.usage import (
    decode_usage,
    encode_last_usage,
    encode_usage,
)
from tests.sdk.late import anthropic


def test_all_counts_cross() -> None:
    wire = {
        "input_tokens": 3,
        "cache_read_input_tokens": 5,
        "cache_creation_input_tokens": 7,
        "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 3},
        "output_tokens": 11,
        "output_tokens_details": {"thinking_tokens": 2},
    }
    usage = decode_usage(wire)
    assert usage == Usage(3, 5, 7, 4, 3, 11, 2)
    assert encode_usage(usage) == wire


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (None, Usage()),
        ([], Usage()),
        ({}, Usage()),
        ({"input_tokens": None, "output_tokens": "7"}, Usage()),
        ({"input_tokens": 3, "cached_tokens": 2}, Usage(input=3, cache_read=2)),
        # Moonshot takes the cached tokens off twice.
        ({"input_tokens": -40, "cache_read_input_tokens": 50}, Usage(input=10, cache_read=50)),
        ({"input_tokens": -4}, Usage(input=0)),
        (
            {"cache_creation": {"ephemeral_5m_input_tokens": 4}},
            Usage(cache_write=4, cache_write_5m=4),
        ),
        (
            {
                "cache_creation": {"ephemeral_1h_input_tokens": 0},
                "cache_creation_input_tokens": 9,
            },
            Usage(cache_write=9, cache_write_1h=0),
        ),
    ],
)
def test_odd_counts_are_read_as_meant(wire: Any, expected: Usage) -> None:
    assert decode_usage(wire) == expected


def test_unknown_counts_are_zero_on_the_wire() -> None:
    """litellm #24176: Claude Code 2.1.79 refuses a `message_start` without this shape."""
    assert encode_usage(Usage()) == {
        "input_tokens": 0,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 0,
    }
    anthropic.types.Usage.model_validate(encode_usage(Usage()), strict=True)


def test_cache_writes_without_a_split_are_for_five_minutes() -> None:
    split = encode_usage(Usage(cache_write=9, cache_write_1h=2))["cache_creation"]
    assert split == {"ephemeral_5m_input_tokens": 7, "ephemeral_1h_input_tokens": 2}


def test_the_last_usage_has_no_split() -> None:
    last = encode_last_usage(Usage(input=3, output=4, reasoning=1))
    assert last == {
        "input_tokens": 3,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 4,
        "output_tokens_details": {"thinking_tokens": 1},
    }
    anthropic.types.MessageDeltaUsage.model_validate(last, strict=True)


COMPACTION = {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3_500}
MESSAGE = {"type": "message", "input_tokens": 23_000, "output_tokens": 1_000}
ADVISOR = {"type": "advisor_message", "model": "claude-opus-5-5", "input_tokens": 9}


def test_what_a_compaction_used_is_added_to_the_totals_that_leave_it_out() -> None:
    """The example of platform.claude.com/docs/en/build-with-claude/compaction, read 2026-11."""
    wire = {"input_tokens": 23_000, "output_tokens": 1_000, "iterations": [COMPACTION, MESSAGE]}
    assert decode_usage(wire) == Usage(input=203_000, output=4_500)


def test_caches_of_a_compaction_count_too() -> None:
    run = COMPACTION | {
        "cache_read_input_tokens": 7,
        "cache_creation": {"ephemeral_1h_input_tokens": 5},
    }
    usage = decode_usage({"input_tokens": 1, "output_tokens": 1, "iterations": [run, 7, None]})
    assert usage == Usage(180_001, 7, 5, None, 5, 3_501)


def test_totals_that_are_not_told_are_the_sum_of_the_runs() -> None:
    usage = decode_usage({"output_tokens": 1_000, "iterations": [COMPACTION, MESSAGE, ADVISOR]})
    assert usage == Usage(input=203_000, output=4_500)


def test_totals_of_the_first_run_alone_are_not_all_that_its_model_used() -> None:
    """The example of platform.claude.com/docs, "Advisor tool", Usage and billing, read 2026-11."""
    first = {"type": "message", "input_tokens": 412, "output_tokens": 89}
    second = first | {"input_tokens": 1348, "cache_read_input_tokens": 412, "output_tokens": 442}
    wire = {"input_tokens": 412, "output_tokens": 531, "iterations": [first, ADVISOR, second]}
    assert decode_usage(wire) == Usage(input=1760, cache_read=412, output=531)


def test_a_model_that_declined_is_not_among_the_totals_of_the_one_that_answered() -> None:
    fallback = {"type": "fallback_message", "model": "claude-opus-4-8", "input_tokens": 412}
    wire = {"input_tokens": 412, "output_tokens": 264, "iterations": [MESSAGE, fallback]}
    assert decode_usage(wire) == Usage(input=412, output=264)
