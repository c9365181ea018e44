"""Turns as messages that every Chat server accepts."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.errors import ClientError
from axonhub_cli.ir.request import (
    Block,
    Document,
    Image,
    Media,
    Message,
    Opaque,
    RedactedThinking,
    Request,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from axonhub_cli.protocols.codec import UNSIGNED
from axonhub_cli.protocols.openai_chat.losses import Losses
from axonhub_cli.protocols.openai_chat.messages_encoder import NO_RESULT, encode_messages

CACHED = {"cache_control": {"type": "ephemeral"}}
PNG = Image(Media("image/png", "iVBORw0KGgo="))
PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


def encode(*messages: Message, **more: Any) -> tuple[list[Any], list[str]]:
    """The messages, and the paths of the losses, of an Anthropic client's request."""
    losses = Losses()
    request = Request(protocol="anthropic", model="m", messages=messages, **more)
    return encode_messages(request, losses), [loss.path for loss in losses.all()]


def user(*blocks: Block) -> Message:
    return Message("user", blocks)


def assistant(*blocks: Block) -> Message:
    return Message("assistant", blocks)


def calls(*ids: str) -> list[dict[str, Any]]:
    return [
        {"id": i, "type": "function", "function": {"name": "f", "arguments": "{}"}} for i in ids
    ]


def tool(id_: str, content: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id_, "content": content}


def called(*ids: str) -> Message:
    return assistant(*[ToolCall(id_, "f", "{}") for id_ in ids])


CALLING = {"role": "assistant", "content": None}
HI = {"role": "user", "content": "hi"}


def test_system_blocks_are_one_message() -> None:
    system = (Text("a", CACHED), Text(""), Text("b"))
    messages, losses = encode(user(Text("hi")), system=system)
    assert messages == [{"role": "system", "content": "a\n\nb"}, HI]
    assert losses == ["system[*].cache_control"]
    assert encode(user(Text("hi")), system=(Text(" "),))[0] == [HI]


def test_system_turns_stay_where_they_are_and_empty_ones_vanish() -> None:
    setting = {"output_config": {"effort": "low"}}
    messages, losses = encode(
        user(Text("hi")),
        Message("system", (Text("a"), Text("b"))),
        Message("system", (), extra=setting),
        assistant(Text("ok")),
    )
    assert messages == [
        HI,
        {"role": "system", "content": "a\n\nb"},
        {"role": "assistant", "content": "ok"},
    ]
    assert losses == ["messages[*].output_config.effort"]


def test_a_user_s_texts_are_one_string_and_with_images_parts() -> None:
    assert encode(user(Text("a", CACHED), Text("b")))[0] == [{"role": "user", "content": "a\n\nb"}]
    assert encode(user(Text("a"), PNG))[0] == [
        {"role": "user", "content": [{"type": "text", "text": "a"}, PNG_PART]}
    ]
    assert encode(user())[0] == [{"role": "user", "content": ""}]


def test_thinking_is_reasoning_content_without_its_signature() -> None:
    messages, losses = encode(
        assistant(Thinking("Hm.", "c2ln"), RedactedThinking("eA=="), Thinking("So."), Text("a"))
    )
    assert messages == [{"role": "assistant", "content": "a", "reasoning_content": "Hm.\n\nSo."}]
    assert losses == ["messages[*].content[*].signature", "messages[*].content[*].data"]
    assert encode(assistant(Thinking("Hm.", UNSIGNED)))[1] == []


def test_an_assistant_s_content_is_text_null_beside_calls_or_the_empty_string() -> None:
    def said(*blocks: Block) -> Any:
        return encode(assistant(*blocks))[0][0]["content"]

    call = ToolCall("c", "f", "{}")
    assert said(Text("a"), call) == "a"
    assert said(Text(""), call) is None
    assert said(call) is None
    assert said(Thinking("Hm.")) == ""
    assert said() == ""
    assert said(Text("a"), Text("b"), call, Text("c")) == "ab\n\nc"


