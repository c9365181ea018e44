"""Words in both directions."""

from __future__ import annotations

import pytest

from axonhub_cli.ir.response import Stop, StopReason
from axonhub_cli.protocols.openai_chat.names import (
    effort_for,
    finish_reason_for,
    stop_for,
    tier_for,
)


@pytest.mark.parametrize(
    ("word", "reason"),
    [("stop", "end"), ("length", "max_tokens"), ("tool_calls", "tool_use")]
    + [("content_filter", "refusal"), ("function_call", "tool_use"), ("eos", "end")]
    + [("sensitive", "refusal"), ("model_length", "max_tokens")],
)
def test_finish_reasons_have_a_meaning(word: str, reason: StopReason) -> None:
    assert stop_for(word) == Stop(reason)


def test_an_unknown_finish_reason_is_an_end_that_keeps_its_word() -> None:
    assert stop_for("brand_new") == Stop("end", native="brand_new")


def test_a_stop_sequence_is_told_beside_the_reason() -> None:
    assert stop_for("stop", "###") == Stop("stop_sequence", sequence="###")
    assert stop_for("stop", 128009) == Stop("end")
    assert stop_for("length", "###") == Stop("max_tokens")


@pytest.mark.parametrize(
    ("reason", "word"),
    [("end", "stop"), ("max_tokens", "length"), ("stop_sequence", "stop")]
    + [("tool_use", "tool_calls"), ("refusal", "content_filter"), ("pause", "stop")]
    + [("context_window", "length")],
)
def test_every_stop_has_a_finish_reason_of_openai_s(reason: StopReason, word: str) -> None:
    assert finish_reason_for(Stop(reason)) == word


@pytest.mark.parametrize(
    ("budget", "effort"), [(1024, "low"), (4000, "low"), (10000, "medium"), (31999, "high")]
)
def test_a_budget_is_an_effort(budget: int, effort: str) -> None:
    assert effort_for(budget) == effort


@pytest.mark.parametrize(
    ("tier", "ours"),
    [("standard_only", "default"), ("standard", "default"), ("priority", "priority")]
    + [("auto", "auto"), ("batch", "flex"), ("brand_new", None), (None, None)],
)
def test_tiers_are_openai_s_or_none(tier: str | None, ours: str | None) -> None:
    assert tier_for(tier) == ours
