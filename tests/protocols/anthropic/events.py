"""The grammar of the hub's events, and of a Messages stream: what every machine must keep."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from axonhub_cli.ir.events import (
    BlockEnded,
    BlockStarted,
    Event,
    Failed,
    Finished,
    NativeDelta,
    SignatureDelta,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolArgsDelta,
)

_FITS: dict[type[Any], set[str]] = {
    TextDelta: {"text"},
    ThinkingDelta: {"thinking"},
    SignatureDelta: {"thinking"},
    ToolArgsDelta: {"tool_call"},
    NativeDelta: {"text", "thinking", "tool_call", "opaque"},
}


def assert_grammar(events: Iterable[Event]) -> None:
    """Started (BlockStarted delta* BlockEnded)* then Finished, or Failed as the last one."""
    kinds: dict[int, str] = {}
    open_keys: set[int] = set()
    over = started = False
    for event in events:
        assert not over, "nothing follows the end"
        match event:
            case Started():
                assert not started
                started = True
            case Finished() | Failed():
                assert not open_keys, "all blocks are closed"
                assert started or isinstance(event, Failed)
                over = True
            case BlockStarted(key, kind):
                assert started
                assert key not in kinds, "a key is used once"
                kinds[key] = kind
                open_keys.add(key)
            case BlockEnded(key):
                open_keys.remove(key)
            case _:
                assert event.key in open_keys
                assert kinds[event.key] in _FITS[type(event)]
    assert over, "an end comes"


def parse_stream(data: bytes) -> list[dict[str, Any]]:
    """The data of each event; each is named as its data says."""
    events = []
    for piece in data.decode().split("\n\n")[:-1]:
        name, payload = piece.split("\n")
        value = json.loads(payload.removeprefix("data: "))
        assert name == f"event: {value['type']}"
        events.append(value)
    return events


_DELTAS = {
    "text_delta": "text",
    "citations_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
    "input_json_delta": "tool_use",
}


def assert_message_stream(events: list[dict[str, Any]]) -> None:
    """One message_start; blocks one after the other; message_delta and message_stop, or error."""
    if [event["type"] for event in events] == ["error"]:
        return
    assert events[0]["type"] == "message_start"
    assert set(events[0]["message"]["usage"]) >= {"input_tokens", "cache_creation", "output_tokens"}
    at, index = 1, 0
    while events[at]["type"] == "content_block_start":
        at = _assert_block(events, at, index)
        index += 1
    if events[at]["type"] == "error":
        assert at == len(events) - 1
        return
    assert [event["type"] for event in events[at:]] == ["message_delta", "message_stop"]
    assert set(events[at]["delta"]) >= {"stop_reason", "stop_sequence"}
    calls = any(e.get("content_block", {}).get("type") == "tool_use" for e in events)
    assert calls or events[at]["delta"]["stop_reason"] != "tool_use"
    assert events[at]["usage"]["output_tokens"] >= 0


def _assert_block(events: list[dict[str, Any]], at: int, index: int) -> int:
    kind = events[at]["content_block"]["type"]
    last = None
    assert events[at]["index"] == index
    while events[at + 1]["type"] == "content_block_delta":
        at += 1
        assert events[at]["index"] == index
        delta = events[at]["delta"]
        assert _DELTAS.get(delta["type"], kind) == kind
        assert last != "signature_delta", "a signature is the last of its block"
        last = delta["type"]
    assert events[at + 1] == {"type": "content_block_stop", "index": index}
    assert kind != "thinking" or last == "signature_delta"
    return at + 2
