"""What a wire protocol must offer to the rest: one record of plain functions a protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from axonhub_cli.errors import ErrorInfo
from axonhub_cli.ir.response import Run, Usage
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.codec import Codec

Operation = Literal["generate", "count_tokens"]


class Route(Struct, frozen=True):
    """One endpoint of a protocol, as a client names it and as an upstream is asked."""

    operation: Operation
    paths: tuple[str, ...]
    """Client-side paths of the daemon."""
    upstream_path: str
    """Appended to a channel's base URL."""


class StreamPoint(Struct, frozen=True):
    """What the first events of a stream say, before the commit."""

    committed: bool = False
    """Content has begun: from here a failure can no longer be hidden from the client."""
    error: bytes | None = None
    """The data of an error event, where one came before any content."""


class StreamEnd(Struct, frozen=True):
    """How a stream ended, judged by its last whole events."""

    missing: bytes | None = b""
    """What to add for a proper end: nothing, a terminator, or None for a truncated stream."""
    error: str | None = None
    """The message of the error event that ended it."""


class Answer(Struct, frozen=True):
    """What an upstream's complete (or broken) answer said, read after the fact for the trace."""

    model: str | None = None
    stop_reason: str | None = None
    usage: Usage = Usage()
    content: tuple[Json, ...] = ()
    """Content blocks in order, as the protocol writes them."""
    error: str | None = None
    complete: bool = False
    told: dict[str, str] = {}
    """What else its price depends on, where it says so: `service_tier`, `speed`, `inference_geo`,
    and `cost`, what it says itself that it costs."""
    partial: bool = False
    """More was done than `usage` counts, at prices that it does not tell."""
    id: str | None = None
    """The completion's own: `msg_…`, `chatcmpl-…`."""
    runs: tuple[Run, ...] = ()
    """What is charged for, where that is not `usage` at the price of the model that was asked."""

    @property
    def charged(self) -> tuple[Run, ...]:
        """What each model is paid for; one at least."""
        return self.runs or (Run(None, self.usage),)


class WireProtocol(Struct, frozen=True):
    """One protocol's functions; everything here is pure."""

    name: str
    version: str
    """The path segment that a base URL may leave out: `v1`."""
    routes: tuple[Route, ...]
    models_path: str
    encode_error: Callable[[ErrorInfo], bytes]
    """The body of an error response."""
    encode_stream_error: Callable[[ErrorInfo], bytes]
    """The same as a whole SSE event, blank line included."""
    ping: bytes
    """An SSE event or comment that means nothing, to keep a silent stream alive."""
    read_point: Callable[[bytes], StreamPoint]
    """Look at whole SSE events that arrived before the commit."""
    read_end: Callable[[bytes], StreamEnd]
    """Judge a stream by its last whole events, when no more will come."""
    is_terminal: Callable[[bytes], bool]
    """Do these whole events end the stream, so that nothing of the answer can follow?"""
    error_status: Callable[[bytes], int]
    """The HTTP status that belongs to an error event's data."""
    read_answer: Callable[[bytes], Answer]
    """Read a whole answer, JSON or SSE, complete or not."""
    read_totals: Callable[[bytes], Answer]
    """The same without its content, which is most of the work: for the trace's writer."""
    codec: Codec | None = None
    """How it is converted; None: it can only be relayed."""


def is_error_body(value: Json) -> bool:
    """Is the JSON of a 200 an error all the same? Relays answer so, in the shape of any vendor."""
    if not isinstance(value, dict):
        return False
    return value.get("type") == "error" or (
        bool(value.get("error")) and not value.get("choices") and "content" not in value
    )
