import json
from typing import Any

from axonhub_cli.tracing.entries import finished_entry
from axonhub_cli.tracing.otlp import spans_of
from axonhub_cli.tracing.otlp_metrics import MOST_SERIES, SpanMetrics
from tests.tracing.records import NOON, attempt, context, message, record, text

PARENT = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def points(metrics: SpanMetrics) -> dict[str, list[Any]]:
    (resource,) = json.loads(metrics.encode(NOON + 60))["resourceMetrics"]
    found = resource["scopeMetrics"][0]["metrics"]
    return {each["name"]: each["histogram"]["dataPoints"] for each in found}


def add(metrics: SpanMetrics, **changes: Any) -> None:
    for span in spans_of(finished_entry(record("r1", **changes), context(), stored=False)):
        metrics.add(span)


def test_durations_are_of_attempts_and_tokens_of_requests() -> None:
    metrics = SpanMetrics(NOON)
    add(metrics, traceparent=PARENT)
    add(metrics, attempts=[attempt(message(text("a")), ms=30.0)])
    found = points(metrics)
    (duration,) = found["gen_ai.client.operation.duration"]
    assert (duration["count"], round(duration["sum"], 6)) == ("2", 0.07)
    assert duration["bucketCounts"][2:4] == ["2", "0"]
    assert len(duration["bucketCounts"]) == len(duration["explicitBounds"]) + 1
    sums = {
        each["attributes"][-1]["value"]["stringValue"]: each["sum"]
        for each in found["gen_ai.client.token.usage"]
    }
    assert sums == {"input": 6.0, "output": 10.0}
    assert int(duration["startTimeUnixNano"]) == NOON * 1e9


def test_series_are_bounded() -> None:
    metrics = SpanMetrics(NOON)
    for number in range(MOST_SERIES + 5):
        add(metrics, attempts=[attempt(upstream_model=f"m{number}")])
    found = points(metrics)["gen_ai.client.operation.duration"]
    assert len(found) == MOST_SERIES + 1
    assert sum(int(point["count"]) for point in found) == MOST_SERIES + 5
    assert {"key": "gen_ai.request.model", "value": {"stringValue": "other"}} in [
        attribute for point in found for attribute in point["attributes"]
    ]
