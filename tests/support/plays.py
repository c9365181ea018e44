"""Whole answers of Anthropic's API, right and wrong, as plays for the scripted upstream."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from typing import Any

from tests.support.upstream import (
    Close,
    Data,
    End,
    Gate,
    Hang,
    Head,
    Play,
    Raw,
    Reset,
    SeenRequest,
    Wait,
)

JSON = ("content-type", "application/json")
SSE = ("content-type", "text/event-stream; charset=utf-8")
REQUEST_ID = ("request-id", "req_scripted")

USAGE = {
    "input_tokens": 12,
    "cache_creation_input_tokens": 40,
    "cache_read_input_tokens": 900,
    "output_tokens": 5,
}

Block = dict[str, Any]


def text(words: str) -> Block:
    return {"type": "text", "text": words}


def thinking(words: str, signature: str = "c2lnbmF0dXJl") -> Block:
    return {"type": "thinking", "thinking": words, "signature": signature}


def tool_use(name: str, arguments: dict[str, Any], tool_id: str = "toolu_scripted_1") -> Block:
    return {"type": "tool_use", "id": tool_id, "name": name, "input": arguments}


def as_message(*blocks: Block, model: str = "claude-scripted") -> dict[str, Any]:
    """The JSON of a whole answer."""
    calls = any(block["type"] == "tool_use" for block in blocks)
    return {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": list(blocks),
        "stop_reason": "tool_use" if calls else "end_turn",
        "stop_sequence": None,
        "usage": dict(USAGE),
    }


def as_events(*blocks: Block, model: str = "claude-scripted") -> list[bytes]:
    """The SSE events of the same answer, each one with its blank line."""
    message = as_message(*blocks, model=model)
    start = message | {"content": [], "stop_reason": None, "usage": USAGE | {"output_tokens": 1}}
    events = [event("message_start", message=start), event("ping")]
    for index, block in enumerate(blocks):
        events += _block_events(index, block)
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    events.append(event("message_delta", delta=delta, usage={"output_tokens": 5}))
    events.append(event("message_stop"))
    return events


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def error_body(kind: str, message: str) -> bytes:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}}).encode()


def body(status: int, data: bytes, *headers: tuple[str, str]) -> Play:
    """A response with a length."""
    length = ("content-length", str(len(data)))
    return (Head(status, (*headers, length)), Data(data), End())


def message(*blocks: Block | str) -> Play:
    """A whole answer as JSON; a string is a text block."""
    return body(200, json.dumps(as_message(*_blocks(blocks))).encode(), JSON, REQUEST_ID)


def stream(*blocks: Block | str) -> Play:
    """A whole answer as SSE."""
    return sse(as_events(*_blocks(blocks)))


def sse(pieces: Iterable[bytes]) -> Play:
    """SSE from exactly these bytes, ended properly whatever they say."""
    return (Head(200, (SSE, REQUEST_ID)), *(Data(piece) for piece in pieces), End())


def error(status: int, kind: str, message: str, *headers: tuple[str, str]) -> Play:
    return body(status, error_body(kind, message), JSON, REQUEST_ID, *headers)


def overloaded() -> Play:
    return error(529, "overloaded_error", "Overloaded")


def rate_limited(retry_after: str | None = None) -> Play:
    extra = [] if retry_after is None else [("retry-after", retry_after)]
    return error(429, "rate_limit_error", "This request would exceed your rate limit", *extra)


def html(status: int = 200) -> Play:
    return body(status, b"<html><body>Bad gateway</body></html>", ("content-type", "text/html"))


def empty(status: int = 200) -> Play:
    return body(status, b"", JSON)


def zipped(*blocks: Block | str) -> Play:
    """An answer that is compressed although nobody asked for it."""
    data = gzip.compress(json.dumps(as_message(*_blocks(blocks))).encode())
    return body(200, data, JSON, ("content-encoding", "gzip"))


def reset() -> Play:
    """Reset the connection before anything is answered."""
    return (Reset(),)


def hang() -> Play:
    return (Hang(),)


def truncated(pieces: Sequence[bytes], at: int, *, how: Close | Reset | End) -> Play:
    """A stream of which only `at` bytes come: then a proper end, a close or a reset."""
    data = b"".join(pieces)[:at]
    return (Head(200, (SSE, REQUEST_ID)), Data(data), how)


def held(pieces: Sequence[bytes], at: int, gate: Gate) -> Play:
    """A stream that waits at a gate after `at` pieces."""
    before, after = ([Data(piece) for piece in part] for part in (pieces[:at], pieces[at:]))
    return (Head(200, (SSE, REQUEST_ID)), *before, Wait(gate), *after, End())


def early_hints(play: Play) -> Play:
    """The same with an interim response (103) before it."""
    return (Raw(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"), *play)


def default_answer(request: SeenRequest) -> Play:
    """What a scripted upstream says without a script: `pong`, however it is asked."""
    if request.path.endswith("/count_tokens"):
        return body(200, b'{"input_tokens": 42}', JSON, REQUEST_ID)
    if request.path.endswith("/models"):
        data = [{"type": "model", "id": "claude-scripted", "display_name": "Scripted"}]
        listed = {"data": data, "has_more": False, "first_id": None, "last_id": None}
        return body(200, json.dumps(listed).encode(), JSON, REQUEST_ID)
    if not request.path.endswith("/messages"):
        return error(404, "not_found_error", f"no {request.path} here")
    return stream("pong") if request.json.get("stream") is True else message("pong")


def _blocks(blocks: Iterable[Block | str]) -> list[Block]:
    return [text(block) if isinstance(block, str) else block for block in blocks]


def _block_events(index: int, block: Block) -> list[bytes]:
    match block["type"]:
        case "text":
            begun: Block = block | {"text": ""}
            deltas: list[Block] = [{"type": "text_delta", "text": block["text"]}]
        case "thinking":
            begun = block | {"thinking": "", "signature": ""}
            deltas = [
                {"type": "thinking_delta", "thinking": block["thinking"]},
                {"type": "signature_delta", "signature": block["signature"]},
            ]
        case _:
            begun = block | {"input": {}}
            written = json.dumps(block["input"])
            halves = (written[: len(written) // 2], written[len(written) // 2 :])
            deltas = [{"type": "input_json_delta", "partial_json": half} for half in halves]
    return [
        event("content_block_start", index=index, content_block=begun),
        *(event("content_block_delta", index=index, delta=delta) for delta in deltas),
        event("content_block_stop", index=index),
    ]
