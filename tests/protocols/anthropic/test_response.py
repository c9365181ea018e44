"""A whole Message both ways: read with patience, written as Claude Code takes it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from axonhub_cli.errors import UpstreamGarbled
from axonhub_cli.ir.request import (
    Block,
    Image,
    Media,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolCall,
)
from axonhub_cli.ir.response import Response, Stop, StopReason, Usage
from axonhub_cli.protocols.anthropic.names import STOP_REASONS
from axonhub_cli.protocols.anthropic.response import decode_response, encode_response
from axonhub_cli.protocols.codec import UNSIGNED, ReplyContext
from tests.sdk.late import anthropic

from .wire import values

CONTEXT = ReplyContext(model="claude-asked", id="msg_ours")
SERVER = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}}
CITATION = {
    "type": "page_location",
    "cited_text": "x",
    "document_index": 0,
    "document_title": "t",
    "start_page_number": 1,
    "end_page_number": 2,
}

WIRE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "content": [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "r"},
        {"type": "text", "text": "hi", "citations": [CITATION]},
        SERVER,
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": [1]}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "container": {"id": "c", "expires_at": "2026-11-01T00:00:00Z"},
    "usage": {"input_tokens": 3, "output_tokens": 4, "service_tier": "priority"},
}


def encode(*content: Block, stop: Stop = Stop()) -> dict[str, Any]:
    wire = encode_response(Response(content=content, stop=stop), CONTEXT)
    assert isinstance(wire, dict)
    return wire


def test_a_message_crosses_both_ways() -> None:
    response = decode_response(WIRE)
    assert response == Response(
        id="msg_1",
        model="claude-x",
        content=(
            Thinking("hm", "c2ln"),
            RedactedThinking("r"),
            Text("hi", {"citations": [CITATION]}),
            Opaque("anthropic", "server_tool_use", SERVER),
            ToolCall("toolu_1", "f", '{"a":[1]}'),
        ),
        stop=Stop("tool_use"),
        usage=Usage(input=3, output=4),
        service_tier="priority",
        extra={"container": WIRE["container"]},
    )
    again = encode_response(response, ReplyContext(model="claude-x", id="unused"))
    assert isinstance(again, dict)
    assert again | {"usage": WIRE["usage"]} == WIRE
    assert again["usage"]["service_tier"] == "priority"


@pytest.mark.parametrize(("word", "reason"), STOP_REASONS.items())
def test_every_stop_reason_crosses(word: str, reason: StopReason) -> None:
    call = [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]
    wire = {"content": call if reason == "tool_use" else [], "stop_reason": word}
    response = decode_response(wire)
    assert response.stop.reason == reason
    assert encode(*response.content, stop=response.stop)["stop_reason"] == word


def test_the_stop_sequence_that_was_met_is_told() -> None:
    wire = {"content": [], "stop_reason": "stop_sequence", "stop_sequence": "END"}
    stop = decode_response(wire).stop
    assert stop == Stop("stop_sequence", sequence="END")
    assert encode(stop=stop)["stop_sequence"] == "END"


def test_an_unknown_stop_reason_ends_the_turn() -> None:
    stop = decode_response({"content": [], "stop_reason": "tired"}).stop
    assert stop == Stop("end", native="tired")
    assert encode(stop=stop)["stop_reason"] == "end_turn"


def test_a_refusal_keeps_its_explanation() -> None:
    details = {"type": "refusal", "category": None, "explanation": "No."}
    stop = decode_response({"content": [], "stop_reason": "refusal", "stop_details": details}).stop
    assert stop == Stop("refusal", explanation="No.")
    assert encode(stop=stop)["stop_details"] == details


def test_tool_use_is_said_exactly_when_a_tool_is_called() -> None:
    call = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    assert decode_response({"content": [call], "stop_reason": None}).stop.reason == "tool_use"
    assert encode(ToolCall("a", "f", ""))["stop_reason"] == "tool_use"
    assert encode(Text("x"), stop=Stop("tool_use"))["stop_reason"] == "end_turn"


def test_reasoning_without_a_signature_gets_the_known_placeholder() -> None:
    assert encode(Thinking("hm"))["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": UNSIGNED}
    ]


def test_hidden_reasoning_keeps_its_signature() -> None:
    assert encode(Thinking("", "c2ln"))["content"] == [
        {"type": "thinking", "thinking": "", "signature": "c2ln"}
    ]


def test_blocks_that_say_nothing_are_left_out() -> None:
    assert encode(Text(""), Thinking(""), Text("x"))["content"] == [{"type": "text", "text": "x"}]


def test_a_call_without_an_id_gets_one() -> None:
    content = encode(Text("x"), ToolCall("", "f", ""), ToolCall("", "g", ""))["content"]
    assert [block["id"] for block in content[1:]] == ["toolu_msg_ours_1", "toolu_msg_ours_2"]
    odd = encode_response(
        Response(content=(ToolCall("", "f", ""),)), ReplyContext(model="m", id="chat:é")
    )
    assert isinstance(odd, dict)
    assert odd["content"][0]["id"] == "toolu_chat___0"


def test_a_call_without_a_name_is_one_of_no_tool() -> None:
    assert encode(ToolCall("a", "", ""))["content"][0]["name"] == "unknown"


def test_content_that_cannot_be_shown_is_named() -> None:
    content = encode(Opaque("openai_chat", "audio", {}), Image(Media(url="u")))["content"]
    assert [block["text"].split(":")[0] for block in content] == ["[audio", "![image](u)"]


def test_arguments_cut_off_are_an_object_all_the_same() -> None:
    cut = encode(ToolCall("a", "f", '{"x": "'), stop=Stop("max_tokens"))
    assert cut["content"][0]["input"] == {"INVALID_JSON": '{"x": "'}
    assert cut["stop_reason"] == "max_tokens"


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "text", "text": None, "citations": None}, Text("")),
        ({"type": "thinking", "thinking": "x", "signature": None}, Thinking("x")),
        ({"type": "tool_use", "id": None, "name": "f"}, ToolCall("toolu__0", "f", "{}")),
        ({"type": "tool_use", "id": "a", "name": "f", "input": ""}, ToolCall("a", "f", "{}")),
        (
            {"type": "tool_use", "id": "a", "name": "f", "input": '{"x":1}'},
            ToolCall("a", "f", '{"x":1}'),
        ),
        ({"type": "redacted_thinking"}, RedactedThinking("")),
        ({}, Opaque("anthropic", "", {})),
        (7, Opaque("anthropic", "", {})),
    ],
)
def test_odd_blocks_are_read_with_patience(block: Any, expected: Block) -> None:
    assert decode_response({"content": [block]}).content == (expected,)


@pytest.mark.parametrize("body", [None, [], {}, "x", {"content": "x"}, {"choices": []}])
def test_what_is_no_message_is_garbled(body: Any) -> None:
    with pytest.raises(UpstreamGarbled, match="not an Anthropic message"):
        decode_response(body)


def test_an_error_in_a_good_answer_is_told() -> None:
    with pytest.raises(UpstreamGarbled, match="no credit"):
        decode_response({"type": "error", "error": {"type": "x", "message": "no credit"}})


@given(values)
def test_any_content_is_read_and_written(value: Any) -> None:
    response = decode_response({"content": [value], "usage": value, "stop_reason": value})
    encode_response(response, CONTEXT)


def test_the_sdk_takes_what_is_written() -> None:
    response = decode_response(WIRE)
    for block in (*response.content, Thinking("x"), Opaque("gemini", "y", None)):
        wire = encode_response(Response(content=(block,)), CONTEXT)
        message = anthropic.types.Message.model_validate(wire)
        assert (message.id, message.model) == ("msg_ours", "claude-asked")
