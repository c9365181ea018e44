"""What an upstream is told of the trace that a request belongs to."""

from __future__ import annotations

from typing import Any

from axonhub_cli.config.schema import Channel, Config, Key, Telemetry
from axonhub_cli.config.secrets import Secret
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.outgoing import prepare
from axonhub_cli.proxy.reply import HeaderList
from axonhub_cli.proxy.snapshot import Limits, Snapshot, Token
from axonhub_cli.proxy.target import Origin
from axonhub_cli.proxy.trace_context import sole_parent
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.tracing.context import parse, span_of, trace_of

TRACE, SPAN = "a" * 32, "b" * 16
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"
STATE = "vendor=1,other=2"
API, SUBSCRIPTION = "sk-ant-api03-" + "x" * 8, "sk-ant-oat01-" + "x" * 8
COLLECTOR = "http://localhost:4318"


def sent(
    parent: str | None = None,
    *,
    attempt: int = 2,
    token: str = API,
    converted: bool = False,
    **telemetry: Any,
) -> list[tuple[str, str]]:
    headers: HeaderList = [(b"x-other", b"1"), (b"baggage", b"user=me")]
    if parent is not None:
        headers += [(b"traceparent", parent.encode()), (b"tracestate", STATE.encode())]
    protocol = PROTOCOLS["anthropic"]
    call = ClientCall(
        protocol=protocol,
        route=protocol.routes[0],
        query="",
        headers=headers,
        body=b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}',
        key=Key("default", "sha256:0"),
        profile=None,
        snapshot=Snapshot(config=Config(telemetry=Telemetry(**telemetry))),
    )
    candidate = Candidate(
        Channel(name="main", type="openai-compatible" if converted else "anthropic"),
        "m",
        "openai_chat" if converted else "anthropic",
        "https://api.example.com",
        native=not converted,
    )
    limits = Limits(connect=1.0, first_event=1.0, idle=1.0, total=1.0)
    origin = Origin("req_1", attempt=attempt, told=parse(parent))
    made = prepare(call, candidate, Token("t", Secret(token)), limits, origin)
    names = ("traceparent", "tracestate", "baggage")
    told = [(name.decode(), value.decode()) for name, value in made.call.headers]
    return [header for header in told if header[0] in names]


def test_an_exported_attempt_is_the_parent_of_what_happens_upstream() -> None:
    for converted in (False, True):
        found = sent(SAMPLED, converted=converted, otlp_endpoint=COLLECTOR)
        own = f"00-{TRACE}-{span_of('req_1', 2)}-01"
        assert found == [("traceparent", own), ("tracestate", STATE)]


def test_a_client_without_a_trace_gets_one_of_the_gateways() -> None:
    own = f"00-{trace_of('req_1', None)}-{span_of('req_1', 1)}-01"
    assert sent(attempt=1, otlp_endpoint=COLLECTOR) == [("traceparent", own)]
    invalid = f"00-{TRACE}-{'0' * 16}-01"
    assert sent(invalid, attempt=1, otlp_endpoint=COLLECTOR) == [("traceparent", own)]


def test_what_the_client_does_not_keep_stays_unkept() -> None:
    found = sent(UNSAMPLED, otlp_endpoint=COLLECTOR)
    assert found[0] == ("traceparent", f"00-{TRACE}-{span_of('req_1', 2)}-00")


def test_without_an_exporter_the_clients_own_passes_unchanged_if_it_is_valid() -> None:
    for converted in (False, True):
        for parent in (SAMPLED, UNSAMPLED, f"01-{TRACE}-{SPAN}-01-more"):
            found = sent(parent, converted=converted)
            assert found == [("traceparent", parent), ("tracestate", STATE)]
        assert sent(f"ff-{TRACE}-{SPAN}-01", converted=converted) == []
    assert sent() == []


def test_a_subscription_is_told_nothing_that_its_client_did_not_begin() -> None:
    assert sent(token=SUBSCRIPTION, otlp_endpoint=COLLECTOR) == []
    found = sent(SAMPLED, token=SUBSCRIPTION, otlp_endpoint=COLLECTOR)
    assert found[0] == ("traceparent", f"00-{TRACE}-{span_of('req_1', 2)}-01")


def test_no_upstream_is_told_a_trace_where_that_is_switched_off() -> None:
    assert sent(SAMPLED, propagate=False) == []
    assert sent(SAMPLED, propagate=False, otlp_endpoint=COLLECTOR) == []


def test_a_replay_and_a_test_belong_to_no_trace() -> None:
    assert sent(SAMPLED, attempt=0, otlp_endpoint=COLLECTOR) == []


def test_of_two_parents_none_counts() -> None:
    one: HeaderList = [(b"traceparent", SAMPLED.encode())]
    assert sole_parent(one, SAMPLED) == SAMPLED
    assert sole_parent(one * 2, SAMPLED) is None
    assert sole_parent([], None) is None
