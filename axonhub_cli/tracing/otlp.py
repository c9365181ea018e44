"""Requests as OpenTelemetry spans: OTLP's JSON, with the GenAI semantic conventions. Pure.

    span `chat MODEL` (server)          a request, child of the client's own span if it told one
      span `chat MODEL` (client)        each of its attempts

Names and values as in opentelemetry.io, "Semantic conventions for generative AI systems"
(v1.37, 2025-08), and "OTLP/HTTP", JSON Protobuf encoding. No content is ever in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from axonhub_cli import __version__, jsonio
from axonhub_cli.tracing import context
from axonhub_cli.tracing.entries import Entry

Span = dict[str, Any]

_SERVER, _CLIENT = 2, 3
_OK, _ERROR = 1, 2
_PROVIDERS = {"anthropic": "anthropic", "gemini": "gcp.gemini"}
_OPERATIONS = {"generate": "chat"}


def spans_of(entry: Entry) -> list[Span]:
    """A request's span and those of its attempts; none where its client keeps no trace of it."""
    row = entry.request
    name = str(row["id"])
    told = context.parse(_text(row.get("traceparent")))
    if not context.is_kept(told):
        return []
    trace, own = context.trace_of(name, told), context.span_of(name, context.REQUEST)
    at = _number(row["at"])
    spans = [
        _span(
            trace,
            own,
            told.parent if told is not None else None,
            _SERVER,
            (at, _number(row["total_ms"])),
            row,
            {
                "gen_ai.conversation.id": entry.trace_id,
                "gen_ai.request.model": row["model"],
                "axonhub.request.id": name,
                "axonhub.client": row["client"],
                "axonhub.key": row["key"],
                "axonhub.profile": row["profile"],
                "axonhub.channel": row["channel"],
                "axonhub.cost_usd": row["cost_usd"],
            },
        )
    ]
    for number, attempt in enumerate(entry.attempts, 1):
        began = at + _number(attempt["offset_ms"]) / 1000
        spans.append(
            _span(
                trace,
                context.span_of(name, number),
                own,
                _CLIENT,
                (began, _number(attempt["ms"])),
                attempt | {"operation": row["operation"]},
                {
                    "gen_ai.request.model": attempt["upstream_model"],
                    "gen_ai.response.id": attempt["upstream_request_id"],
                    "url.full": attempt["url"],
                    "axonhub.channel": attempt["channel"],
                },
            )
        )
    return spans


def encode(spans: Sequence[Span]) -> bytes:
    """The body of a `POST …/v1/traces`."""
    resource = write_attributes({"service.name": "axonhub", "service.version": __version__})
    scope = {"name": "axonhub", "version": __version__}
    scoped = {"scope": scope, "spans": list(spans)}
    return jsonio.encode(
        {"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [scoped]}]}
    )


def _span(
    trace: str,
    name: str,
    parent: str | None,
    kind: int,
    when: tuple[float, float],
    row: Mapping[str, Any],
    more: Mapping[str, Any],
) -> Span:
    at, lasted = when
    operation = _OPERATIONS.get(str(row["operation"]), str(row["operation"]))
    failed = row["status"] != "completed"
    reason = row["stop_reason"]
    told = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": _PROVIDERS.get(str(row["upstream_protocol"]), "openai"),
        "gen_ai.response.model": row["upstream_model"],
        "gen_ai.response.finish_reasons": [reason] if reason else None,
        **_usage(row),
        "http.response.status_code": row["http_status"],
        "error.type": str(row["http_status"] or row["status"]) if failed else None,
    }
    span: Span = {
        "traceId": trace,
        "spanId": name,
        "name": f"{operation} {more.get('gen_ai.request.model') or ''}".strip(),
        "kind": kind,
        "startTimeUnixNano": str(int(at * 1e9)),
        "endTimeUnixNano": str(int(at * 1e9) + int(lasted * 1e6)),
        "attributes": write_attributes(told | dict(more)),
        "status": {"code": _ERROR if failed else _OK},
    }
    if failed and row["error"]:
        span["status"]["message"] = row["error"]
    return span | ({"parentSpanId": parent} if parent is not None else {})


def _usage(row: Mapping[str, Any]) -> dict[str, Any]:
    """The conventions' input tokens are all of them, cached ones too."""
    cached, written = row["cache_read"], row["cache_write"]
    parts = [part for part in (row["input"], cached, written) if part is not None]
    return {
        "gen_ai.usage.input_tokens": sum(parts) if parts else None,
        "gen_ai.usage.output_tokens": row["output"],
        "gen_ai.usage.cache_read.input_tokens": cached,
        "gen_ai.usage.cache_creation.input_tokens": written,
    }


def attributes_of(span: Span) -> dict[str, Any]:
    """A span's attributes as they are written: a number may be a text."""
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def write_attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As OTLP has them; None is left out."""
    return [
        {"key": name, "value": _value(value)} for name, value in values.items() if value is not None
    ]


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            # 64-bit numbers are texts in protobuf's JSON.
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_value(item) for item in value]}}
        case _:
            return {"stringValue": str(value)}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
