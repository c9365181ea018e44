"""Requests as OpenTelemetry spans, by the HTTP and the GenAI semantic conventions. Pure.

    span `POST ROUTE` (server)        a request, child of the client's own span if it told one
      span `chat MODEL` (client)      each of its attempts, with the tokens it used

Names and values as in opentelemetry.io, "Semantic conventions for generative AI systems" and "for
HTTP spans" (1.41, read 2026-11). No content is ever in them, and no upstream's words: what became
of an attempt is told by a class of error and a sentence of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from axonhub_cli import jsonio
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing import context
from axonhub_cli.tracing.context import TraceContext
from axonhub_cli.tracing.entries import Entry, Row
from axonhub_cli.tracing.otlp_json import write_attributes

Span = dict[str, Any]
FindProvider = Callable[[str, str], str | None]
"""By a channel's name and protocol, `gen_ai.provider.name`; None: the channel is unknown."""

CANCELED = "canceled"

_SERVER, _CLIENT = 2, 3
_ERROR = 2
# Bits of a span's flags beside those of the trace context: is it known whether the parent is
# elsewhere, and is it?
_PARENT_KNOWN, _PARENT_ELSEWHERE = 0x100, 0x200
_STATE = b'"tracestate"'
_OPERATIONS = {"generate": "chat"}
_CLASSES = {"dropped": "connection", "first_token_timeout": "timeout", "429_retry_after": "429"}
_SENTENCES = {
    "timeout": "the upstream was silent for too long",
    "connection": "the upstream could not be reached",
    "broken": "the answer broke off",
    "empty": "the answer was empty",
    "garbled": "the answer was none of the protocol's",
}


def spans_of(entry: Entry, find_provider: FindProvider) -> list[Span]:
    """A request's span and those of its attempts; none where its client keeps no trace of it."""
    row = entry.request
    name = str(row["id"])
    told = context.parse(_text(row["trace_context"]))
    if not context.is_kept(told):
        return []
    shared: dict[str, Any] = {"traceId": context.trace_of(name, told)}
    if told is not None and _STATE in entry.headers:
        shared["traceState"] = _state(entry.headers)
    own, at = context.span_of(name, context.REQUEST), _number(row["at"])
    spans = [shared | _request_span(entry, own, told)]
    for number, attempt in enumerate(entry.attempts, 1):
        ids: Span = {"spanId": context.span_of(name, number), "parentSpanId": own}
        ids["flags"] = context.flags_of(told) | _PARENT_KNOWN
        described = _attempt_attributes(entry, attempt, find_provider)
        spans.append(
            shared
            | ids
            | {"name": f"{operation_of(row)} {attempt['upstream_model']!s}", "kind": _CLIENT}
            | _times(at, _number(attempt["offset_ms"]), _number(attempt["ms"]))
            | {"attributes": write_attributes(described)}
            | _status(attempt, error_of(attempt), lowest=400)
        )
    return spans


def operation_of(row: Row) -> str:
    """`gen_ai.operation.name`."""
    return _OPERATIONS.get(str(row["operation"]), str(row["operation"]))


def error_of(row: Row) -> str | None:
    """`error.type` of a request or an attempt, one of few: a status, `timeout`, `connection`,
    `broken`, `canceled` and the like; None: it did not fail."""
    if row["status"] in ("completed", "running"):
        return None
    if row["status"] == CANCELED:
        return CANCELED
    code = row["http_status"]
    if isinstance(code, int) and code >= 400:
        return str(code)
    kind = _text(row.get("error_kind")) or "_OTHER"
    return _CLASSES.get(kind, kind)


