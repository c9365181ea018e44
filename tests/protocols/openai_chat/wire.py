"""Chat's wire, as tests write it: chunks, streams, and what the decoder makes of them."""

from __future__ import annotations

import json
from typing import Any

from axonhub_cli.ir.events import Event
from axonhub_cli.protocols.openai_chat.stream_decoder import ChatStreamDecoder
from axonhub_cli.protocols.sse import EventSplitter, parse_events

DONE = b"data: [DONE]\n\n"
HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def data(value: Any, end: str = "\n") -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}{end}{end}".encode()


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return data(HEAD | {"choices": [choice]} | more)


def usage_chunk(**usage: Any) -> bytes:
    return data(HEAD | {"choices": [], "usage": usage})


def call(index: int | None = 0, **piece: Any) -> dict[str, Any]:
    """A delta with one piece of a tool call: `id`, `name`, `arguments`."""
    function = {k: piece.pop(k) for k in ("name", "arguments") if k in piece}
    numbered = {} if index is None else {"index": index}
    return {"tool_calls": [numbered | piece | {"function": function}]}


def decode(*chunks: bytes) -> list[Event]:
    """The events of a stream that comes in these pieces and then ends."""
    splitter, decoder = EventSplitter(), ChatStreamDecoder()
    events: list[Event] = []
    for piece in chunks:
        for event in parse_events(splitter.feed(piece)):
            events += decoder.feed(event)
    return events + decoder.close()


def parse(stream: bytes) -> list[Any]:
    """The data of a stream's events; `[DONE]` as that text."""
    found = [event.data.decode() for event in parse_events(stream)]
    return [text if text == "[DONE]" else json.loads(text) for text in found]
