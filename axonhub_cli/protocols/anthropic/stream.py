"""Positions in an Anthropic event stream: where content begins, and how it ended.

    message_start  (content_block_start content_block_delta* content_block_stop)*
    message_delta  message_stop          with `ping` anywhere and `error` instead of the rest

(docs.anthropic.com/en/api/messages-streaming, read 2026-11.) Some upstreams leave out the
`event:` line, so the type is read from the data where there is no name.
"""

from __future__ import annotations

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.anthropic.errors import read_error
from axonhub_cli.protocols.base import StreamEnd, StreamPoint
from axonhub_cli.protocols.sse import SseEvent, parse_events, parse_events_backwards

_CONTENT = {
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
}
# Where an event that ends a stream is looked for, in bytes from the end of a read.
_LAST = 1024
_TERMINATOR = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


def read_point(data: bytes) -> StreamPoint:
    """Has content begun in these events, or did an error come first?"""
    for event in parse_events(data):
        kind = _type(event)
        if kind in _CONTENT:
            return StreamPoint(committed=True)
        if kind == "error":
            return StreamPoint(error=event.data)
    return StreamPoint()


def read_end(tail: bytes) -> StreamEnd:
    """Judge a finished stream by its last whole events.

    A stream whose stop reason has come is complete: only its terminator may be missing.
    """
    for event in parse_events_backwards(tail):
        kind = _type(event)
        if kind == "message_stop":
            return StreamEnd()
        if kind == "error":
            return StreamEnd(error=read_error(event.data)[1] or "an error event without a message")
        if kind == "message_delta" and _stop_reason(event.data):
            return StreamEnd(missing=_TERMINATOR)
        if kind in _CONTENT or kind == "message_start":
            break
    return StreamEnd(missing=None)


def is_terminal(data: bytes) -> bool:
    """Has `message_stop` or an error come in these events?

    Asked with every read of a stream: what cannot be one is found out without parsing.
    """
    last = data[-_LAST:]
    if b"message_stop" not in last and b'"error"' not in last:
        return False
    return read_end(data).missing == b""


def _type(event: SseEvent) -> str:
    # `message` is what an event without a name is called (WHATWG HTML, "Server-sent events").
    if event.name not in ("", "message"):
        return event.name
    value = _decode(event.data).get("type")
    return value if isinstance(value, str) else ""


def _stop_reason(data: bytes) -> bool:
    delta = _decode(data).get("delta")
    return isinstance(delta, dict) and bool(delta.get("stop_reason"))


def _decode(data: bytes) -> dict[str, Json]:
    try:
        value = jsonio.decode(data)
    except jsonio.InvalidJson:
        return {}
    return value if isinstance(value, dict) else {}
