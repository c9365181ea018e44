"""Spans of requests and attempts, by the conventions, without anything that was said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.tracing.context import REQUEST, span_of, trace_of
from axonhub_cli.tracing.entries import Context, Entry, finished_entry
from axonhub_cli.tracing.otlp import error_of, spans_of
from axonhub_cli.tracing.redact import Redactor
from tests.tracing.records import NOON, READERS, attempt, context, message, record, text

TRACE, SPAN = "a" * 32, "b" * 16
PARENT = f"00-{TRACE}-{SPAN}-01"
SECRET = "the user's own words"


def provider(channel: str, protocol: str) -> str | None:
    return {"main": "anthropic", "other": "deepseek"}.get(channel)


def entry(**changes: Any) -> Entry:
    return finished_entry(record("r1", **changes), context(), stored=False)


def spans(errors: list[str | None] | None = None, **changes: Any) -> list[dict[str, Any]]:
    """`errors`: the kinds of error, of the request and then of its attempts."""
    made = entry(**changes)
    for row, kind in zip((made.request, *made.attempts), errors or (), strict=False):
        row["error_kind"] = kind
    return spans_of(made, provider)


def attributes(span: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def test_a_request_and_its_attempts_are_spans_of_one_trace() -> None:
    failed = attempt(status="failed", http_status=529, error="Overloaded", offset_ms=5.0)
    answered = attempt(message(text("hi"), cache_read_input_tokens=7), offset_ms=50.0)
    request, first, second = spans(attempts=[failed, answered], total_ms=90.0)
    assert {span["traceId"] for span in (request, first, second)} == {trace_of("r1", None)}
    found = [span["spanId"] for span in (request, first, second)]
    assert found == [span_of("r1", REQUEST), span_of("r1", 1), span_of("r1", 2)]
    assert (first["parentSpanId"], second["parentSpanId"]) == (request["spanId"],) * 2
    assert "parentSpanId" not in request
    assert (request["kind"], first["kind"]) == (2, 3)
    assert int(request["startTimeUnixNano"]) == NOON * 1e9
    assert int(request["endTimeUnixNano"]) - int(request["startTimeUnixNano"]) == 90_000_000
    assert int(second["startTimeUnixNano"]) - int(request["startTimeUnixNano"]) == 50_000_000


def test_the_request_is_a_servers_span_and_tells_no_tokens() -> None:
    request, _ = spans(attempts=[attempt(message(text("hi")))], total_ms=90.0)
    told = attributes(request)
    assert request["name"] == "POST /v1/messages"
    assert (told["http.request.method"], told["http.route"]) == ("POST", "/v1/messages")
    assert told["http.response.status_code"] == "200"
    assert (told["gen_ai.conversation.id"], told["axonhub.request.id"]) == ("s1", "r1")
    assert not [name for name in told if name.startswith("gen_ai.usage.")]
    # It would be counted as a call of a model.
    assert "gen_ai.operation.name" not in told
    assert "status" not in request


def test_an_attempt_is_told_by_the_conventions_names() -> None:
    usage = {"input_tokens": 3, "cache_read_input_tokens": 7, "output_tokens": 5}
    body = message(text("hi"), **usage).replace(b'{"type"', b'{"id": "msg_1", "type"', 1)
    body = body.replace(b"claude-opus-5-5", b"claude-opus-5-5-20261101")
    made = attempt(
        body,
        url="https://api.example.com:8443/v1/messages?beta=true&key=hidden",
        upstream_request_id="req-up",
        first_event_ms=25.0,
    )
    _, answered = spans(attempts=[made], stream=True)
    told = attributes(answered)
    assert answered["name"] == "chat claude-opus-5-5"
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "anthropic"
    assert told["gen_ai.conversation.id"] == "s1"
    assert told["gen_ai.request.model"] == "claude-opus-5-5"
    assert told["gen_ai.response.model"] == "claude-opus-5-5-20261101"
    assert told["gen_ai.response.id"] == "msg_1"
    assert told["gen_ai.request.stream"] is True
    assert told["gen_ai.response.time_to_first_chunk"] == 0.025
    assert told["gen_ai.usage.input_tokens"] == "10"
    assert told["gen_ai.usage.output_tokens"] == "5"
    assert told["gen_ai.usage.cache_read.input_tokens"] == "7"
    assert told["gen_ai.response.finish_reasons"] == {"values": [{"stringValue": "end_turn"}]}
    assert (told["server.address"], told["server.port"]) == ("api.example.com", "8443")
    assert told["url.full"] == "https://api.example.com:8443/v1/messages"
    assert (told["axonhub.channel"], told["axonhub.upstream.request_id"]) == ("main", "req-up")
    assert "status" not in answered


def test_what_is_not_known_is_left_out() -> None:
    (alone,) = spans(attempts=[], status="failed", http_status=400)
    assert "gen_ai.provider.name" not in attributes(alone)
    _, unknown = spans(attempts=[attempt(channel="gone", url="echo:")])
    told = attributes(unknown)
    assert not {"gen_ai.provider.name", "server.address", "url.full"} & set(told)
    assert "gen_ai.request.stream" not in told
    _, other = spans(attempts=[attempt(channel="other", url="https://h/v1")])
    assert attributes(other)["gen_ai.provider.name"] == "deepseek"
    assert attributes(other)["server.port"] == "443"


def test_counted_tokens_are_not_used_ones() -> None:
    counted = attempt(b'{"input_tokens": 9}')
    request, asked = spans(operation="count_tokens", attempts=[counted])
    assert request["name"] == "POST /v1/messages/count_tokens"
    assert asked["name"] == "count_tokens claude-opus-5-5"
    assert "gen_ai.usage.input_tokens" not in attributes(asked)


def test_a_clients_own_span_is_the_parent() -> None:
    request, made = spans(traceparent=PARENT, headers=[(b"tracestate", b"a=1"), (b"x", b"y")])
    assert (request["traceId"], request["parentSpanId"]) == (TRACE, SPAN)
    assert (request["traceState"], made["traceState"]) == ("a=1", "a=1")
    # The client's is elsewhere, the request's own is not.
    assert (request["flags"], made["flags"]) == (0x301, 0x101)
    random, _ = spans(traceparent=PARENT[:-1] + "3")
    assert random["flags"] == 0x303


def test_a_context_that_breaks_the_rules_is_none() -> None:
    for wrong in ("nonsense", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-{SPAN}-01"):
        request, _ = spans(traceparent=wrong, headers=[(b"tracestate", b"a=1")])
        assert request["traceId"] == trace_of("r1", None)
        assert not {"parentSpanId", "traceState"} & set(request)
        assert request["flags"] == 0x101


def test_a_pattern_that_hides_ids_in_the_file_parts_no_trace() -> None:
    """The upstream was told the span of an attempt in the client's trace."""
    hidden = Context(Redactor((), ["[0-9a-f]{32}"]), TraceSettings(), READERS)
    made = finished_entry(record("r1", traceparent=PARENT), hidden, stored=False)
    assert TRACE not in str(made.request["traceparent"])
    assert spans_of(made, provider)[0]["traceId"] == TRACE


