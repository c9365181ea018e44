"""Events to a Messages stream: what Claude Code takes, whatever order the upstream's came in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli import jsonio
from axonhub_cli.errors import ErrorInfo
from axonhub_cli.ir.collect import collect, replay
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
from axonhub_cli.ir.request import Block, Opaque, RedactedThinking, Text, Thinking, ToolCall
from axonhub_cli.ir.response import Response, Stop, Usage
from axonhub_cli.protocols.anthropic.response import decode_response, encode_response
from axonhub_cli.protocols.anthropic.stream_decoder import AnthropicStreamDecoder
from axonhub_cli.protocols.anthropic.stream_encoder import AnthropicStreamEncoder
from axonhub_cli.protocols.codec import UNSIGNED, ReplyContext
from axonhub_cli.protocols.sse import parse_events

from .events import assert_grammar, assert_message_stream, parse_stream

CONTEXT = ReplyContext(model="claude-asked", id="msg_ours")
CITATION = {"type": "char_location", "cited_text": "x"}

Wire = dict[str, Any]


def encode(*events: Event) -> list[Wire]:
    encoder = AnthropicStreamEncoder(CONTEXT)
    wire = parse_stream(b"".join(encoder.feed(event) for event in events))
    assert_message_stream(wire)
    return wire


def said(*events: Event) -> list[Wire]:
    """The deltas and block bounds between the message's start and end."""
    return encode(Started(), *events, Finished())[1:-2]


def block(index: int, content: Wire, *deltas: Wire) -> list[Wire]:
    return [
        {"type": "content_block_start", "index": index, "content_block": content},
        *[{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas],
        {"type": "content_block_stop", "index": index},
    ]


def test_a_stream_of_claude_s_shape() -> None:
    wire = encode(
        Started(id="msg_up", model="deepseek-chat", usage=Usage(input=7)),
        BlockStarted(0, "text"),
        TextDelta(0, "a"),
        TextDelta(0, 'é🎈"\n'),
        BlockEnded(0),
        Finished(Stop("max_tokens"), Usage(input=9, cache_read=3, output=5, reasoning=2)),
    )
    assert wire == [
        {
            "type": "message_start",
            "message": {
                "id": "msg_up",
                "type": "message",
                "role": "assistant",
                "model": "claude-asked",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {
                    "input_tokens": 7,
                    "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": 0,
                    "cache_creation": {
                        "ephemeral_5m_input_tokens": 0,
                        "ephemeral_1h_input_tokens": 0,
                    },
                    "output_tokens": 0,
                    "service_tier": "standard",
                },
            },
        },
        *block(
            0,
            {"type": "text", "text": ""},
            {"type": "text_delta", "text": "a"},
            {"type": "text_delta", "text": 'é🎈"\n'},
        ),
        {
            "type": "message_delta",
            "delta": {"stop_reason": "max_tokens", "stop_sequence": None},
            "usage": {
                "input_tokens": 9,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 3,
                "output_tokens": 5,
                "output_tokens_details": {"thinking_tokens": 2},
            },
        },
        {"type": "message_stop"},
    ]


def test_usage_is_told_even_when_the_upstream_never_did() -> None:
    wire = encode(Started(), Finished())
    assert wire[-2]["usage"]["output_tokens"] == 0
    assert wire[-2]["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}


def test_reasoning_is_signed_at_its_end() -> None:
    wire = said(
        BlockStarted(0, "thinking"),
        SignatureDelta(0, "c2"),
        ThinkingDelta(0, "hm"),
        SignatureDelta(0, "ln"),
        BlockEnded(0),
    )
    assert wire == block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "signature_delta", "signature": "c2ln"},
    )


def test_reasoning_without_a_signature_gets_the_known_placeholder() -> None:
    wire = said(BlockStarted(0, "thinking"), ThinkingDelta(0, "hm"), BlockEnded(0))
    assert wire[2]["delta"] == {"type": "signature_delta", "signature": UNSIGNED}


def test_hidden_reasoning_keeps_its_signature() -> None:
    wire = said(BlockStarted(0, "thinking"), SignatureDelta(0, "c2ln"), BlockEnded(0))
    assert [event["type"] for event in wire] == [
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
    ]


