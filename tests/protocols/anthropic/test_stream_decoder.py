"""A Messages stream to events: patient with relays, and never a fake end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.ir.collect import collect
from axonhub_cli.ir.events import (
    BlockEnded,
    BlockStarted,
    Event,
    Failed,
    Finished,
    NativeDelta,
    SignatureDelta,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolArgsDelta,
)
from axonhub_cli.ir.request import Opaque, RedactedThinking, Text, Thinking, ToolCall
from axonhub_cli.ir.response import Response, Stop, Usage
from axonhub_cli.protocols.anthropic.response import decode_response
from axonhub_cli.protocols.anthropic.stream_decoder import AnthropicStreamDecoder
from axonhub_cli.protocols.sse import EventSplitter, SseEvent, parse_events

from .events import assert_grammar
from .wire import values

Wire = dict[str, Any]
CITATION = {"type": "char_location", "cited_text": "x"}


def start(index: int, **block: Any) -> Wire:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, type: str, **members: Any) -> Wire:
    return {"type": "content_block_delta", "index": index, "delta": {"type": type, **members}}


def stop(index: int) -> Wire:
    return {"type": "content_block_stop", "index": index}


def end(reason: str | None = "end_turn", **usage: Any) -> Wire:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


BEGIN: Wire = {
    "type": "message_start",
    "message": {"id": "msg_1", "model": "m", "usage": {"input_tokens": 9, "output_tokens": 1}},
}
OVER = {"type": "message_stop"}

STREAM: list[Wire] = [
    BEGIN,
    {"type": "ping"},
    start(0, type="thinking", thinking="", signature=""),
    delta(0, "thinking_delta", thinking="hm "),
    delta(0, "thinking_delta", thinking="é🎈"),
    delta(0, "signature_delta", signature="c2ln"),
    stop(0),
    start(1, type="redacted_thinking", data="r"),
    stop(1),
    start(2, type="text", text="", citations=None),
    delta(2, "text_delta", text="a"),
    delta(2, "citations_delta", citation=CITATION),
    delta(2, "text_delta", text="b"),
    stop(2),
    start(3, type="server_tool_use", id="s", name="web_search", input={}),
    delta(3, "input_json_delta", partial_json='{"query":'),
    delta(3, "input_json_delta", partial_json='"x"}'),
    stop(3),
    start(4, type="tool_use", id="toolu_1", name="f", input={}),
    delta(4, "input_json_delta", partial_json=""),
    delta(4, "input_json_delta", partial_json='{"a": '),
    delta(4, "input_json_delta", partial_json="1}"),
    stop(4),
    end("tool_use", output_tokens=30),
    OVER,
]

WHOLE = {
    "id": "msg_1",
    "model": "m",
    "content": [
        {"type": "thinking", "thinking": "hm é🎈", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "r"},
        {"type": "text", "text": "ab", "citations": [CITATION]},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": '{"a": 1}'},
    ],
    "stop_reason": "tool_use",
    "usage": {"input_tokens": 9, "output_tokens": 30},
}


def encode(events: list[Wire], *, named: bool = True, eol: str = "\n") -> bytes:
    parts = []
    for event in events:
        name = f"event: {event['type']}{eol}" if named else ""
        parts.append(f"{name}data: {json.dumps(event, ensure_ascii=False)}{eol}{eol}")
    return "".join(parts).encode()


def decode(chunks: list[bytes]) -> list[Event]:
    splitter, decoder = EventSplitter(), AnthropicStreamDecoder()
    events: list[Event] = []
    for chunk in chunks:
        for event in parse_events(splitter.feed(chunk)):
            events += decoder.feed(event)
    return events + decoder.close()


def read(*events: Wire) -> list[Event]:
    return decode([encode(list(events))])


def content(*events: Wire) -> tuple[Any, ...]:
    return collect(read(BEGIN, *events, end(), OVER)).content


def failure(events: list[Event]) -> str:
    last = events[-1]
    assert isinstance(last, Failed)
    assert_grammar(events)
    return last.error.message


@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("named", [True, False])
def test_a_stream_says_what_the_whole_answer_says(named: bool, eol: str) -> None:
    events = decode([encode(STREAM, named=named, eol=eol)])
    assert_grammar(events)
    assert collect(events) == decode_response(WHOLE)


@given(st.lists(st.integers(0, 3000), max_size=12), st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_split_of_the_bytes_gives_the_same_events(cuts: list[int], eol: str) -> None:
    data = encode(STREAM, eol=eol)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[a:b] for a, b in zip(places, places[1:], strict=False)]
    assert decode(chunks) == decode([data])


def test_a_stream_cut_at_any_byte_fails_once_with_all_blocks_closed() -> None:
    data = encode(STREAM)
    stop_reason_at = len(data) - len(encode(STREAM[-1:]))
    for cut in range(len(data)):
        events = decode([data[:cut]])
        assert_grammar(events)
        assert isinstance(events[-1], Finished if cut >= stop_reason_at else Failed), data[:cut]


def test_the_events_come_as_they_are_known() -> None:
    assert read(BEGIN, start(0, type="text", text=""), delta(0, "text_delta", text="a"))[:3] == [
        Started(id="msg_1", model="m", usage=Usage(input=9, output=1)),
        BlockStarted(0, "text"),
        TextDelta(0, "a"),
    ]


def test_a_stop_reason_is_an_end_without_its_terminator() -> None:
    events = read(BEGIN, end("max_tokens", output_tokens=7))
    assert events[1:] == [Finished(Stop("max_tokens"), Usage(input=9, output=7))]


def test_a_stop_reason_may_stand_in_the_start() -> None:
    begin = {"type": "message_start", "message": {"stop_reason": "refusal"}}
    assert read(begin)[-1] == Finished(Stop("refusal"))


def test_a_terminator_is_an_end_without_a_stop_reason() -> None:
    tool = start(0, type="tool_use", id="a", name="f", input={})
    assert read(BEGIN, OVER)[-1] == Finished(Stop("end"), Usage(input=9, output=1))
    assert read(BEGIN, tool, stop(0), OVER)[-1] == Finished(
        Stop("tool_use"), Usage(input=9, output=1)
    )
    assert read(OVER) == [Started(), Finished()]


def test_a_refusal_is_told_with_its_explanation() -> None:
    told = {"stop_reason": "refusal", "stop_details": {"explanation": "No."}}
    events = read(BEGIN, {"type": "message_delta", "delta": told}, OVER)
    assert events[-1] == Finished(Stop("refusal", explanation="No."), Usage(input=9, output=1))


def test_zeros_at_the_end_do_not_undo_the_start() -> None:
    events = read(BEGIN, end("end_turn", input_tokens=0, output_tokens=5), OVER)
    assert events[-1] == Finished(Stop("end"), Usage(input=9, output=5))


def test_a_second_message_start_is_none() -> None:
    events = read(BEGIN, BEGIN, start(0, type="text", text="x"), stop(0), end(), OVER)
    assert [type(event) for event in events].count(Started) == 1
    assert_grammar(events)


def test_a_message_start_may_be_missing() -> None:
    events = read(start(0, type="text", text="x"), stop(0), end(), OVER)
    assert events[0] == Started()
    assert collect(events).content == (Text("x"),)


def test_a_block_may_say_all_in_its_start() -> None:
    assert content(
        start(0, type="text", text="x", citations=[CITATION]),
        stop(0),
        start(1, type="thinking", thinking="hm", signature="c2ln"),
        stop(1),
        start(2, type="tool_use", id="a", name="f", input={"b": 1}),
        stop(2),
    ) == (
        Text("x", {"citations": [CITATION]}),
        Thinking("hm", "c2ln"),
        ToolCall("a", "f", '{"b":1}'),
    )


def test_a_call_without_an_id_has_its_place_for_one() -> None:
    nameless = start(1, type="tool_use", id=None, name="f", input={})
    assert content(start(0, type="text", text="x"), stop(0), nameless, stop(1))[1] == ToolCall(
        "toolu_msg_1_1", "f", ""
    )
    whole = {"id": "msg_1", "content": [{"type": "text", "text": "x"}, {"type": "tool_use"}]}
    assert decode_response(whole).content[1] == ToolCall("toolu_msg_1_1", "unknown", "{}")


def test_input_in_the_start_gives_way_to_deltas() -> None:
    assert content(
        start(0, type="tool_use", id="a", name="f", input={"b": 1}),
        delta(0, "input_json_delta", partial_json='{"b":2}'),
        stop(0),
    ) == (ToolCall("a", "f", '{"b":2}'),)


def test_blocks_that_never_began_or_ended_are_blocks_all_the_same() -> None:
    events = read(
        BEGIN,
        delta(0, "thinking_delta", thinking="hm"),
        delta(1, "text_delta", text="a"),
        delta(1, "text_delta", text="b"),
        stop(7),
        end(),
        OVER,
    )
    assert_grammar(events)
    assert collect(events).content == (Thinking("hm"), Text("ab"))


def test_reasoning_inside_a_text_block_is_a_block_of_its_own() -> None:
    """litellm #32357 sends `thinking_delta` inside a text block."""
    assert content(
        start(0, type="text", text=""),
        delta(0, "thinking_delta", thinking="hm"),
        delta(0, "signature_delta", signature="c2ln"),
        delta(0, "text_delta", text="a"),
        stop(0),
    ) == (Text(""), Thinking("hm", "c2ln"), Text("a"))


