"""The hub to a Messages body: our own requests come back as they were, others come fit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from axonhub_cli.ir.request import Message, Request, Text, Thinking, ToolCall, ToolChoice
from axonhub_cli.protocols.anthropic.request_decoder import decode_request
from axonhub_cli.protocols.anthropic.request_encoder import encode_request
from axonhub_cli.protocols.codec import UNSIGNED

from .wire import captured, normal, requests


@pytest.mark.parametrize(("name", "body"), captured(), ids=[name for name, _ in captured()])
def test_a_captured_request_comes_back_as_it_was(name: str, body: dict[str, Any]) -> None:
    encoded = encode_request(decode_request(body), body["model"])
    assert normal(encoded.body) == normal(body)
    assert encoded.losses == ()


@given(requests)
def test_encoding_is_the_inverse_of_decoding(body: dict[str, Any]) -> None:
    encoded = encode_request(decode_request(body), body["model"])
    assert normal(encoded.body) == normal(body)
    assert encoded.losses == ()


@given(requests)
def test_the_hub_s_form_is_stable(body: dict[str, Any]) -> None:
    request = decode_request(body)
    assert decode_request(encode_request(request, request.model).body) == request


def test_the_model_is_the_upstream_s() -> None:
    request = decode_request({"model": "a", "messages": [{"role": "user", "content": "x"}]})
    assert encode_request(request, "b").body["model"] == "b"


def test_one_plain_text_is_written_as_a_string() -> None:
    user = Message("user", (Text("hi"),))
    body = encode_request(Request(protocol="openai_chat", model="m", messages=(user,)), "m").body
    assert body == {
        "model": "m",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_our_placeholder_signature_never_leaves() -> None:
    unsigned, signed = Thinking("hm", UNSIGNED), Thinking("aha", "c2ln")
    turns = (
        Message("user", (Text("x"),)),
        Message("assistant", (unsigned,)),
        Message("assistant", (unsigned, signed, Text("y"))),
        Message("user", (Text("z"),)),
    )
    for protocol in ("anthropic", "openai_chat"):
        encoded = encode_request(Request(protocol=protocol, model="m", messages=turns), "m")
        assert UNSIGNED not in str(encoded.body)
        assert encoded.body["messages"][1]["content"] == [
            {"type": "thinking", "thinking": "aha", "signature": "c2ln"},
            {"type": "text", "text": "y"},
        ]
        assert [loss.path for loss in encoded.losses] == ["messages[*].content[*]"]


def test_a_choice_without_a_name_has_none() -> None:
    request = decode_request(
        {
            "model": "m",
            "messages": [{"role": "user", "content": "x"}],
            "tools": [{"name": "f", "input_schema": {"type": "object", "properties": {}}}],
        }
    )
    chosen = replace(request, tool_choice=ToolChoice("any"), parallel_tools=False)
    assert encode_request(chosen, "m").body["tool_choice"] == {
        "type": "any",
        "disable_parallel_tool_use": True,
    }


def test_arguments_that_are_no_object_are_kept_beside_a_name() -> None:
    call = ToolCall("a", "f", '{"path": "/x", "tex')
    turns = (Message("user", (Text("x"),)), Message("assistant", (call,)))
    encoded = encode_request(Request(protocol="openai_chat", model="m", messages=turns), "m")
    call_block = encoded.body["messages"][1]["content"][0]
    assert call_block["input"] == {"INVALID_JSON": '{"path": "/x", "tex'}
    assert "messages[*].tool_calls[*]" in {loss.path for loss in encoded.losses}
