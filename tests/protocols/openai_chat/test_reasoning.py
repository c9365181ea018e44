"""Reasoning in each of the places where servers and clients put it."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.ir.request import RedactedThinking, Thinking
from axonhub_cli.protocols.codec import UNSIGNED
from axonhub_cli.protocols.openai_chat.reasoning import (
    detail_of,
    is_sealed,
    read_blocks,
    read_details,
    read_text,
)


@pytest.mark.parametrize(
    "message",
    [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        {"reasoning_content": "", "reasoning": "Hm."},
        {"reasoning_content": "Hm.", "reasoning": "Hm."},
        {"reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm."}]},
        {"reasoning_details": [{"text": "H"}, 7, {"text": "m."}, {"text": None}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]},
        {"content": [{"type": "thinking", "thinking": "Hm."}]},
    ],
)
def test_reasoning_is_read_once_wherever_it_stands(message: dict[str, Any]) -> None:
    assert read_blocks(message) == [Thinking("Hm.")]


@pytest.mark.parametrize("message", [{}, {"reasoning": {"effort": "low"}}, {"content": "a"}])
def test_no_reasoning_is_none(message: dict[str, Any]) -> None:
    assert read_blocks(message) == []
    assert read_text(message) == ""


def test_what_was_signed_or_sealed_comes_back_as_it_was() -> None:
    blocks: list[Thinking | RedactedThinking] = [
        Thinking("Hm.", "c2ln"),
        RedactedThinking("eA=="),
        Thinking("So."),
    ]
    details = [detail_of(block) for block in blocks]
    assert read_blocks({"reasoning_content": "Hm.\n\nSo.", "reasoning_details": details}) == blocks


def test_seals_of_other_providers_mean_nothing_here() -> None:
    sealed = {"type": "reasoning.encrypted", "data": "x", "format": "openai-responses-v1"}
    assert read_details({"reasoning_details": [sealed]}) == []


def test_reasoning_without_a_signature_is_not_sealed() -> None:
    assert not is_sealed(Thinking("Hm."))
    assert not is_sealed(Thinking("Hm.", UNSIGNED))
    assert is_sealed(Thinking("Hm.", "c2ln"))
    assert is_sealed(RedactedThinking("x"))
