"""OTLP's JSON: attributes, and what stands around the spans and metrics of one sender. Pure.

"OTLP/HTTP", JSON Protobuf encoding (opentelemetry.io/docs/specs/otlp, 1.9, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Raw

from axonhub_cli import __version__, jsonio

SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.0"
"""By which version attributes and metrics are named: the last one in which the GenAI conventions
stood among the others (they have a repository of their own since, all of it in development)."""

_SCOPE = {"name": "axonhub", "version": __version__}


def encode_span(span: Mapping[str, Any]) -> Raw:
    """As it will be sent: what waits to be is a fifth of its size this way."""
    return Raw(jsonio.encode(dict(span)))


def encode_spans(spans: Sequence[Raw], resource: Mapping[str, Any]) -> bytes:
    """The body of a `POST …/v1/traces`."""
    return _encode("resourceSpans", "scopeSpans", {"spans": list(spans)}, resource)


def encode_metrics(metrics: Sequence[Mapping[str, Any]], resource: Mapping[str, Any]) -> bytes:
    """The body of a `POST …/v1/metrics`."""
    return _encode("resourceMetrics", "scopeMetrics", {"metrics": list(metrics)}, resource)


def write_attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As OTLP has them; None is left out."""
    return [
        {"key": name, "value": _value(value)} for name, value in values.items() if value is not None
    ]


def _encode(around: str, scoped: str, told: dict[str, Any], resource: Mapping[str, Any]) -> bytes:
    inner = {"scope": _SCOPE, "schemaUrl": SCHEMA_URL} | told
    described = {"attributes": write_attributes(resource)}
    outer = {"resource": described, "schemaUrl": SCHEMA_URL, scoped: [inner]}
    return jsonio.encode({around: [outer]})


def _value(value: Any) -> dict[str, Any]:
    if type(value) is str:
        # Most are.
        return {"stringValue": value}
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
