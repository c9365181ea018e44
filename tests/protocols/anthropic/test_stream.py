"""Where an Anthropic stream commits, and whether it ended or was cut off."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.protocols.anthropic.stream import is_terminal, read_end, read_point
from axonhub_cli.protocols.base import StreamEnd, StreamPoint
from axonhub_cli.protocols.sse import EventSplitter


def event(kind: str, end: str = "\n", named: bool = True, **fields: Any) -> bytes:
    name = f"event: {kind}{end}" if named else ""
    return f"{name}data: {json.dumps({'type': kind} | fields)}{end}{end}".encode()


def complete(end: str = "\n", named: bool = True) -> list[bytes]:
    """A whole stream, an event each."""

    def e(kind: str, **fields: Any) -> bytes:
        return event(kind, end, named, **fields)

    return [
        e("message_start", message={"id": "msg_1", "usage": {"input_tokens": 1}}),
        e("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        e("ping"),
        e("content_block_delta", index=0, delta={"type": "text_delta", "text": "stop_reason 🎈"}),
        f": a comment{end}{end}".encode(),
        e("content_block_stop", index=0),
        e("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 3}),
        e("message_stop"),
    ]


SHAPES = [(end, named) for end in ("\n", "\r\n", "\r") for named in (True, False)]


@pytest.mark.parametrize(("end", "named"), SHAPES)
def test_a_cut_stream_is_complete_only_after_its_stop_reason(end: str, named: bool) -> None:
    """Cut at every byte: judged by its whole events, as the relay does it."""
    events = complete(end, named)
    data = b"".join(events)
    stop_reason_at = len(data) - len(events[-1])
    for cut in range(len(data) + 1):
        judged = read_end(EventSplitter().feed(data[:cut]))
        assert judged.error is None
        assert (judged.missing is not None) == (cut >= stop_reason_at), data[:cut]
        assert (judged.missing == b"") == (cut == len(data))


@pytest.mark.parametrize(("end", "named"), SHAPES)
def test_only_the_terminator_is_added(end: str, named: bool) -> None:
    missing = read_end(b"".join(complete(end, named)[:-1])).missing
    assert missing is not None
    assert read_end(missing) == StreamEnd()
    assert read_end(b"".join(complete(end, named)[:-1]) + missing) == StreamEnd()


def test_a_tail_may_begin_anywhere() -> None:
    """The relay keeps the last bytes only. Cut inside the name of an event, its data tells."""
    data = b"".join(complete())
    last_line = data.rindex(b"data: ")
    for start in range(len(data)):
        assert read_end(data[start:]).missing == (b"" if start <= last_line else None)


def test_pings_after_the_stop_reason_change_nothing() -> None:
    tail = b"".join([*complete()[:-1], event("ping"), b": hm\n\n", event("ping")])
    assert read_end(tail).missing


@pytest.mark.parametrize("reason", [None, "", 0, [], {}])
def test_an_empty_stop_reason_is_none(reason: object) -> None:
    tail = event("message_delta", delta={"stop_reason": reason})
    assert read_end(tail).missing is None


@pytest.mark.parametrize(
    "data", [b"{", b"null", b"[]", b'{"delta": 3}', b'{"delta": {"stop_reason": "end_turn"}']
)
def test_a_broken_message_delta_is_no_end(data: bytes) -> None:
    assert read_end(b"event: message_delta\ndata: " + data + b"\n\n").missing is None


def test_an_error_ends_a_stream_and_is_told() -> None:
    tail = event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    assert read_end(complete()[0] + tail) == StreamEnd(error="Overloaded")
    assert read_end(b"event: error\ndata: oops\n\n").error == "an error event without a message"
    assert read_end(event("error", named=False)).error is not None


def test_what_follows_a_stop_reason_counts() -> None:
    """A stop reason whose stream goes on was not the end of it."""
    events = complete()
    assert read_end(b"".join([events[6], events[3]])).missing is None


def test_a_stream_commits_with_its_first_content() -> None:
    for named in (True, False):
        events = complete(named=named)
        points = [read_point(item) for item in events]
        assert [point.committed for point in points] == [
            kind not in (0, 2, 4) for kind in range(len(events))
        ]
        assert read_point(events[0] + events[2] + events[4]) == StreamPoint()
        assert read_point(b"".join(events)).committed


def test_whichever_comes_first_counts() -> None:
    error = event("error", error={"message": "hm"})
    first = read_point(complete()[0] + error + complete()[1])
    assert first.error is not None
    assert json.loads(first.error)["error"] == {"message": "hm"}
    assert read_point(complete()[1] + error) == StreamPoint(committed=True)


def test_a_message_is_an_event_without_a_name() -> None:
    """`event: message` is what a nameless event is called; its data tells the type."""
    assert read_point(b'event: message\ndata: {"type": "content_block_start"}\n\n').committed


@given(st.lists(st.binary(max_size=30), max_size=6))
def test_garbage_never_raises_and_never_ends_well(lines: list[bytes]) -> None:
    tail = b"".join(b"data: %b\n\n" % line for line in lines)
    assert read_end(tail).missing is None
    # Bytes with a line end in them may name an event.
    assert not read_point(tail).committed or b"event" in tail


def test_deep_nesting_is_no_content() -> None:
    deep = b"data: " + b'{"a":' * 100_000 + b"\n\n"
    assert read_point(deep) == StreamPoint()
    assert read_end(deep).missing is None


def test_unknown_events_are_passed_over() -> None:
    assert read_point(event("brand_new")) == StreamPoint()
    assert read_end(b"".join([*complete(), event("brand_new")])) == StreamEnd()


STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
ERROR = b'data: {"type": "error", "error": {}}\n\n'
DELTA = b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":%b}\n\n'


@pytest.mark.parametrize(
    ("data", "expected"),
    [(STOP, True), (ERROR, True), (STOP + b"data: [DONE]\n\n", True), (b": ping\n\n", False)]
    + [(DELTA % b'{"text":"\\"error\\" message_stop"}', False), (DELTA % b'"error"', False)],
)
def test_what_ends_a_stream_is_told_from_words_in_it(data: bytes, expected: bool) -> None:
    assert is_terminal(data) is expected