def usage_of(row: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Tokens in and out. The conventions' input tokens are all of them, cached ones too."""
    parts = [row[name] for name in ("input", "cache_read", "cache_write") if row[name] is not None]
    return (sum(parts) if parts else None), row["output"]


def _request_span(entry: Entry, own: str, told: TraceContext | None) -> Span:
    row, error = entry.request, error_of(entry.request)
    flags = context.flags_of(told) | _PARENT_KNOWN
    ids: dict[str, Any] = {"spanId": own, "flags": flags}
    if told is not None:
        ids |= {"parentSpanId": told.parent, "flags": flags | _PARENT_ELSEWHERE}
    route = _route(str(row["protocol"]), str(row["operation"]))
    code = row["http_status"]
    attributes = {
        "http.request.method": "POST",
        "http.route": route,
        "http.response.status_code": code,
        "error.type": error,
        "gen_ai.conversation.id": entry.trace_id,
        "gen_ai.request.model": row["model"],
        "axonhub.request.id": row["id"],
        "axonhub.client": row["client"],
        "axonhub.key": row["key"],
        "axonhub.profile": row["profile"],
        "axonhub.channel": row["channel"],
        "axonhub.attempts": len(entry.attempts),
        "axonhub.cost_usd": row["cost_usd"],
        "axonhub.unpriced": row["unpriced"] or None,
    }
    return (
        ids
        | {"name": f"POST {route}", "kind": _SERVER}
        | _times(_number(row["at"]), 0.0, _number(row["total_ms"]))
        | {"attributes": write_attributes(attributes)}
        # A server is not at fault for what it refuses ("HTTP spans", Status).
        | _status(row, error, lowest=500)
    )


def _attempt_attributes(entry: Entry, attempt: Row, find_provider: FindProvider) -> dict[str, Any]:
    request, reason = entry.request, attempt["stop_reason"]
    first = attempt["first_event_ms"] if request["stream"] else None
    address, port, url = _place(_text(attempt["url"]))
    return {
        "gen_ai.operation.name": operation_of(request),
        "gen_ai.provider.name": find_provider(
            str(attempt["channel"]), str(attempt["upstream_protocol"])
        ),
        "gen_ai.conversation.id": entry.trace_id,
        "gen_ai.request.model": attempt["upstream_model"],
        "gen_ai.request.stream": True if request["stream"] else None,
        "gen_ai.response.model": attempt.get("answer_model"),
        "gen_ai.response.id": attempt.get("answer_id"),
        "gen_ai.response.finish_reasons": [reason] if reason else None,
        "gen_ai.response.time_to_first_chunk": None if first is None else _number(first) / 1000,
        # What `count_tokens` answers was counted, not used.
        **(_usage(attempt) if request["operation"] == "generate" else {}),
        "server.address": address,
        "server.port": port,
        "url.full": url,
        "http.request.method": "POST" if url else None,
        "http.response.status_code": attempt["http_status"],
        "error.type": error_of(attempt),
        "axonhub.channel": attempt["channel"],
        "axonhub.upstream.request_id": attempt["upstream_request_id"],
        "axonhub.cost_usd": attempt["cost_usd"],
        "axonhub.unpriced": attempt["unpriced"] or None,
    }


def _usage(row: Row) -> dict[str, Any]:
    taken, given = usage_of(row)
    return {
        "gen_ai.usage.input_tokens": taken,
        "gen_ai.usage.output_tokens": given,
        "gen_ai.usage.cache_read.input_tokens": row["cache_read"],
        "gen_ai.usage.cache_creation.input_tokens": row["cache_write"],
        "gen_ai.usage.reasoning.output_tokens": row["reasoning"],
    }


def _times(at: float, offset: float, lasted: float) -> Span:
    """`at` is epoch seconds, the others are milliseconds."""
    began = int(at * 1e9) + int(offset * 1e6)
    return {
        "startTimeUnixNano": str(began),
        "endTimeUnixNano": str(began + int(lasted * 1e6)),
    }


def _status(row: Row, error: str | None, *, lowest: int) -> Span:
    """Unset, but for an error; of statuses, those from `lowest` are errors."""
    if error is None or error == CANCELED:
        return {}
    if error.isdigit():
        if int(error) < lowest:
            return {}
        return {"status": {"code": _ERROR, "message": f"answered {error}"}}
    status = {"code": _ERROR, "message": _SENTENCES.get(error, f"failed ({error})")}
    return {"status": status}


@lru_cache(maxsize=32)
def _route(protocol: str, operation: str) -> str | None:
    """The endpoint's usual path; a client may have asked by another of its names."""
    known = PROTOCOLS.get(protocol)
    routes = known.routes if known is not None else ()
    return next((r.paths[-1] for r in routes if r.operation == operation), None)


@lru_cache(maxsize=256)
def _place(url: str | None) -> tuple[str | None, int | None, str | None]:
    """Host, port and the URL without its query, in which keys are shown to some."""
    if url is None:
        return None, None, None
    bare = url.partition("?")[0].partition("#")[0]
    try:
        parts = urlsplit(bare)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None, None, None
    if not parts.hostname:
        return None, None, None
    return parts.hostname, port, bare


def _state(headers: bytes) -> str:
    """The client's `tracestate`, which may come in several headers."""
    return ",".join(value for name, value in jsonio.decode(headers) if name == "tracestate")


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
