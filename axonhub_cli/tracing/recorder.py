"""What the request path notes down: records it assigns to, and hands to the writer's queue.

Nothing here computes. A record is handed over twice, when its request begins (so that a long one
shows as `running`) and when it ends; in between the request path goes on assigning to it, and the
writer may read it at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct, field

from axonhub_cli.jsonio import Envelope, Json
from axonhub_cli.protocols.base import Answer

if TYPE_CHECKING:
    from axonhub_cli.tracing.spent import Spent

Status = Literal["running", "completed", "failed", "canceled"]
Source = Literal["api", "test", "replay"]
Stage = Literal["started", "finished"]


class AttemptRecord(Struct, eq=False):
    """One call upstream. Times are milliseconds; `offset_ms` counts from the request's start."""

    channel: str
    upstream_model: str
    upstream_protocol: str
    offset_ms: float = 0.0
    delay_ms: float = 0.0
    """How long was waited before it, on purpose."""
    ms: float | None = None
    first_event_ms: float | None = None
    status: Status = "running"
    http_status: int | None = None
    error: str | None = None
    """One sentence."""
    error_kind: str | None = None
    """Which row of `routing.policy.ROWS` the failure is, one after the commit included."""
    upstream_request_id: str | None = None
    url: str | None = None
    label: str | None = None
    """Which of the channel's tokens was used."""
    sent_body: bytes | None = None
    """None: the very bytes the client sent."""
    sent_parts: list[tuple[int, int]] | None = None
    """Where the parts worth storing apart stand in it, when that is known already."""
    sent_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    """As sent, the credential included: of them the names alone are kept."""
    answer_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Of the answer, as received."""
    answer: list[bytes] = field(default_factory=list)
    """The answer's chunks as they were received."""
    delivered: list[bytes] | None = None
    """What the client got of it, where that is another protocol and is to be recognised in its
    next request; None: the answer itself, or nobody asks."""
    answer_dropped: int = 0
    """Bytes of the answer that were too much to keep and are not in `answer`."""
    answer_rest: bytes = b""
    """Of such an answer, what tells how it ended and what it used (see `protocols.essentials`)."""

    read: Answer | None = None
    """What was read of `answer` for another purpose already, for the writer to use."""

    def telling(self) -> bytes:
        """What the answer's totals are read from: the whole of it, as a rule."""
        answer = b"".join(self.answer)
        return answer + b"\n\n" + self.answer_rest if self.answer_rest else answer

    def __repr__(self) -> str:
        return f"<AttemptRecord {self.channel!r} {self.status}>"


class RequestRecord(Struct, eq=False, kw_only=True):
    """One call by a client. `at` is seconds since the epoch, durations are milliseconds."""

    id: str
    at: float
    trace_id: str | None = None
    thread_id: str | None = None
    linked: bool = False
    """No session is named: whoever repeats its answer belongs to its trace."""
    answer_keys: tuple[bytes, ...] | None = None
    """By what a repeated answer is known; None until somebody has read it."""
    traceparent: str | None = None
    """The client's W3C trace context, which links to a trace elsewhere and names none of ours."""
    key: str | None = None
    profile: str | None = None
    protocol: str = "anthropic"
    operation: Literal["generate", "count_tokens"] = "generate"
    model: str | None = None
    """The model asked for, as the client wrote it."""
    stream: bool = False
    client: str = "unknown"
    user_agent: str | None = None
    peer: tuple[str, int] | None = None
    """The client's end of the connection."""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    """As received; the writer redacts them."""
    body: bytes | None = None
    envelope: Envelope | None = None
    """What was read of `body` already; its items are slices of those bytes, or of the same bytes
    with halves of surrogate pairs replaced, which are as long."""
    has_session: bool = False
    """Its trace was named by the client, and is not its own alone."""
    decision: dict[str, Json] = field(default_factory=dict)
    """How it was routed: rule, candidates, rejections."""
    routed: Callable[[], dict[str, Json]] = dict
    """What belongs to `decision` and is not worth making before the record is written."""
    attempts: list[AttemptRecord] = field(default_factory=list)
    losses: list[dict[str, Json]] = field(default_factory=list)
    status: Status = "running"
    http_status: int | None = None
    first_token_ms: float | None = None
    total_ms: float | None = None
    error: str | None = None
    error_kind: str | None = None
    """Of the failure that the client was told of: an attempt's, or for a refusal of axonhub's own
    an `errors.Kind`, or `canceled` (by the client) or `stopped` (with the daemon)."""
    source: Source = "api"
    agent_id: str | None = None
    parent_agent_id: str | None = None
    prompt_id: str | None = None
    request_class: str | None = None
    on_spent: list[Callable[[list[Spent] | None], None]] = field(default_factory=list)
    """Told, in the writer's thread, what the request used; None: its answer could not be read."""

    def __repr__(self) -> str:
        return f"<RequestRecord {self.id} {self.status}>"


class Queue(Protocol):
    """Where records go; `writer.TraceWriter` is one."""

    def put(self, record: RequestRecord, stage: Stage) -> None: ...


class Recorder:
    """The request path's end of the queue. Neither call raises or blocks."""

    def __init__(
        self, queue: Queue, on_started: Callable[[RequestRecord], None] | None = None
    ) -> None:
        self._queue = queue
        self._on_started = on_started

    def started(self, record: RequestRecord) -> None:
        self._queue.put(record, "started")
        if self._on_started is not None:
            self._on_started(record)

    def finished(self, record: RequestRecord) -> None:
        """To be called once, after the last assignment to the record and its attempts."""
        self._queue.put(record, "finished")
