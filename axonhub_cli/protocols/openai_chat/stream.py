"""Positions in a Chat Completions stream: where content begins, and how it ended.

    data: {chunk with delta.role}   data: {chunk with content, reasoning or tools}*
    data: {chunk with finish_reason}   data: {chunk with usage and no choices}?   data: [DONE]

(platform.openai.com/docs/api-reference/chat-streaming, read 2026-11.) Some upstreams leave out
`[DONE]`, others the finish reason: either one completes an answer. An error is an object in the
place of a chunk, with or without `event: error`.
"""

from __future__ import annotations

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.base import StreamEnd, StreamPoint
from axonhub_cli.protocols.openai_chat.errors import is_error, read_message
from axonhub_cli.protocols.sse import SseEvent, parse_events, parse_events_backwards

DONE = b"[DONE]"
_TERMINATOR = b"data: [DONE]\n\n"
_CONTENT = (
    "content",
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "tool_calls",
    "function_call",
    "refusal",
    "audio",
    "images",
)
"""Members of a delta that hold a piece of the answer."""


def read_point(data: bytes) -> StreamPoint:
    """Has content begun in these events, or did an error come first?"""
    for event in parse_events(data):
        if event.data.startswith(DONE):
            return StreamPoint(committed=True)
        value = read_chunk(event)
        if is_error_event(event, value):
            return StreamPoint(error=event.data)
        if any(has_content(choice) or finish_reason(choice) for choice in choices(value)):
            return StreamPoint(committed=True)
    return StreamPoint()


def read_end(tail: bytes) -> StreamEnd:
    """Judge a finished stream by its last whole events.

    A finish reason counts as the end unless content follows it.
    """
    for event in parse_events_backwards(tail):
        if event.data.startswith(DONE):
            return StreamEnd()
        value = read_chunk(event)
        if is_error_event(event, value):
            return StreamEnd(error=read_message(value) or "an error event without a message")
        found = choices(value)
        if any(finish_reason(choice) for choice in found):
            return StreamEnd(missing=_TERMINATOR)
        if any(has_content(choice) for choice in found):
            break
    return StreamEnd(missing=None)


def is_terminal(data: bytes) -> bool:
    """Has `[DONE]` or an error come in these events?

    Asked with every read of a stream: what cannot be one is found out without parsing.
    """
    if DONE not in data and b'error"' not in data and b"event: error" not in data:
        return False
    return read_end(data).missing == b""


def read_chunk(event: SseEvent) -> Json:
    """The event's data, None for what is no JSON."""
    try:
        return jsonio.decode(event.data)
    except jsonio.InvalidJson:
        return None


def is_error_event(event: SseEvent, value: Json) -> bool:
    """Is this an error in the place of a chunk?"""
    return event.name == "error" or is_error(value)


def choices(value: Json) -> list[dict[str, Json]]:
    """The choices of a chunk; none for whatever is no chunk."""
    listed = value.get("choices") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        return []
    return [choice for choice in listed if isinstance(choice, dict)]


def finish_reason(choice: dict[str, Json]) -> str:
    """The reason, empty while there is none; some servers write `""` or `"null"` until then."""
    reason = choice.get("finish_reason")
    return reason if isinstance(reason, str) and reason != "null" else ""


def has_content(choice: dict[str, Json]) -> bool:
    """Does it hold a piece of the answer? Role-only and empty deltas do not."""
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        delta = choice.get("message")
    if not isinstance(delta, dict):
        return bool(choice.get("text"))
    return any(delta.get(name) for name in _CONTENT)
