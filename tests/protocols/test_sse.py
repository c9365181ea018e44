"""Events in a stream of bytes: whatever the chunking, the same bytes come out in whole events."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from axonhub_cli.protocols.sse import (
    EventSplitter,
    SseEvent,
    encode_event,
    end_of_events,
    parse_events,
    parse_events_backwards,
)

LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])
TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
LINES = st.one_of(
    TEXT.map("data: {}".format),
    TEXT.map("event: {}".format),
    TEXT.map(": {}".format),  # a comment
    TEXT.map("id: {}".format),
    st.just("data"),
)


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[int]]:
    """A stream of one kind of line end, perhaps cut in its last event, and where events end."""
    end = draw(LINE_ENDS)
    data = draw(st.sampled_from(["", "\ufeff"])).encode()
    ends = []
    for lines in draw(st.lists(st.lists(LINES, min_size=1, max_size=4), max_size=6)):
        data += "".join(line + end for line in lines).encode() + end.encode()
        ends.append(len(data))
    return data + draw(st.sampled_from(["", "data: half", f"data: half{end}"])).encode(), ends


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in zip(places, places[1:], strict=False)]


@given(streams(), st.lists(st.integers(0, 500), max_size=12))
@example((b"data: \xf0\x9f\x8e\x88\r\n\r\n", [14]), [7, 8, 9, 11, 12, 13])
@example((b"data: a\n\ndata: b\r\r", [9, 18]), list(range(18)))
def test_any_split_gives_the_same_bytes_in_whole_events(
    stream: tuple[bytes, list[int]], cuts: list[int]
) -> None:
    data, ends = stream
    splitter = EventSplitter()
    out = b""
    fed = 0
    for chunk in split(data, cuts):
        run = splitter.feed(chunk)
        fed += len(chunk)
        out += run
        assert out == data[: max([end for end in ends if end <= fed], default=0)]
        assert out + splitter.held == data[:fed]
    assert splitter.held == data[max(ends, default=0) :]


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_any_bytes_at_all_pass_unchanged(chunks: list[bytes]) -> None:
    splitter = EventSplitter()
    out = b"".join(splitter.feed(chunk) for chunk in chunks)
    assert out + splitter.held == b"".join(chunks)


@given(st.lists(st.sampled_from([b"\r", b"\n", b"a"]), max_size=12))
def test_what_is_held_holds_no_blank_line(pieces: list[bytes]) -> None:
    splitter = EventSplitter()
    for piece in pieces:
        splitter.feed(piece)
    assert end_of_events(splitter.held) == 0


def test_a_run_of_whole_events_is_passed_without_a_copy() -> None:
    chunk = b"data: a\n\ndata: b\n\n"
    assert EventSplitter().feed(chunk) is chunk


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_events_are_parsed_with_any_line_end(end: str) -> None:
    lines = ["\ufeffevent: one", "data: {", "data:}", "", ": comment", "", "id: 4", "data: x", ""]
    data = "".join(line + end for line in lines).encode()
    expected = [SseEvent("one", b"{\n}"), SseEvent("", b"x")]
    assert list(parse_events(data)) == expected
    assert list(parse_events_backwards(data)) == expected[::-1]


def test_an_unfinished_event_is_not_returned() -> None:
    assert list(parse_events(b"data: a\n\ndata: b\n")) == [SseEvent("", b"a")]
    assert list(parse_events_backwards(b"data: a\n\ndata: b\n")) == [SseEvent("", b"a")]


def test_backwards_may_begin_inside_an_event() -> None:
    assert list(parse_events_backwards(b'ta: "half"}\n\nevent: b\n\n')) == [SseEvent("b", b"")]


def test_only_one_space_after_the_colon_is_no_value() -> None:
    assert list(parse_events(b"data:  a\n\ndata:b\n\n")) == [
        SseEvent("", b" a"),
        SseEvent("", b"b"),
    ]


@given(TEXT, TEXT)
def test_an_encoded_event_is_read_back(name: str, data: str) -> None:
    written = encode_event(name, data.encode())
    assert end_of_events(written) == len(written)
    found = list(parse_events(written))
    assert found == ([SseEvent(name, data.encode())])
