import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.ir.events import Finished
from axonhub_cli.ir.response import Usage
from axonhub_cli.protocols.anthropic.answer import read_answer, read_totals
from axonhub_cli.protocols.anthropic.stream_decoder import AnthropicStreamDecoder
from axonhub_cli.protocols.base import Answer
from axonhub_cli.protocols.sse import parse_events

EVENTS: list[dict[str, object]] = [
    {
        "type": "message_start",
        "message": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-opus-5-5",
            "content": [],
            "stop_reason": None,
            "usage": {
                "input_tokens": 12,
                "cache_creation_input_tokens": 40,
                "cache_read_input_tokens": 900,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 30,
                    "ephemeral_1h_input_tokens": 10,
                },
                "output_tokens": 1,
            },
        },
    },
    {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "thinking", "thinking": "", "signature": ""},
    },
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "thinking_delta", "thinking": "Hm."},
    },
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "signature_delta", "signature": "c2ln"},
    },
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "po"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "ng"}},
    {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "citations_delta", "citation": {"cited_text": "x"}},
    },
    {"type": "content_block_stop", "index": 1},
    {
        "type": "content_block_start",
        "index": 2,
        "content_block": {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 2,
        "delta": {"type": "input_json_delta", "partial_json": '{"command"'},
    },
    {
        "type": "content_block_delta",
        "index": 2,
        "delta": {"type": "input_json_delta", "partial_json": ': "ls"}'},
    },
    {"type": "content_block_stop", "index": 2},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 55, "output_tokens_details": {"thinking_tokens": 7}},
    },
    {"type": "message_stop"},
]

USAGE = Usage(
    input=12,
    cache_read=900,
    cache_write=40,
    output=55,
    reasoning=7,
    cache_write_5m=30,
    cache_write_1h=10,
)


def sse(events: list[dict[str, object]], *, end: str = "\n", names: bool = True) -> bytes:
    name = "event: {}" + end if names else ""
    return "".join(
        name.format(event["type"]) + f"data: {json.dumps(event)}{end}{end}" for event in events
    ).encode()


def test_a_stream_is_read_to_its_message() -> None:
    answer = read_answer(sse(EVENTS))
    assert answer == Answer(
        model="claude-opus-5-5",
        stop_reason="tool_use",
        usage=USAGE,
        content=(
            {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
            {"type": "text", "text": "pong", "citations": [{"cited_text": "x"}]},
            {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}},
        ),
        complete=True,
        id="msg_1",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("names", [True, False])
def test_line_ends_names_and_comments_make_no_difference(end: str, names: bool) -> None:
    stream = f": a comment{end}{end}".encode() + sse(EVENTS, end=end, names=names)
    assert read_answer(stream) == read_answer(sse(EVENTS))


def test_totals_are_the_answer_without_its_content() -> None:
    for names in (True, False):
        totals = read_totals(sse(EVENTS, names=names))
        assert totals == Answer(
            model="claude-opus-5-5", stop_reason="tool_use", usage=USAGE, complete=True, id="msg_1"
        )


def test_totals_in_the_middle_of_the_content_are_found() -> None:
    early = [*EVENTS[:3], EVENTS[-2], *EVENTS[3:-2], EVENTS[-1]]
    assert read_totals(sse(early)) == read_totals(sse(EVENTS))


def test_data_over_several_lines_is_one_event() -> None:
    stream = b'event: message_stop\ndata: {"type":\ndata: "message_stop"}\n\n'
    assert read_answer(stream).complete


def test_a_message_in_json_is_read() -> None:
    body = json.dumps(
        {
            "id": "msg_1",
            "type": "message",
            "model": "m",
            "content": [{"type": "text", "text": "hi"}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 3, "output_tokens": 4},
        }
    ).encode()
    expected = Answer(
        model="m",
        stop_reason="end_turn",
        usage=Usage(input=3, output=4),
        content=({"type": "text", "text": "hi"},),
        complete=True,
        id="msg_1",
    )
    assert read_answer(body) == expected
    assert read_totals(b"\xef\xbb\xbf \n" + body).usage == Usage(input=3, output=4)


def test_counted_tokens_are_input() -> None:
    assert read_answer(b'{"input_tokens": 21}') == Answer(usage=Usage(input=21), complete=True)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            b'{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}',
            "Overloaded",
        ),
        (b'{"error": {"type": "api_error"}}', "api_error"),
        (b'{"error": "no credit"}', "no credit"),
        (b'{"error": {"code": 7}}', "an error without a message"),
        (
            b'event: error\ndata: {"type": "error", "error": {"message": "Overloaded"}}\n\n',
            "Overloaded",
        ),
    ],
)
def test_an_error_is_told_by_its_message(body: bytes, error: str) -> None:
    assert read_answer(body) == Answer(error=error)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"type": "mess', b"[1]", b"data: \n\n", b"7"])