def test_an_index_used_again_is_another_block() -> None:
    events = read(
        BEGIN,
        start(0, type="text", text="a"),
        start(0, type="tool_use", id="t", name="f", input={}),
        stop(0),
        start(0, type="text", text="b"),
        stop(0),
        OVER,
    )
    assert_grammar(events)
    assert collect(events).content == (Text("a"), ToolCall("t", "f", ""), Text("b"))


def test_blocks_may_interleave() -> None:
    events = read(
        BEGIN,
        start(0, type="tool_use", id="a", name="f", input={}),
        start(1, type="tool_use", id="b", name="f", input={}),
        delta(1, "input_json_delta", partial_json="{}"),
        delta(0, "input_json_delta", partial_json='{"x":1}'),
        stop(1),
        stop(0),
        OVER,
    )
    assert_grammar(events)
    assert collect(events).content == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "f", "{}"))


def test_an_unknown_block_is_kept_whole() -> None:
    assert content(
        start(0, type="compaction", content=None),
        delta(0, "compaction_delta", content="summary"),
        stop(0),
    ) == (Opaque("anthropic", "compaction", {"type": "compaction", "content": "summary"}),)
    assert content(start(0, type="redacted_thinking", data="r"), stop(0)) == (
        RedactedThinking("r"),
    )


