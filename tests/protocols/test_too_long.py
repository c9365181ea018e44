"""Refusals of a conversation that is too long, in the words of those who refuse."""

from __future__ import annotations

import pytest

from axonhub_cli.protocols.too_long import says_too_long


@pytest.mark.parametrize(
    "words",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 190000 + 21333 > 200000",
        "This model's maximum context length is 131072 tokens. However, you requested 140000",
        '{"error":{"message":"x","code":"context_length_exceeded"}}',
        "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
        "the request exceeds the available context size, try increasing it",
        "Input is too long for requested model.",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "Invalid request: Your request exceeded model token limit: 262144",
        "Prompt exceeds max length",
        "Please reduce the length of the messages or completion.",
        "invalid params, context window exceeds limit",
        "prompt token count of 130000 exceeds: model_max_prompt_tokens_exceeded",
    ],
)
def test_it_is_known_by_its_words(words: str) -> None:
    assert says_too_long(words)


@pytest.mark.parametrize(
    "words",
    ["", "Overloaded", "max_tokens: 9000 > 8192", "rate limit exceeded", "context: Field required"],
)
def test_other_refusals_are_not(words: str) -> None:
    assert not says_too_long(words)
