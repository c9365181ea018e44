import json
from typing import Any

from axonhub_cli.tracing.entries import finished_entry
from axonhub_cli.tracing.otlp import encode, spans_of
from tests.tracing.records import NOON, attempt, context, message, record, text

PARENT = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def spans(**changes: Any) -> list[dict[str, Any]]:
    return spans_of(finished_entry(record("r1", **changes), context(), stored=False))


def attributes(span: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def test_a_request_and_its_attempts_are_spans_of_one_trace() -> None:
    failed = attempt(status="failed", http_status=529, error="Overloaded", offset_ms=5.0)
    answered = attempt(message(text("hi"), cache_read_input_tokens=7), offset_ms=50.0)
    request, first, second = spans(attempts=[failed, answered], total_ms=90.0)
    assert {span["traceId"] for span in (request, first, second)} == {request["traceId"]}
    assert len({span["spanId"] for span in (request, first, second)}) == 3
    assert (first["parentSpanId"], second["parentSpanId"]) == (request["spanId"],) * 2
    assert "parentSpanId" not in request
    assert (request["kind"], first["kind"]) == (2, 3)
    assert first["status"] == {"code": 2, "message": "Overloaded"}
    assert second["status"] == {"code": 1}
    assert int(request["startTimeUnixNano"]) == NOON * 1e9
    assert int(request["endTimeUnixNano"]) - int(request["startTimeUnixNano"]) == 90_000_000


def test_the_conventions_names_are_used() -> None:
    usage = {"input_tokens": 3, "cache_read_input_tokens": 7, "output_tokens": 5}
    request, answered = spans(attempts=[attempt(message(text("hi"), **usage))])
    told = attributes(request)
    assert request["name"] == "chat claude-opus-5-5"
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "anthropic"
    assert told["gen_ai.conversation.id"] == "s1"
    assert told["gen_ai.usage.input_tokens"] == "10"
    assert told["gen_ai.usage.output_tokens"] == "5"
    assert told["gen_ai.usage.cache_read.input_tokens"] == "7"
    assert told["gen_ai.response.finish_reasons"] == {"values": [{"stringValue": "end_turn"}]}
    assert attributes(answered)["axonhub.channel"] == "main"


def test_a_clients_own_span_is_the_parent() -> None:
    request, _ = spans(traceparent=PARENT)
    assert (request["traceId"], request["parentSpanId"]) == ("a" * 32, "b" * 16)
    assert "parentSpanId" not in spans(traceparent="nonsense")[0]
    assert "parentSpanId" not in spans(traceparent=f"00-{'a' * 32}-{'0' * 16}-01")[0]


def test_a_request_that_its_client_does_not_sample_is_not_exported() -> None:
    assert spans(traceparent=PARENT[:-1] + "0") == []


def test_no_content_is_told() -> None:
    body = encode(spans(error="it failed"))
    assert b"say pong" not in body
    (resource,) = json.loads(body)["resourceSpans"]
    assert {"key": "service.name", "value": {"stringValue": "axonhub"}} in resource["resource"][
        "attributes"
    ]
    assert len(resource["scopeSpans"][0]["spans"]) == 2
