"""Echo's SSE events: a stream says what the whole message says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from axonhub_cli.echo import wire

REQUEST: dict[str, Any] = {"model": "echo", "max_tokens": 100, "messages": [{"role": "user"}]}
BLOCKS: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "hm", "signature": "echo"},
    {"type": "text", "text": "a rather long text, für alle 🎈 " * 3},
    {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "echo hi"}},
]


def events(message: Any) -> list[dict[str, Any]]:
    lines = b"".join(chunk for _, chunk in wire.stream(message)).split(b"\n\n")
    return [json.loads(line.partition(b"data: ")[2]) for line in lines if line]


def collected(message: Any) -> list[dict[str, Any]]:
    """The blocks that a client builds from the events."""
    blocks: list[dict[str, Any]] = []
    arguments = ""
    for event in events(message):
        match event:
            case {"type": "content_block_start", "content_block": block}:
                blocks.append(dict(block))
            case {"delta": {"type": "input_json_delta", "partial_json": piece}}:
                arguments += piece
                blocks[-1]["input"] = arguments
            case {"type": "content_block_delta", "delta": delta}:
                (field,) = set(delta) - {"type"}
                blocks[-1][field] += delta[field]
    for block in blocks:
        if block["type"] == "tool_use":
            block["input"] = json.loads(block["input"])
    return blocks


def test_the_deltas_add_up_to_the_message() -> None:
    message = wire.message(REQUEST, BLOCKS, "1")
    assert collected(message) == message["content"] == BLOCKS


def test_the_events_come_in_the_protocols_order() -> None:
    kinds = [event["type"] for event in events(wire.message(REQUEST, BLOCKS[:2], "1"))]
    assert kinds[:3] == ["message_start", "ping", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]


def test_the_end_carries_the_stop_reason_and_the_usage() -> None:
    message = wire.message(REQUEST, BLOCKS, "1")
    delta = events(message)[-2]
    assert delta["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert delta["usage"] == message["usage"]


def test_a_long_text_streams_in_larger_pieces() -> None:
    short, long = ([{"type": "text", "text": "word " * n}] for n in (100, 100_000))
    fields = REQUEST | {"max_tokens": 10**9}
    assert len(events(wire.message(fields, long, "1"))) < 50
    assert len(events(wire.message(fields, short, "1"))) < 50


@pytest.mark.parametrize(
    ("limits", "text", "reason", "sequence"),
    [
        ({"max_tokens": 1}, "abcd", "max_tokens", None),
        ({"stop_sequences": ["ef"]}, "abcd", "stop_sequence", "ef"),
        ({}, "abcdefgh", "end_turn", None),
    ],
)
def test_an_answer_stops_where_it_was_told_to(
    limits: Any, text: str, reason: str, sequence: str | None
) -> None:
    message = wire.message(REQUEST | limits, [{"type": "text", "text": "abcdefgh"}], "1")
    assert message["content"][-1]["text"] == text
    assert (message["stop_reason"], message["stop_sequence"]) == (reason, sequence)