def test_a_call_begins_with_an_empty_input() -> None:
    wire = said(
        BlockStarted(0, "tool_call", id="a", name="Bash"),
        ToolArgsDelta(0, ""),
        ToolArgsDelta(0, '{"command":'),
        ToolArgsDelta(0, '"ls"}'),
        BlockEnded(0),
    )
    assert wire == block(
        0,
        {"type": "tool_use", "id": "a", "name": "Bash", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"command":'},
        {"type": "input_json_delta", "partial_json": '"ls"}'},
    )


def test_a_call_without_arguments_has_an_empty_object() -> None:
    wire = said(BlockStarted(0, "tool_call", id="a", name="f"), BlockEnded(0))
    assert wire[1]["delta"] == {"type": "input_json_delta", "partial_json": "{}"}


def test_a_call_without_an_id_gets_one() -> None:
    wire = said(
        BlockStarted(0, "tool_call", name="f"),
        BlockEnded(0),
        BlockStarted(1, "tool_call", name="g"),
        BlockEnded(1),
    )
    ids = [event["content_block"]["id"] for event in wire if "content_block" in event]
    assert ids == ["toolu_msg_ours_0", "toolu_msg_ours_1"]


def test_interleaved_calls_come_one_after_the_other() -> None:
    wire = said(
        BlockStarted(5, "tool_call", id="a", name="f"),
        BlockStarted(6, "tool_call", id="b", name="g"),
        BlockStarted(7, "text"),
        ToolArgsDelta(6, '{"b":'),
        TextDelta(7, "x"),
        ToolArgsDelta(5, '{"a":1}'),
        BlockEnded(7),
        BlockEnded(5),
        ToolArgsDelta(6, "2}"),
        BlockEnded(6),
    )
    assert wire == [
        *block(
            0,
            {"type": "tool_use", "id": "a", "name": "f", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"a":1}'},
        ),
        *block(
            1,
            {"type": "tool_use", "id": "b", "name": "g", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"b":'},
            {"type": "input_json_delta", "partial_json": "2}"},
        ),
        *block(2, {"type": "text", "text": ""}, {"type": "text_delta", "text": "x"}),
    ]


def test_an_open_block_is_written_as_it_grows() -> None:
    """Nothing of it waits for another block's end."""
    encoder = AnthropicStreamEncoder(CONTEXT)
    for event in (Started(), BlockStarted(0, "text"), BlockStarted(1, "text"), TextDelta(1, "b")):
        last = encoder.feed(event)
    assert last == b""
    assert b'"a"' in encoder.feed(TextDelta(0, "a"))
    assert b'"b"' in encoder.feed(BlockEnded(0))
    assert b'"c"' in encoder.feed(TextDelta(1, "c"))


def test_blocks_that_say_nothing_are_not_written() -> None:
    assert said(
        BlockStarted(0, "text"),
        TextDelta(0, ""),
        BlockEnded(0),
        BlockStarted(1, "thinking"),
        BlockEnded(1),
        BlockStarted(2, "text"),
        TextDelta(2, "x"),
        BlockEnded(2),
    ) == block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "x"})


def test_whole_blocks_come_in_their_start() -> None:
    own = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}}
    assert said(
        BlockStarted(0, "redacted_thinking", data="r"),
        BlockEnded(0),
        BlockStarted(1, "opaque", name="server_tool_use", data=own, protocol="anthropic"),
        BlockEnded(1),
    ) == [*block(0, {"type": "redacted_thinking", "data": "r"}), *block(1, own)]


def test_content_that_cannot_be_shown_is_named() -> None:
    wire = said(BlockStarted(0, "opaque", name="audio", protocol="openai_chat"), BlockEnded(0))
    assert wire[0]["content_block"]["text"] == ""
    assert wire[1]["delta"]["text"].startswith("[audio: ")


def test_citations_stand_in_their_text() -> None:
    wire = said(
        BlockStarted(0, "text"),
        NativeDelta(0, "anthropic", CITATION),
        NativeDelta(0, "anthropic", {"type": "glow_delta"}),
        NativeDelta(0, "gemini", {"x": 1}),
        BlockEnded(0),
    )
    assert [event["delta"] for event in wire[1:-1]] == [
        {"type": "citations_delta", "citation": CITATION},
        {"type": "glow_delta"},
    ]


@pytest.mark.parametrize(
    ("called", "stop", "word"),
    [
        (True, Stop("end"), "tool_use"),
        (True, Stop("max_tokens"), "max_tokens"),
        (False, Stop("tool_use"), "end_turn"),
        (False, Stop("end", native="odd"), "end_turn"),
        (False, Stop("pause"), "pause_turn"),
        (False, Stop("context_window"), "model_context_window_exceeded"),
    ],
)
def test_tool_use_is_said_exactly_when_a_tool_was_called(
    called: bool, stop: Stop, word: str
) -> None:
    call: list[Event] = [BlockStarted(0, "tool_call", id="a", name="f"), BlockEnded(0)]
    wire = encode(Started(), *(call if called else []), Finished(stop))
    assert wire[-2]["delta"]["stop_reason"] == word