def test_what_is_no_answer_says_nothing(body: bytes) -> None:
    assert read_answer(body) == Answer()


def test_a_stream_cut_in_the_middle_keeps_what_came() -> None:
    answer = read_answer(sse(EVENTS[:13]) + b'event: content_block_delta\ndata: {"type": "con')
    assert answer.content[1] == {
        "type": "text",
        "text": "pong",
        "citations": [{"cited_text": "x"}],
    }
    assert answer.content[2]["input"] == '{"command"'
    assert (answer.usage.input, answer.usage.output) == (12, 1)
    assert (answer.complete, answer.stop_reason) == (False, None)


def test_an_error_in_the_middle_makes_an_answer_incomplete() -> None:
    broken: dict[str, object] = {"type": "error", "error": {"message": "Overloaded"}}
    answer = read_answer(sse([*EVENTS[:6], broken]))
    assert (answer.error, answer.complete, answer.model) == ("Overloaded", False, "claude-opus-5-5")


def test_a_stop_reason_completes_a_stream_without_a_terminator() -> None:
    assert read_answer(sse(EVENTS[:-1])).complete


def test_zeros_at_the_end_do_not_undo_the_prompt_of_the_beginning() -> None:
    last: dict[str, object] = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 0},
    }
    usage = read_answer(sse([EVENTS[0], last])).usage
    assert (usage.input, usage.cache_read, usage.output) == (12, 900, 1)


def test_counts_that_come_only_at_the_end_are_taken() -> None:
    last: dict[str, object] = {
        "type": "message_delta",
        "usage": {"input_tokens": 5, "cache_creation_input_tokens": 6, "output_tokens": 2},
    }
    assert read_answer(sse([last])).usage == Usage(input=5, cache_write=6, output=2)


