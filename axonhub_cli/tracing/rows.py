"""What the store gives back: traces, requests and attempts, and their JSON as `cli.md` has it."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from axonhub_cli.jsonio import Json

SENT_DROPPED = "sent_dropped"
"""In a decision: the attempts whose own bodies a full queue dropped."""


class Tokens(Struct, frozen=True):
    """Tokens of an answer; None where nobody said. `input` excludes cached ones."""

    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    output: int | None = None
    reasoning: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None

    def as_json(self) -> dict[str, Json]:
        """What was counted: an unknown number adds nothing."""
        return {
            "input": self.input or 0,
            "cache_read": self.cache_read or 0,
            "cache_write": self.cache_write or 0,
            "output": self.output or 0,
            "reasoning": self.reasoning or 0,
        }


class TraceRow(Struct, frozen=True, kw_only=True):
    """A trace. `status` is its last request's, or `running` while any request is."""

    seq: int
    id: str
    thread_id: str | None
    client: str | None
    title: str | None
    started_at: float
    updated_at: float
    requests: int
    models: tuple[str, ...]
    """As asked for, in order of appearance."""
    channels: tuple[str, ...]
    status: str
    tokens: Tokens
    cost_usd: float | None
    """What is known of it: a lower bound unless `unpriced` is 0."""
    unpriced: int = 0
    """Answers whose cost is not known, or not all of it."""

    def as_json(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "thread_id": self.thread_id,
            "client": self.client,
            "started_at": timestamp(self.started_at),
            "updated_at": timestamp(self.updated_at),
            "requests": self.requests,
            "models": list(self.models),
            "channels": list(self.channels),
            "status": self.status,
            "tokens": self.tokens.as_json(),
            "cost_usd": self.cost_usd,
            "unpriced": self.unpriced,
            "title": self.title,
        }


class AttemptRow(Struct, frozen=True, kw_only=True):
    """One call upstream; `n` counts from 1."""

    n: int
    channel: str
    label: str | None
    upstream_model: str
    upstream_protocol: str
    url: str | None
    upstream_request_id: str | None
    status: str
    http_status: int | None
    error: str | None
    stop_reason: str | None
    offset_ms: float
    delay_ms: float
    first_event_ms: float | None
    ms: float | None
    answer_dropped: int
    """Bytes of the answer that were too much to keep."""
    cost_usd: float | None
    """What is known of it: a lower bound where `unpriced` is 1."""
    price: str | None
    unpriced: int
    tokens: Tokens

    def as_json(self) -> dict[str, Json]:
        return {
            "channel": self.channel,
            "status": self.http_status,
            "error": self.error,
            "ms": _whole(self.ms),
            "state": self.status,
            "upstream_model": self.upstream_model,
            "token": self.label,
            "first_event_ms": _whole(self.first_event_ms),
            "answer_dropped": self.answer_dropped,
            "tokens": self.tokens.as_json(),
            "cost_usd": self.cost_usd,
            "price": self.price,
            "unpriced": self.unpriced,
        }


class RequestRow(Struct, frozen=True, kw_only=True):
    """One call by a client; `tokens`, `channel` and the upstream's names are its last attempt's."""

    seq: int
    id: str
    trace_id: str | None
    at: float
    source: str
    key: str | None
    profile: str | None
    client: str | None
    user_agent: str | None
    protocol: str
    operation: str
    model: str | None
    stream: bool
    channel: str | None
    upstream_model: str | None
    upstream_protocol: str | None
    status: str
    http_status: int | None
    error: str | None
    stop_reason: str | None
    first_token_ms: float | None
    total_ms: float | None
    agent_id: str | None
    parent_agent_id: str | None
    prompt_id: str | None
    request_class: str | None
    traceparent: str | None
    losses: tuple[dict[str, Json], ...]
    tokens: Tokens
    cost_usd: float | None
    price: str | None
    """Which price it was reckoned with: `genai-prices 0.2.3`, `own:` and a hash, or `upstream`."""
    unpriced: int = 0
    """Of its attempts, those whose cost is not known, or not all of it."""
    attempts: tuple[AttemptRow, ...] = ()

    def as_json(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "trace_id": self.trace_id,
            "at": timestamp(self.at),
            "key": self.key,
            "profile": self.profile,
            "client": self.client,
            "protocol": self.protocol,
            "operation": self.operation,
            "model": self.model,
            "upstream_model": self.upstream_model,
            "channel": self.channel,
            "upstream_protocol": self.upstream_protocol,
            "stream": self.stream,
            "status": self.status,
            "http_status": self.http_status,
            "error": self.error,
            "stop_reason": self.stop_reason,
            "first_token_ms": _whole(self.first_token_ms),
            "total_ms": _whole(self.total_ms),
            "tokens": self.tokens.as_json(),
            "cost_usd": self.cost_usd,
            "price": self.price,
            "unpriced": self.unpriced,
            "losses": list(self.losses),
            "agent_id": self.agent_id,
            "source": self.source,
            "attempts": [attempt.as_json() for attempt in self.attempts],
        }


def timestamp(at: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC: `2026-11-23T15:00:00.250Z`."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _whole(ms: float | None) -> int | None:
    return None if ms is None else round(ms)
