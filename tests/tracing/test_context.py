"""Which trace contexts count, and which ids follow from a request's own."""

import pytest

from axonhub_cli.tracing.context import (
    REQUEST,
    TraceContext,
    flags_of,
    is_kept,
    parse,
    span_of,
    trace_of,
    write,
)

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-01", 1),
        (f"00-{TRACE}-{SPAN}-00", 0),
        (f"00-{TRACE}-{SPAN}-03", 3),
        (f"00-{TRACE}-{SPAN}-fd", 1),
        (f"cc-{TRACE}-{SPAN}-01", 1),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", 1),
    ],
)
def test_a_context_is_read_as_far_as_it_is_known(value: str, flags: int) -> None:
    assert parse(value) == TraceContext(TRACE, SPAN, flags)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "nonsense",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01-",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01\n",
        f"0x-{TRACE}-{SPAN}-01",
    ],
)
def test_what_breaks_a_rule_is_no_context(value: str | None) -> None:
    assert parse(value) is None


def test_ids_follow_from_the_requests_own_and_differ_by_attempt() -> None:
    told = parse(f"00-{TRACE}-{SPAN}-01")
    spans = [span_of("req_1", number) for number in (REQUEST, 1, 2)]
    assert spans == [span_of("req_1", number) for number in (REQUEST, 1, 2)]
    assert len({*spans, span_of("req_2", REQUEST)}) == 4
    assert trace_of("req_1", told) == TRACE
    assert len(trace_of("req_1", None)) == 32
    assert trace_of("req_1", None) != trace_of("req_2", None)


def test_what_is_sent_names_the_own_span_and_keeps_the_clients_decision() -> None:
    own = span_of("req_1", 2)
    for flags, kept in (("01", True), ("00", False), ("03", True), ("02", False)):
        told = parse(f"00-{TRACE}-{SPAN}-{flags}")
        assert write("req_1", 2, told) == f"00-{TRACE}-{own}-{flags}"
        assert (is_kept(told), flags_of(told)) == (kept, int(flags, 16))
    assert write("req_1", 2, None) == f"00-{trace_of('req_1', None)}-{own}-01"
    assert is_kept(None)
    assert parse(write("req_1", 2, None)) == TraceContext(trace_of("req_1", None), own, 1)
