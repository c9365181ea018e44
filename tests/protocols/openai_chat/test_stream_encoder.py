"""The hub's events as Chat chunks, in the shape that OpenAI's SDKs read."""

from __future__ import annotations

import json

import pytest

from axonhub_cli.errors import ErrorInfo
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
from axonhub_cli.ir.response import Stop, Usage
from axonhub_cli.protocols.codec import UNSIGNED, ReplyContext
from axonhub_cli.protocols.openai_chat.stream_encoder import ChatStreamEncoder
from tests.protocols.openai_chat.wire import parse

CONTEXT = ReplyContext(model="asked", id="chatcmpl-x", created=7)

EVENTS: list[Event] = [
    Started("msg_1", "real", Usage(input=9, cache_read=1)),
    BlockStarted(0, "thinking"),
    ThinkingDelta(0, "Hm."),
    BlockEnded(0),
    BlockStarted(1, "text"),
    TextDelta(1, "po"),
    TextDelta(1, ""),
    TextDelta(1, "ng"),
    BlockEnded(1),
    BlockStarted(2, "tool_call", id="c1", name="f"),
    ToolArgsDelta(2, ""),
    ToolArgsDelta(2, '{"a"'),
    BlockStarted(3, "tool_call", id="c2", name="g"),
    ToolArgsDelta(2, ":1}"),
    BlockEnded(2),
    BlockEnded(3),
    Finished(Stop("tool_use"), Usage(output=4)),
]


def encode(events: list[Event], context: ReplyContext = CONTEXT) -> bytes:
    encoder = ChatStreamEncoder(context)
    return b"".join([encoder.feed(event) for event in events])


def deltas(events: list[Event]) -> list[object]:
    """The deltas between the role chunk and the finish chunk."""
    chunks = [c for c in parse(encode(events)) if c != "[DONE]" and c["choices"]]
    return [c["choices"][0]["delta"] for c in chunks[1:-1]]