def test_the_parts_of_a_cache_write_make_its_sum() -> None:
    usage = {"cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 3}}
    body = json.dumps({"content": [], "usage": usage}).encode()
    assert read_answer(body).usage.cache_write == 5


@pytest.mark.parametrize("count", ["true", "-1", "1.5", '"7"', "null", "9" * 40, "[]"])
def test_a_count_that_is_no_count_is_unknown(count: str) -> None:
    body = f'{{"content": [], "usage": {{"input_tokens": {count}}}}}'.encode()
    assert read_answer(body).usage == Usage()


def test_text_that_looks_like_an_event_is_text() -> None:
    trap = "\n\nevent: message_delta\ndata: {}\n\n"
    events = [
        EVENTS[0],
        EVENTS[5],
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": trap}},
        *EVENTS[-2:],
    ]
    assert read_answer(sse(events)).content == ({"type": "text", "text": trap},)
    assert read_totals(sse(events)).usage == USAGE


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "type message delta usage content content_block index error input_tokens "
                "cache_creation partial_json text citation".split()
            ),
            inner | st.sampled_from(["message_start", "content_block_delta", "text_delta"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    for answer in (body, b"data: " + body + b"\n\n", b"{" + body):
        assert read_totals(answer).usage == read_answer(answer).usage


@given(st.lists(json_values, max_size=6))
def test_no_events_break_the_reading(values: list[object]) -> None:
    stream = b"".join(b"data: " + json.dumps(value).encode() + b"\n\n" for value in values)
    assert read_totals(stream).usage == read_answer(stream).usage
    for value in values:
        assert isinstance(read_answer(json.dumps(value).encode()).content, tuple)


@given(st.integers(min_value=0, max_value=len(sse(EVENTS))))
def test_a_stream_cut_anywhere_reads_as_the_beginning_of_the_whole(cut: int) -> None:
    part, whole = read_answer(sse(EVENTS)[:cut]), read_answer(sse(EVENTS))
    assert part.error is None
    assert len(part.content) <= len(whole.content)
    assert not part.complete or part.usage == whole.usage


def test_deep_nesting_is_no_answer() -> None:
    assert read_answer(b"[" * 100_000) == Answer()
    assert read_answer(b'{"content": ' + b"[" * 100_000 + b"]" * 100_000 + b"}") == Answer()


def stream_of(first: dict[str, object], last: dict[str, object]) -> bytes:
    message = {"type": "message", "model": "m", "usage": first}
    ended = {"stop_reason": "end_turn"}
    return sse(
        [
            {"type": "message_start", "message": message},
            {"type": "message_delta", "delta": ended, "usage": last},
            {"type": "message_stop"},
        ]
    )


@pytest.mark.parametrize(
    ("first", "last", "usage"),
    [
        ({"input_tokens": 12.0}, {"output_tokens": 5.0}, Usage(input=12, output=5)),
        (
            {"input_tokens": -40, "cached_tokens": 50},
            {"output_tokens": 5},
            Usage(input=10, cache_read=50, output=5),
        ),
        # Nobody counted, whatever the zeros say.
        ({"input_tokens": 0, "output_tokens": 0}, {"output_tokens": 0}, Usage()),
        (
            {"input_tokens": 23},
            {
                "input_tokens": 23,
                "output_tokens": 10,
                "iterations": [
                    {"type": "compaction", "input_tokens": 180, "output_tokens": 35},
                    {"type": "message", "input_tokens": 23, "output_tokens": 10},
                ],
                "server_tool_use": {"web_search_requests": 2},
            },
            Usage(input=203, output=45, web_searches=2),
        ),
    ],
)
def test_the_trace_counts_as_the_converter_does(
    first: dict[str, object], last: dict[str, object], usage: Usage
) -> None:
    stream = stream_of(first, last)
    assert read_totals(stream).usage == usage
    decoder = AnthropicStreamDecoder()
    events = [event for sse in parse_events(stream) for event in decoder.feed(sse)]
    (finished,) = [event for event in events if isinstance(event, Finished)]
    if usage != Usage():
        assert finished.usage == usage


@pytest.mark.parametrize("content", [[], [{"type": "text", "text": "pong"}]])
def test_an_output_of_none_beside_an_answer_is_not_counted(content: list[object]) -> None:
    body = {"content": content, "usage": {"input_tokens": 12, "output_tokens": 0}}
    expected = Usage(input=12, output=None if content else 0)
    assert read_totals(json.dumps(body).encode()).usage == expected
    zeros = stream_of({"input_tokens": 12}, {"output_tokens": 0})
    assert read_totals(zeros).usage == Usage(input=12, output=0)
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta"}}
    assert read_totals(sse([delta]) + zeros).usage == Usage(input=12)


def test_what_its_price_depends_on_is_told() -> None:
    first = {"input_tokens": 1, "inference_geo": "us", "service_tier": "standard"}
    last = {"output_tokens": 2, "cost": 0.5, "iterations": [{"type": "advisor_message"}]}
    answer = read_totals(stream_of(first, last))
    assert answer.told == {"inference_geo": "us", "service_tier": "standard", "cost": "0.5"}
    assert answer.partial
