"""Sums for OTLP: by attempt, by what was charged for, and by request."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from axonhub_cli.ir.response import Usage
from axonhub_cli.tracing.entries import finished_entry
from axonhub_cli.tracing.metrics import gauge
from axonhub_cli.tracing.otlp_metrics import MOST_SERIES, OtlpMetrics
from axonhub_cli.tracing.spent import Spent
from tests.tracing.records import NOON, attempt, context, message, record, text

UNSAMPLED = f"00-{'a' * 32}-{'b' * 16}-00"


def provider(channel: str, protocol: str) -> str | None:
    return "anthropic"


def add(metrics: OtlpMetrics, spent: list[Spent] | None = None, **changes: Any) -> None:
    entry = finished_entry(record("r1", **changes), context(), stored=False)
    if spent is not None:
        entry.spent = spent
    metrics.observe(entry, provider)


def told(metrics: OtlpMetrics, **more: Any) -> dict[str, Any]:
    body = json.loads(metrics.encode(NOON + 60, {"service.name": "axonhub"}, **more))
    (resource,) = body["resourceMetrics"]
    return {each["name"]: each for each in resource["scopeMetrics"][0]["metrics"]}


def points(metrics: OtlpMetrics, name: str) -> list[Any]:
    found = told(metrics)[name]
    listed: list[Any] = (found.get("histogram") or found["sum"])["dataPoints"]
    return listed


def labels(point: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in point["attributes"]}


def test_each_attempt_is_an_operation_of_its_own() -> None:
    metrics = OtlpMetrics(NOON)
    failed = attempt(status="failed", http_status=529, ms=10.0)
    add(metrics, attempts=[failed, attempt(message(text("a")), ms=30.0)])
    add(metrics, traceparent=UNSAMPLED)
    refused, answered = points(metrics, "gen_ai.client.operation.duration")
    assert labels(refused)["error.type"] == "529"
    assert (answered["count"], round(answered["sum"], 6)) == ("2", 0.07)
    assert answered["bucketCounts"][2:4] == ["2", "0"]
    assert len(answered["bucketCounts"]) == len(answered["explicitBounds"]) + 1
    assert int(answered["startTimeUnixNano"]) == NOON * 1e9
    assert labels(answered) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-opus-5-5",
        "axonhub.channel": "main",
    }
    (errors,) = points(metrics, "axonhub.attempt.errors")
    assert labels(errors) == {"axonhub.channel": "main", "error.type": "529"}
    assert errors["asDouble"] == 1.0


def test_tokens_and_cost_are_those_of_every_attempt_that_is_charged_for() -> None:
    metrics = OtlpMetrics(NOON)
    usages = (Usage(input=3, cache_read=7, cache_write=2, output=5), Usage(input=1, output=1))
    charged = [
        Spent("main", model, usage, usd, None, True)
        for model, usage, usd in zip(("m1", "m2"), usages, (Decimal("0.5"), None), strict=True)
    ]
    add(metrics, charged)
    found = {
        (labels(p)["gen_ai.request.model"], labels(p)["gen_ai.token.type"]): p["sum"]
        for p in points(metrics, "gen_ai.client.token.usage")
    }
    assert found == {
        ("m1", "input"): 12.0,
        ("m1", "output"): 5.0,
        ("m2", "input"): 1.0,
        ("m2", "output"): 1.0,
    }
    (cost,) = points(metrics, "axonhub.cost.usd")
    assert (labels(cost)["gen_ai.request.model"], cost["asDouble"]) == ("m1", 0.5)


def test_the_first_chunk_is_a_streams() -> None:
    metrics = OtlpMetrics(NOON)
    add(metrics, attempts=[attempt(first_event_ms=20.0)], stream=True)
    add(metrics, attempts=[attempt(first_event_ms=20.0)], stream=False)
    (first,) = points(metrics, "gen_ai.client.operation.time_to_first_chunk")
    assert (first["count"], first["sum"]) == ("1", pytest.approx(0.02))


def test_requests_are_counted_by_how_they_ended() -> None:
    metrics = OtlpMetrics(NOON)
    add(metrics)
    add(metrics)
    add(metrics, status="failed", http_status=502)
    found = {labels(p)["axonhub.status"]: p for p in points(metrics, "axonhub.requests")}
    assert {status: point["asDouble"] for status, point in found.items()} == {
        "completed": 2.0,
        "failed": 1.0,
    }
    assert labels(found["failed"])["http.response.status_code"] == "502"
    assert told(metrics)["axonhub.requests"]["sum"]["isMonotonic"] is True


def test_a_request_without_a_record_counts_among_the_others() -> None:
    metrics = OtlpMetrics(NOON)
    metrics.refused("anthropic", "generate", "authentication", 401)
    metrics.refused("anthropic", "generate", "authentication", 401)
    (point,) = points(metrics, "axonhub.requests")
    assert (point["asDouble"], labels(point)["axonhub.error.kind"]) == (2.0, "authentication")
    entry = finished_entry(
        record("r1", status="failed", http_status=401, error_kind="authentication"),
        context(),
        stored=False,
    )
    metrics.observe(entry, provider)
    metrics.observe(entry, provider)
    (point,) = points(metrics, "axonhub.requests")
    assert point["asDouble"] == 4.0


def test_what_has_no_values_yet_is_left_out() -> None:
    assert told(OtlpMetrics(NOON)) == {}


def test_gauges_go_by_names_of_opentelemetrys_kind() -> None:
    read = gauge("axonhub_breaker_state", "Open or not.", [(2.0, {"channel": "main"})])
    found = told(OtlpMetrics(NOON), gauges=[read])["axonhub.breaker_state"]
    (point,) = found["gauge"]["dataPoints"]
    assert (point["asDouble"], labels(point)) == (2.0, {"channel": "main"})
    assert int(point["timeUnixNano"]) == (NOON + 60) * 1e9


def test_series_are_bounded() -> None:
    metrics = OtlpMetrics(NOON)
    for number in range(MOST_SERIES + 5):
        add(metrics, attempts=[attempt(upstream_model=f"m{number}")])
    found = points(metrics, "gen_ai.client.operation.duration")
    assert len(found) == MOST_SERIES + 1
    assert sum(int(point["count"]) for point in found) == MOST_SERIES + 5
    assert "other" in [labels(point)["gen_ai.request.model"] for point in found]