def test_results_follow_their_calls_before_everything_else_of_the_turn() -> None:
    messages, losses = encode(
        called("c1", "c2"),
        user(Text("and?"), ToolResult("c2", (Text("two"), Text("more"))), ToolResult("c1")),
    )
    assert messages == [
        CALLING | {"tool_calls": calls("c1", "c2")},
        tool("c1", ""),
        tool("c2", "two\nmore"),
        {"role": "user", "content": "and?"},
    ]
    assert losses == []


def test_results_are_found_behind_other_turns() -> None:
    messages, _ = encode(
        called("c1", "c2"),
        Message("system", (Text("note"),)),
        user(ToolResult("c1", (Text("one"),))),
        user(Text("hi")),
        user(ToolResult("c2", (Text("two"),))),
    )
    assert messages == [
        CALLING | {"tool_calls": calls("c1", "c2")},
        tool("c1", "one"),
        tool("c2", "two"),
        {"role": "system", "content": "note"},
        HI,
    ]


def test_an_id_that_is_used_again_gets_the_result_that_follows_it() -> None:
    messages, losses = encode(
        called("c1"),
        user(ToolResult("c1", (Text("one"),))),
        called("c1"),
        user(ToolResult("c1", (Text("two"),))),
    )
    assert [m["content"] for m in messages if m["role"] == "tool"] == ["one", "two"]
    assert losses == []


def test_a_call_without_a_result_gets_one_that_says_so() -> None:
    """known-failures 11: after an interrupt, the session would be dead."""
    messages, losses = encode(called("c1"), user(Text("hi")))
    assert messages == [CALLING | {"tool_calls": calls("c1")}, tool("c1", NO_RESULT), HI]
    assert losses == ["messages[0]"]


def test_a_result_without_its_call_is_the_user_s_text() -> None:
    """known-failures 11: after a compaction, the calls are gone."""
    messages, losses = encode(user(ToolResult("c9", (Text("x"), PNG)), Text("hi")))
    assert messages == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Result of tool call c9:"},
                {"type": "text", "text": "x"},
                PNG_PART,
                {"type": "text", "text": "hi"},
            ],
        }
    ]
    assert losses == ["messages[0].content[0]"]


def test_a_result_before_its_call_is_not_its_result() -> None:
    messages, losses = encode(user(ToolResult("c1", (Text("x"),))), called("c1"))
    assert [m["role"] for m in messages] == ["user", "assistant", "tool"]
    assert messages[2]["content"] == NO_RESULT
    assert losses == ["messages[0].content[0]", "messages[1]"]


def test_images_of_results_follow_all_results_in_one_message_of_the_user() -> None:
    pdf = Document(Media("application/pdf", "JVBERi0="), title="a.pdf")
    messages, losses = encode(
        called("c1", "c2"),
        user(
            ToolResult("c1", (Text("seen"), PNG), extra=CACHED),
            ToolResult("c2", (pdf,)),
            Text("hi"),
        ),
    )
    assert messages[1:3] == [tool("c1", "seen"), tool("c2", "(the content follows)")]
    assert messages[3]["role"] == "user"
    assert messages[3]["content"][0] == {
        "type": "text",
        "text": "From the result of tool call c1 (f):",
    }
    assert messages[3]["content"][1] == PNG_PART
    assert messages[3]["content"][3]["type"] == "file"
    assert messages[4] == HI
    assert losses == [
        "messages[*].content[*].cache_control",
        "messages[*].content[*].content[*]",
    ]


def test_a_failed_tool_says_so_in_its_text() -> None:
    messages, losses = encode(
        called("c1", "c2"),
        user(ToolResult("c1", (Text("no file"),), is_error=True), ToolResult("c2", is_error=True)),
    )
    assert messages[1:] == [tool("c1", "Error: no file"), tool("c2", "Error")]
    assert losses == ["messages[*].content[*].is_error"]


def test_tools_that_were_loaded_are_told_as_text() -> None:
    found = Opaque("anthropic", "tool_reference", {"type": "tool_reference", "tool_name": "X"})
    messages, losses = encode(called("c1"), user(ToolResult("c1", (found,))))
    assert messages[1]["content"] == '{"type":"tool_reference","tool_name":"X"}'
    assert losses == ["messages[*].content[*].content[*]"]