def test_a_stream_has_the_shape_of_openai_s() -> None:
    chunks = parse(encode(EVENTS))
    assert chunks[-1] == "[DONE]"
    head = {"id": "msg_1", "object": "chat.completion.chunk", "created": 7, "model": "asked"}
    for item in chunks[:-1]:
        assert {name: item[name] for name in head} == head
    assert [item["choices"][0]["delta"] for item in chunks[:-2]] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"reasoning_content": "Hm."},
        {"content": "po"},
        {"content": "ng"},
        {
            "tool_calls": [
                {"index": 0, "id": "c1", "type": "function"}
                | {"function": {"name": "f", "arguments": ""}}
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]},
        {
            "tool_calls": [
                {"index": 1, "id": "c2", "type": "function"}
                | {"function": {"name": "g", "arguments": ""}}
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
        {},
    ]
    reasons = [item["choices"][0]["finish_reason"] for item in chunks[:-2]]
    assert reasons == [None] * 9 + ["tool_calls"]
    assert chunks[-2]["choices"] == []
    assert chunks[-2]["usage"]["prompt_tokens"] == 10
    assert chunks[-2]["usage"]["total_tokens"] == 14
    assert all(item["usage"] is None for item in chunks[:-2])


def test_usage_is_told_only_to_who_asked_for_it() -> None:
    context = ReplyContext(model="m", id="i", wants_usage=False)
    chunks = parse(encode(EVENTS, context))
    assert not any("usage" in item for item in chunks[:-1])
    assert all(item["choices"] for item in chunks[:-1])


def test_usage_that_nobody_told_is_not_told() -> None:
    chunks = parse(encode([Started(), Finished()]))
    assert [item == "[DONE]" or item["choices"] != [] for item in chunks] == [True] * 3
    assert chunks[0]["id"] == "chatcmpl-x"


def test_an_error_ends_a_stream_without_done() -> None:
    failed = Failed(ErrorInfo.of("upstream", "broke off"))
    chunks = parse(encode([*EVENTS[:6], failed, TextDelta(1, "more"), Finished()]))
    assert chunks[-1]["error"]["message"] == "broke off"
    assert "[DONE]" not in chunks
    assert parse(encode([failed]))[-1]["error"]["type"] == "server_error"


@pytest.mark.parametrize(
    ("stop", "called", "reason"),
    [
        (Stop("end"), True, "tool_calls"),
        (Stop("tool_use"), False, "stop"),
        (Stop("max_tokens"), True, "length"),
        (Stop("refusal"), False, "content_filter"),
        (Stop("end", native="brand_new"), False, "stop"),
    ],
)
def test_the_finish_reason_fits_the_content(stop: Stop, called: bool, reason: str) -> None:
    calls: list[Event] = [BlockStarted(0, "tool_call", id="c", name="f"), BlockEnded(0)]
    chunks = parse(encode([Started(), *(calls if called else []), Finished(stop)]))
    assert chunks[-2]["choices"][0]["finish_reason"] == reason


def test_a_call_without_an_id_gets_one_of_its_own() -> None:
    (begun, _) = deltas(
        [Started(), BlockStarted(7, "tool_call", name="f"), BlockEnded(7), Finished()]
    )
    assert isinstance(begun, dict)
    assert begun["tool_calls"][0]["id"] == "call_chatcmpl-x_0"


def block(key: int, kind: str, text: str) -> list[Event]:
    if kind == "text":
        return [BlockStarted(key, "text"), TextDelta(key, text), BlockEnded(key)]
    return [BlockStarted(key, "thinking"), ThinkingDelta(key, text), BlockEnded(key)]


def test_texts_with_something_between_are_paragraphs() -> None:
    events: list[Event] = [Started(), *block(0, "text", "a"), *block(1, "text", "b")]
    events += [BlockStarted(2, "opaque", name="server_tool_use", protocol="anthropic")]
    events += [BlockEnded(2), *block(3, "text", "c"), *block(4, "thinking", "d")]
    events += [*block(5, "thinking", "e"), Finished()]
    assert deltas(events) == [
        {"content": "a"},
        {"content": "b"},
        {"content": "\n\nc"},
        {"reasoning_content": "d"},
        {"reasoning_content": "\n\ne"},
    ]


def test_a_signature_goes_with_the_whole_text_it_signs() -> None:
    events: list[Event] = [
        Started(),
        BlockStarted(0, "thinking"),
        ThinkingDelta(0, "H"),
        ThinkingDelta(0, "m."),
        SignatureDelta(0, "c2ln"),
        BlockEnded(0),
        BlockStarted(1, "redacted_thinking", data="eA=="),
        BlockEnded(1),
        BlockStarted(2, "thinking"),
        SignatureDelta(2, UNSIGNED),
        BlockEnded(2),
        Finished(),
    ]
    signed = {"type": "reasoning.text", "text": "Hm.", "signature": "c2ln"}
    sealed = {"type": "reasoning.encrypted", "data": "eA=="}
    form = {"format": "anthropic-claude-v1"}
    assert deltas(events)[2:] == [
        {"reasoning_details": [signed | form]},
        {"reasoning_details": [sealed | form]},
    ]


def test_pages_that_are_cited_are_annotations_of_the_text() -> None:
    page = {"type": "web_search_result_location", "url": "https://a", "title": "A"}
    events: list[Event] = [
        Started(),
        *block(0, "text", "One "),
        BlockStarted(1, "text"),
        TextDelta(1, "two."),
        NativeDelta(1, "anthropic", page),
        NativeDelta(1, "anthropic", {"type": "char_location"}),
        NativeDelta(1, "gemini", page),
        BlockEnded(1),
        Finished(),
    ]
    cited = {"url": "https://a", "title": "A", "start_index": 4, "end_index": 8}
    assert deltas(events)[-1] == {"annotations": [{"type": "url_citation", "url_citation": cited}]}


def test_a_chunk_is_one_line_whatever_its_text() -> None:
    text = 'a\nb\r\n\u2028"\\🎈\0'
    stream = encode([Started(), *block(0, "text", text), Finished()])
    assert {"content": text} in [c["choices"][0]["delta"] for c in parse(stream)[:-1]]
    assert all(line.startswith(b"data: ") for line in stream.split(b"\n") if line)


def test_tiers_and_fingerprints_are_in_every_chunk() -> None:
    started = Started(service_tier="standard", extra={"system_fingerprint": "fp", "x": 1})
    for item in parse(encode([started, *block(0, "text", "a"), Finished()]))[:-1]:
        assert (item["service_tier"], item["system_fingerprint"]) == ("default", "fp")
        assert "x" not in item
    assert json.dumps(parse(encode([Started(service_tier="odd"), Finished()]))[0]).count("odd") == 0
