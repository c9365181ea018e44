"""Chat's messages as turns, read strictly."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.errors import ClientError
from axonhub_cli.ir.request import (
    Image,
    Media,
    Message,
    Opaque,
    RedactedThinking,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from axonhub_cli.protocols.openai_chat.messages_decoder import decode_messages

USER = {"role": "user", "content": "hi"}
HI = Message("user", (Text("hi"),))


def turns(*messages: dict[str, Any]) -> tuple[Message, ...]:
    return decode_messages([*messages])[1]


def test_what_stands_before_the_conversation_is_the_system_prompt() -> None:
    system, messages = decode_messages(
        [
            {"role": "system", "content": "a"},
            {"role": "developer", "content": [{"type": "text", "text": "b", "x": 1}]},
            {"role": "system", "content": "c", "name": "n"},
            USER,
            {"role": "system", "content": "d"},
            {"role": "developer", "content": ""},
        ]
    )
    assert system == (
        Text("a"),
        Text("b", {"x": 1, "role": "developer"}),
        Text("c", {"name": "n"}),
    )
    assert messages == (
        HI,
        Message("system", (Text("d"),)),
        Message("system", (), extra={"role": "developer"}),
    )


def test_a_system_message_may_hold_what_the_hub_does_not_know() -> None:
    part = {"type": "brand_new"}
    system, _ = decode_messages([{"role": "system", "content": [part]}, USER])
    assert system == (Opaque("openai_chat", "brand_new", part),)


def test_names_and_unknown_members_are_kept() -> None:
    assert turns(USER | {"name": "ann", "x": 1}) == (
        Message("user", (Text("hi"),), "ann", {"x": 1}),
    )


def test_an_assistant_s_members_are_blocks_in_order() -> None:
    message = {
        "role": "assistant",
        "content": "pong",
        "reasoning_content": "Hm.",
        "refusal": "no",
        "name": "bob",
        "audio": None,
        "annotations": [],
        "x": 1,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "raw"}},
            {"id": "c3", "function": {"name": "h", "arguments": {"a": 1}}, "extra_content": {}},
        ],
    }
    assert turns(message) == (
        Message(
            "assistant",
            (
                Thinking("Hm."),
                Text("pong"),
                Text("no", {"type": "refusal"}),
                ToolCall("c1", "f", "{}"),
                ToolCall("c2", "g", '{"input":"raw"}', freeform=True),
                ToolCall("c3", "h", '{"a":1}', {"extra_content": {}}),
            ),
            "bob",
            {"x": 1},
        ),
    )


def test_claude_s_thinking_comes_back_with_its_signature() -> None:
    message = {
        "role": "assistant",
        "content": None,
        "reasoning_content": "Hm.",
        "reasoning_details": [
            {"type": "reasoning.text", "text": "Hm.", "signature": "c2ln"},
            {"type": "reasoning.encrypted", "data": "eA==", "format": "anthropic-claude-v1"},
        ],
    }
    assert turns(message)[0].content == (Thinking("Hm.", "c2ln"), RedactedThinking("eA=="))


def tool(call_id: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content} | more


def test_tool_messages_in_a_row_are_one_turn() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://a"}}
    assert turns(
        tool("c1", "one"),
        tool("c2", [{"type": "text", "text": "two"}, image], name="g"),
        tool("c3", ""),
        USER,
        tool("c4", None),
    ) == (
        Message(
            "user",
            (
                ToolResult("c1", (Text("one"),)),
                ToolResult("c2", (Text("two"), Image(Media(url="https://a"))), extra={"name": "g"}),
                ToolResult("c3"),
            ),
        ),
        HI,
        Message("user", (ToolResult("c4"),)),
    )


def test_legacy_functions_are_calls_and_results() -> None:
    assert turns(
        USER,
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "one"},
    )[1:] == (
        Message("assistant", (ToolCall("call_function_1", "f", "{}"),)),
        Message("user", (ToolResult("call_function_1", (Text("one"),), extra={"name": "f"}),)),
    )


@pytest.mark.parametrize(
    ("messages", "path"),
    [
        (None, "messages"),
        ([], "messages"),
        (["hi"], "messages.0"),
        ([{"content": "hi"}], "messages.0.role"),
        ([USER, {"role": "robot"}], "messages.1.role"),
        ([{"role": "user", "content": 7}], "messages.0.content"),
        ([{"role": "tool", "content": "a"}], "messages.0.tool_call_id"),
        ([{"role": "assistant", "tool_calls": {}}], None),
        ([{"role": "assistant", "tool_calls": "x"}], "messages.0.tool_calls"),
        ([{"role": "assistant", "tool_calls": [{}]}], "messages.0.tool_calls.0.id"),
        (
            [{"role": "assistant", "tool_calls": [{"id": "c"}]}],
            "messages.0.tool_calls.0.function",
        ),
        (
            [{"role": "assistant", "tool_calls": [{"id": "c", "type": "custom"}]}],
            "messages.0.tool_calls.0.custom",
        ),
        (
            [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": 7}}]}],
            "messages.0.tool_calls.0.function.name",
        ),
        (
            [{"role": "assistant", "function_call": {"name": "f", "arguments": 7}}],
            "messages.0.function_call.arguments",
        ),
        ([{"role": "assistant", "refusal": 7}], "messages.0.refusal"),
        (
            [{"role": "system", "content": [{"type": "image_url", "image_url": "https://a"}]}],
            "messages.0.content",
        ),
    ],
)
def test_what_is_wrong_is_named(messages: Any, path: str | None) -> None:
    if path is None:
        decode_messages(messages)
        return
    with pytest.raises(ClientError, match=f"^{path}: ") as caught:
        decode_messages(messages)
    assert caught.value.kind == "invalid_request"