def test_server_tools_of_the_history_are_told_as_text() -> None:
    data = {"type": "server_tool_use", "name": "web_search", "input": {"query": "q"}}
    messages, losses = encode(
        assistant(Text("Let me see."), Opaque("anthropic", "server_tool_use", data), Text("So."))
    )
    shown = '{"type":"server_tool_use","name":"web_search","input":{"query":"q"}}'
    assert messages[0]["content"] == f"Let me see.\n\n{shown}\n\nSo."
    assert losses == ["messages[*].content[*]"]


def test_extras_of_calls_are_told() -> None:
    call = ToolCall("c1", "f", "", {"caller": {"type": "direct"}})
    messages, losses = encode(assistant(call), user(ToolResult("c1")))
    assert messages[0]["tool_calls"] == calls("c1")
    assert losses == ["messages[*].content[*].caller"]


def test_content_that_cannot_cross_names_its_place() -> None:
    bad = Opaque("anthropic", "image", {"source": {"type": "file"}})
    with pytest.raises(ClientError, match=r"^messages\.1\.content\.0\.content\.1: "):
        encode(called("c1"), user(ToolResult("c1", (Text("a"), bad))))


def test_custom_calls_of_the_own_protocol_come_back() -> None:
    call = ToolCall("c1", "g", '{"input":"raw"}', freeform=True)
    odd = ToolCall("c2", "g", "raw", freeform=True)
    request = Request(protocol="openai_chat", model="m", messages=(assistant(call, odd),))
    assert encode_messages(request, Losses())[0]["tool_calls"] == [
        {"id": "c1", "type": "custom", "custom": {"name": "g", "input": "raw"}},
        {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "raw"}},
    ]


def encode_own(*messages: Message, **more: Any) -> list[Any]:
    request = Request(protocol="openai_chat", model="m", messages=messages, **more)
    return encode_messages(request, Losses())


def test_system_messages_of_the_own_protocol_come_back() -> None:
    odd = {"type": "brand_new"}
    system = (
        Text("a"),
        Text("b", {"role": "developer", "name": "n"}),
        Text("c", CACHED),
        Opaque("openai_chat", "brand_new", odd),
    )
    assert encode_own(user(Text("hi")), system=system) == [
        {"role": "system", "content": "a"},
        {"role": "developer", "content": "b", "name": "n"},
        {"role": "system", "content": [{"type": "text", "text": "c"} | CACHED]},
        {"role": "system", "content": [odd]},
        HI,
    ]


def test_turns_of_the_own_protocol_come_back() -> None:
    developer = Message("system", (Text("d"),), extra={"role": "developer"})
    signed = assistant(Thinking("Hm.", "c2ln"), Thinking("So."), Text("a", {"type": "refusal"}))
    parts = user(Text("a"), Text("b"))
    result = user(ToolResult("c1", (Text("x"), PNG), extra={"name": "f"}))
    assert encode_own(parts, developer, signed, called("c1"), result) == [
        {
            "role": "user",
            "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        },
        {"role": "developer", "content": "d"},
        {
            "role": "assistant",
            "content": [{"type": "refusal", "refusal": "a"}],
            "reasoning_content": "Hm.\n\nSo.",
            "reasoning_details": [
                {"type": "reasoning.text", "text": "Hm."}
                | {"signature": "c2ln", "format": "anthropic-claude-v1"},
                {"type": "reasoning.text", "text": "So."},
            ],
        },
        CALLING | {"tool_calls": calls("c1")},
        tool("c1", "") | {"content": [{"type": "text", "text": "x"}, PNG_PART], "name": "f"},
    ]


def test_reasoning_without_a_word_is_none() -> None:
    messages, losses = encode(assistant(RedactedThinking("eA=="), Text("a")))
    assert messages == [{"role": "assistant", "content": "a"}]
    assert losses == ["messages[*].content[*].data"]


def test_extras_of_messages_are_told() -> None:
    only = Message("user", (ToolResult("c1"),), extra={"x": 1})
    more = Message("user", (Text("hi"),), extra={"y": 1})
    assert encode(called("c1"), only, more)[1] == ["messages[*].x", "messages[*].y"]