def test_a_request_that_its_client_does_not_sample_is_not_exported() -> None:
    assert spans(traceparent=PARENT[:-1] + "0") == []


@pytest.mark.parametrize(
    ("status", "code", "kind", "error", "message"),
    [
        ("completed", 200, None, None, None),
        ("canceled", 200, "canceled", "canceled", None),
        ("failed", 529, "529", "529", "answered 529"),
        ("failed", 429, "429_retry_after", "429", "answered 429"),
        ("failed", 200, "broken", "broken", "the answer broke off"),
        ("failed", None, "first_token_timeout", "timeout", "the upstream was silent for too long"),
        ("failed", None, "dropped", "connection", "the upstream could not be reached"),
        ("failed", 200, "529", "529", "answered 529"),
        ("failed", None, "busy", "busy", "failed (busy)"),
        ("failed", None, None, "_OTHER", "failed (_OTHER)"),
    ],
)
def test_an_attempt_fails_with_one_of_few_errors(
    status: str, code: int | None, kind: str | None, error: str | None, message: str | None
) -> None:
    made = attempt(status=status, http_status=code, error=SECRET)
    _, span = spans([None, kind], attempts=[made])
    assert attributes(span).get("error.type") == error
    told = None if message is None else {"code": 2, "message": message}
    assert span.get("status") == told


@pytest.mark.parametrize(
    ("code", "error", "at_fault"), [(400, "400", False), (429, "429", False), (502, "502", True)]
)
def test_a_request_that_was_refused_is_no_fault_of_the_server(
    code: int, error: str, at_fault: bool
) -> None:
    (request,) = spans(attempts=[], status="failed", http_status=code)
    assert attributes(request)["error.type"] == error
    assert ("status" in request) is at_fault


def test_a_stream_that_broke_off_is_an_error_though_its_status_was_200() -> None:
    request, *_ = spans(["broken"], status="failed", http_status=200)
    assert attributes(request)["error.type"] == "broken"
    assert request["status"]["code"] == 2
    assert error_of({"status": "running", "http_status": None}) is None


def test_nothing_that_was_said_is_told_not_even_by_an_upstream() -> None:
    failed = attempt(status="failed", http_status=400, error=f"channel 'main': {SECRET}")
    told = json.dumps(spans(status="failed", error=SECRET, attempts=[failed]))
    assert "say pong" not in told
    assert SECRET not in told


def test_a_cost_that_is_not_all_of_it_is_told_as_such() -> None:
    assert [attributes(span).get("axonhub.unpriced") for span in spans()] == ["1", "1"]
    (refused,) = spans(status="failed", attempts=[])
    assert "axonhub.unpriced" not in attributes(refused)