def test_the_stop_sequence_and_a_refusal_s_words_are_told() -> None:
    met = encode(Started(), Finished(Stop("stop_sequence", sequence="END")))
    assert met[-2]["delta"]["stop_sequence"] == "END"
    refused = encode(Started(), Finished(Stop("refusal", explanation="No.")))
    assert refused[-2]["delta"]["stop_details"]["explanation"] == "No."


def test_a_failure_closes_what_is_open_and_ends_all() -> None:
    wire = encode(
        Started(),
        BlockStarted(0, "thinking"),
        ThinkingDelta(0, "hm"),
        BlockStarted(1, "tool_call", id="a", name="f"),
        ToolArgsDelta(1, '{"x'),
        Failed(ErrorInfo.of("overloaded", "busy")),
        TextDelta(0, "late"),
        Finished(),
    )
    assert [event["type"] for event in wire[1:]] == [
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "error",
    ]
    assert wire[-1]["error"] == {"type": "overloaded_error", "message": "busy"}


def test_a_failure_before_all_is_an_error_alone() -> None:
    wire = encode(Failed(ErrorInfo.of("upstream", "cut")))
    assert [event["type"] for event in wire] == ["error"]


def test_a_message_begins_once() -> None:
    wire = encode(Started(id="a"), Started(id="b", usage=Usage(input=3)), Finished())
    assert [event["type"] for event in wire].count("message_start") == 1
    assert wire[-2]["usage"]["input_tokens"] == 3


def test_a_message_begins_though_nobody_said_so() -> None:
    wire = encode(BlockStarted(0, "text"), TextDelta(0, "x"), BlockEnded(0), Finished())
    assert wire[0]["message"]["id"] == "msg_ours"


def test_deltas_of_no_block_are_not_written() -> None:
    assert said(TextDelta(3, "x"), BlockEnded(3)) == []


blocks: st.SearchStrategy[Block] = st.one_of(
    st.builds(Text, st.text("ab é\n🎈", min_size=1)),
    st.just(Text("x", {"citations": [CITATION]})),
    st.builds(Thinking, st.text("ab"), st.text("xyz", min_size=1)),
    st.builds(RedactedThinking, st.text("ab")),
    st.builds(
        lambda id, arguments: ToolCall(id, "f", jsonio.encode(arguments).decode()),
        st.uuids().map(str),
        st.dictionaries(st.text("ab"), st.integers(0, 9)),
    ),
    st.just(Opaque("anthropic", "odd", {"type": "odd", "x": 1})),
)
stops = st.sampled_from(
    [Stop("end"), Stop("max_tokens"), Stop("stop_sequence", "END"), Stop("refusal"), Stop("pause")]
)


def interleave(draw: st.DrawFn, response: Response) -> list[Event]:
    """The response's events, those of different blocks shuffled into each other."""
    lanes: dict[int, list[Event]] = {}
    first, *middle, last = replay(response)
    for event in middle:
        lanes.setdefault(event.key, []).append(event)  # type: ignore[union-attr]
    mixed = [first]
    keys = list(lanes)
    begun = 0
    while any(lanes.values()):
        # A block may begin only after those before it, as they do in a stream.
        ready = [key for key in keys[: begun + 1] if lanes[key]]
        key = draw(st.sampled_from(ready))
        begun += isinstance(lanes[key][0], BlockStarted)
        mixed.append(lanes[key].pop(0))
    return [*mixed, last]


@st.composite
def streams(draw: st.DrawFn) -> tuple[Response, list[Event]]:
    content = tuple(draw(st.lists(blocks, max_size=4)))
    usage = Usage(3, 1, 5, 3, 2, 9, 4)
    response = Response(id="msg_1", model="m", content=content, stop=draw(stops), usage=usage)
    return response, interleave(draw, response)


@given(streams())
def test_any_interleaving_is_written_in_order_and_loses_nothing(
    stream: tuple[Response, list[Event]],
) -> None:
    response, events = stream
    assert_grammar(events)
    encoder, decoder = AnthropicStreamEncoder(CONTEXT), AnthropicStreamDecoder()
    data = b"".join(encoder.feed(event) for event in events)
    assert_message_stream(parse_stream(data))
    again = [e for event in parse_events(data) for e in decoder.feed(event)] + decoder.close()
    assert collect(again) == decode_response(encode_response(response, CONTEXT))


@given(streams(), st.integers(0, 40))
def test_a_failure_at_any_point_leaves_a_proper_stream(
    stream: tuple[Response, list[Event]], at: int
) -> None:
    events = [*stream[1][:-1][:at], Failed(ErrorInfo.of("upstream", "cut"))]
    assert encode(*events)[-1]["type"] == "error"
