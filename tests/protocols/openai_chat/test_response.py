"""Whole answers, from every kind of server and to OpenAI's clients."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.errors import UpstreamGarbled
from axonhub_cli.ir.request import Opaque, RedactedThinking, Text, Thinking, ToolCall
from axonhub_cli.ir.response import Response, Stop, Usage
from axonhub_cli.protocols.codec import UNSIGNED, ReplyContext
from axonhub_cli.protocols.openai_chat.response import decode_response, encode_response

CONTEXT = ReplyContext(model="asked", id="chatcmpl-x", created=7)


def answer(message: dict[str, Any], finish: str | None = "stop", **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant"} | message, "finish_reason": finish}
    return (
        {"id": "chatcmpl-1", "object": "chat.completion", "model": "m"}
        | {"choices": [choice | more.pop("choice", {})]}
        | more
    )


def call(id_: str | None = "c1", name: str = "f", arguments: Any = "{}") -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": id_, "type": "function", "function": function}


def test_an_answer_is_read() -> None:
    body = answer(
        {"content": "pong", "reasoning_content": "Hm.", "tool_calls": [call()]},
        "tool_calls",
        usage={"prompt_tokens": 9, "completion_tokens": 4},
        service_tier="default",
        system_fingerprint="fp",
    )
    assert decode_response(body) == Response(
        id="chatcmpl-1",
        model="m",
        content=(Thinking("Hm."), Text("pong"), ToolCall("c1", "f", "{}")),
        stop=Stop("tool_use"),
        usage=Usage(input=9, output=4),
        service_tier="default",
        extra={"system_fingerprint": "fp"},
    )


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ({"content": "a"}, (Text("a"),)),
        ({"content": [{"type": "text", "text": "a"}, 7]}, (Text("a"),)),
        ({"content": None}, ()),
        ({"content": ""}, ()),
        ({}, ()),
        ({"content": "a", "reasoning": "b"}, (Thinking("b"), Text("a"))),
        (
            {"content": [{"type": "thinking", "thinking": "b"}, {"type": "text", "text": "a"}]},
            (Thinking("b"), Text("a")),
        ),
        ({"tool_calls": [call(arguments={"a": 1})]}, (ToolCall("c1", "f", '{"a":1}'),)),
        (
            {"tool_calls": [call(None), call(""), None, {}]},
            (ToolCall("", "f", "{}"), ToolCall("", "f", "{}")),
        ),
        (
            {"function_call": {"name": "f", "arguments": "{}"}},
            (ToolCall("", "f", "{}"),),
        ),
        (
            {"tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "f", "input": "x"}}]},
            (ToolCall("c", "f", '{"input":"x"}'),),
        ),
        ({"tool_calls": "odd", "content": 7}, ()),
    ],
)
def test_content_is_found_in_every_shape(
    message: dict[str, Any], content: tuple[object, ...]
) -> None:
    assert decode_response(answer(message)).content == content


def test_a_refusal_is_told_as_one() -> None:
    read = decode_response(answer({"content": None, "refusal": "I won't."}))
    assert (read.content, read.stop) == ((Text("I won't."),), Stop("refusal"))


def test_a_missing_finish_reason_is_an_end() -> None:
    assert decode_response(answer({"content": "a"}, None)).stop == Stop("end")


def test_a_stop_sequence_is_told_where_the_server_tells_it() -> None:
    body = answer({"content": "a"}, choice={"matched_stop": "###"})
    assert decode_response(body).stop == Stop("stop_sequence", sequence="###")


def test_legacy_completions_are_text() -> None:
    assert decode_response({"choices": [{"text": "a"}]}).content == (Text("a"),)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        7,
        {},
        {"choices": []},
        {"choices": [7]},
        {"error": {"message": "hm"}},
        answer({"content": "a"}, "error"),
    ],
)
def test_what_is_no_answer_is_garbled(body: object) -> None:
    with pytest.raises(UpstreamGarbled):
        decode_response(body)


def test_an_error_s_words_are_told() -> None:
    with pytest.raises(UpstreamGarbled, match="no credit"):
        decode_response({"error": {"message": "no credit"}})


def encode(*content: Any, **more: Any) -> Any:
    return encode_response(Response(content=content, **more), CONTEXT)


def test_an_answer_has_the_shape_of_openai_s() -> None:
    body = encode(
        Thinking("Hm.", UNSIGNED),
        Text("pong"),
        ToolCall("c1", "f", ""),
        id="msg_1",
        model="real",
        stop=Stop("end"),
        usage=Usage(input=9, cache_read=1, output=4),
        service_tier="standard",
        extra={"system_fingerprint": "fp", "container": {}},
    )
    assert body == {
        "id": "msg_1",
        "object": "chat.completion",
        "created": 7,
        "model": "asked",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "pong",
                    "refusal": None,
                    "reasoning_content": "Hm.",
                    "tool_calls": [call()],
                },
                "logprobs": None,
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 4,
            "total_tokens": 14,
            "prompt_tokens_details": {"cached_tokens": 1},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": "fp",
    }


def test_calls_without_an_id_get_one_of_their_own() -> None:
    calls = encode(ToolCall("", "f", "{}"), ToolCall("", "f", "{}"))["choices"][0]["message"]
    ids = [one["id"] for one in calls["tool_calls"]]
    assert ids == ["call_chatcmpl-x_0", "call_chatcmpl-x_1"]


def test_calls_alone_have_null_as_content_and_nothing_has_the_empty_text() -> None:
    assert encode(ToolCall("c", "f", "{}"))["choices"][0]["message"]["content"] is None
    assert encode()["choices"][0]["message"]["content"] == ""
    assert encode()["id"] == "chatcmpl-x"
    assert "usage" not in encode()


def test_texts_with_something_between_are_paragraphs() -> None:
    opaque = Opaque("anthropic", "server_tool_use", {})
    body = encode(Text("a"), Text("b"), opaque, Text("c"))
    assert body["choices"][0]["message"]["content"] == "ab\n\nc"


def test_what_is_signed_or_sealed_goes_along_for_the_way_back() -> None:
    content = (Thinking("Hm.", "c2ln"), RedactedThinking("eA=="), Text("a"))
    message = encode(*content)["choices"][0]["message"]
    assert message["reasoning_content"] == "Hm."
    assert decode_response(encode(*content)).content == content


def test_pages_that_are_cited_are_annotations() -> None:
    page = {"url": "https://a", "title": "A"}
    message = encode(Text("One.", {"citations": [page]}))["choices"][0]["message"]
    assert message["annotations"][0]["url_citation"] == page | {"start_index": 0, "end_index": 4}


def test_what_stands_beside_an_answer_comes_back_to_its_own_protocol() -> None:
    body = answer(
        {"content": "a", "annotations": [{"type": "url_citation"}]},
        choice={"logprobs": {"content": []}},
        citations=["https://a"],
    )
    back = encode_response(decode_response(body), CONTEXT)
    assert back["choices"][0]["message"]["annotations"] == [{"type": "url_citation"}]
    assert back["choices"][0]["logprobs"] == {"content": []}
    assert back["citations"] == ["https://a"]


def test_images_of_an_answer_come_back_as_they_were() -> None:
    images = [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "odd", "n": 1},
    ]
    message = {"role": "assistant", "content": "Here.", "images": images}
    response = decode_response({"choices": [{"index": 0, "message": message}]})
    told = encode_response(response, ReplyContext("m", "id"))
    assert told["choices"][0]["message"]["images"] == images