def test_an_unknown_delta_is_handed_on_and_no_part_of_the_text() -> None:
    events = read(
        BEGIN, start(0, type="text", text="a"), delta(0, "glow_delta", glow=1), stop(0), end(), OVER
    )
    assert NativeDelta(0, "anthropic", {"type": "glow_delta", "glow": 1}) in events
    assert collect(events).content == (Text("a"),)


def test_unknown_events_mean_nothing() -> None:
    events = read(BEGIN, {"type": "weather"}, delta(5, "glow_delta"), end(), OVER)
    assert [type(event) for event in events] == [Started, Finished]


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
        b'{"error":{"type":"overloaded_error","message":"Overloaded"}}',
        b'{"error":"Overloaded"}',
    ],
)
def test_an_error_ends_the_stream(data: bytes) -> None:
    events = decode([encode([BEGIN, start(0, type="text", text="a")]) + b"data: " + data + b"\n\n"])
    assert failure(events) == "Overloaded"


def test_an_error_has_its_kind() -> None:
    data = b'{"type":"error","error":{"type":"overloaded_error","message":"m"}}'
    (failed,) = AnthropicStreamDecoder().feed(SseEvent("error", data))
    assert isinstance(failed, Failed)
    assert (failed.error.kind, failed.error.status) == ("overloaded", 529)


def test_nothing_is_said_after_the_end() -> None:
    for last in (OVER, {"type": "error", "error": {}}):
        events = read(BEGIN, last, start(0, type="text", text="x"), OVER)
        assert len(events) == 2


def test_done_and_empty_data_mean_nothing() -> None:
    decoder = AnthropicStreamDecoder()
    for event in (SseEvent("", b"[DONE]"), SseEvent("message_stop", b""), SseEvent("ping", b"{")):
        assert decoder.feed(event) == []


def test_data_that_is_no_json_fails() -> None:
    assert "not JSON" in failure(decode([encode([BEGIN]) + b"data: <html>\n\n"]))


def test_arguments_without_a_call_fail() -> None:
    events = read(BEGIN, delta(3, "input_json_delta", partial_json="{}"), end(), OVER)
    assert "never began" in failure(events)


def test_arguments_inside_a_text_are_handed_on() -> None:
    events = read(
        BEGIN,
        start(0, type="text", text="a"),
        delta(0, "input_json_delta", partial_json="{}"),
        end(),
        OVER,
    )
    assert isinstance(events[3], NativeDelta)


def test_an_empty_stream_fails() -> None:
    assert "before its answer was complete" in failure(decode([]))


@given(
    st.lists(
        st.fixed_dictionaries({"type": st.sampled_from([e["type"] for e in STREAM])}), max_size=6
    ),
    values,
)
def test_any_events_keep_the_grammar(kinds: list[Wire], value: Any) -> None:
    members = ("index", "delta", "content_block", "message", "usage", "error")
    events = read(*[kind | dict.fromkeys(members, value) for kind in kinds])
    assert_grammar(events)


@given(st.permutations(STREAM))
def test_any_order_keeps_the_grammar(shuffled: list[Wire]) -> None:
    assert_grammar(read(*shuffled))


def test_the_deltas_are_the_hub_s() -> None:
    kinds = {type(event) for event in decode([encode(STREAM)])}
    assert {TextDelta, ThinkingDelta, SignatureDelta, ToolArgsDelta, NativeDelta} <= kinds
    assert {BlockStarted, BlockEnded, Started, Finished} <= kinds


def test_a_stream_s_response_has_its_start() -> None:
    whole = collect(read(BEGIN, end("end_turn", output_tokens=2), OVER))
    assert whole == Response(id="msg_1", model="m", usage=Usage(input=9, output=2))
