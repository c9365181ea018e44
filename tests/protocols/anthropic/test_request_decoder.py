"""Client input to the hub: every field has its place, nothing is dropped, errors name the path."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from axonhub_cli.errors import ClientError
from axonhub_cli.ir.request import (
    Opaque,
    OutputFormat,
    Reasoning,
    ServerTool,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from axonhub_cli.protocols.anthropic.request_decoder import decode_request

from .wire import captured, values


def body(**members: Any) -> dict[str, Any]:
    return {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}],
    } | members


def test_a_captured_session_of_claude_code_is_understood() -> None:
    request = decode_request(dict(captured())["claude-code/tooltest.02"])
    assert request.reasoning == Reasoning("adaptive", "medium")
    assert request.extra["thinking"] == {"display": "omitted"}
    assert request.extra["context_management"]["edits"]
    assert request.stream
    assert request.user is not None
    assert [message.role for message in request.messages[:4]] == [
        "user",
        "system",
        "assistant",
        "user",
    ]
    assert request.messages[1].extra == {"output_config": {"effort": "medium"}}
    thought, call = request.messages[2].content
    assert isinstance(thought, Thinking)
    assert thought.signature
    assert isinstance(call, ToolCall)
    assert call.arguments == '{"command":"echo hello-from-tool","description":"Say hello"}'
    answer = request.messages[3].content[0]
    assert isinstance(answer, ToolResult)
    assert answer.call_id == call.id
    placeholder = next(t for t in request.tools if t.name == "DeferredToolPlaceholder")
    assert isinstance(placeholder, Tool)
    assert placeholder.extra == {"defer_loading": True}
    assert "defer_loading" not in placeholder.schema


def test_a_system_turn_may_be_empty() -> None:
    turn = {"role": "system", "content": [], "output_config": {"effort": "low"}}
    message = decode_request(body(messages=[turn])).messages[0]
    assert (message.role, message.content) == ("system", ())
    assert message.extra == {"output_config": {"effort": "low"}}


@pytest.mark.parametrize(
    ("choice", "expected", "parallel"),
    [
        ({"type": "auto"}, ToolChoice("auto"), None),
        ({"type": "none"}, ToolChoice("none"), None),
        ({"type": "any", "disable_parallel_tool_use": True}, ToolChoice("any"), False),
        ({"type": "auto", "disable_parallel_tool_use": False}, ToolChoice("auto"), True),
        ({"type": "tool", "name": "Bash"}, ToolChoice("tool", "Bash"), None),
    ],
)
def test_every_tool_choice_is_understood(
    choice: Any, expected: ToolChoice, parallel: bool | None
) -> None:
    request = decode_request(body(tool_choice=choice))
    assert (request.tool_choice, request.parallel_tools) == (expected, parallel)


@pytest.mark.parametrize(
    ("thinking", "expected", "kept"),
    [
        ({"type": "enabled", "budget_tokens": 2000}, Reasoning("enabled", None, 2000), None),
        ({"type": "disabled"}, Reasoning("disabled"), None),
        (
            {"type": "adaptive", "display": "omitted"},
            Reasoning("adaptive"),
            {"display": "omitted"},
        ),
        ({"type": "between_tools"}, Reasoning(), {"type": "between_tools"}),
        (None, Reasoning(), None),
    ],
)
def test_every_way_to_think_is_understood(thinking: Any, expected: Reasoning, kept: Any) -> None:
    request = decode_request(body(thinking=thinking))
    assert request.reasoning == expected
    assert request.extra.get("thinking") == kept


def test_structured_output_is_understood_in_both_spellings() -> None:
    wanted = {"type": "json_schema", "schema": {"type": "object"}}
    expected = OutputFormat("json_schema", {"type": "object"})
    for members in ({"output_config": {"format": wanted}}, {"output_format": wanted}):
        request = decode_request(body(**members))
        assert request.output == expected
        assert request.extra == {}


def test_what_the_hub_has_no_place_for_stays_under_its_name() -> None:
    odd: dict[str, Any]
    for odd in ({"type": "json_schema", "schema": {}, "lenient": True}, {"type": "json_schema2"}):
        kept = decode_request(body(output_format=odd))
        assert (kept.output, kept.extra) == (None, {"output_config": {"format": odd}})
    odd = {"type": "regex", "pattern": "x"}
    request = decode_request(
        body(
            output_config={"format": odd, "task_budget": 3},
            tool_choice={"type": "auto", "new": 1},
            metadata={"user_id": "u", "more": 2},
            container="c",
            speed="fast",
        )
    )
    assert request.extra == {
        "output_config": {"format": odd, "task_budget": 3},
        "tool_choice": {"new": 1},
        "container": "c",
        "speed": "fast",
    }
    assert (request.user, request.metadata) == ("u", {"more": 2})


def test_tools_of_the_vendor_are_kept_whole() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    toolset = {"type": "mcp_toolset", "mcp_server_name": "files"}
    assert decode_request(body(tools=[search, toolset])).tools == (
        ServerTool("anthropic", "web_search_20250305", "web_search", search),
        ServerTool("anthropic", "mcp_toolset", "", toolset),
    )


def test_system_blocks_keep_their_order_and_breakpoints() -> None:
    blocks = [
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}},
        {"type": "new_kind"},
    ]
    assert decode_request(body(system=blocks)).system == (
        Text("a"),
        Text("b", {"cache_control": {"type": "ephemeral"}}),
        Opaque("anthropic", "new_kind", {"type": "new_kind"}),
    )


def test_counting_needs_no_max_tokens() -> None:
    counted = dict(captured())["claude-code/context_cmd.01"]
    assert decode_request(counted).sampling.max_tokens is None


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"model": None}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": ["x"]}, "messages.0"),
        ({"messages": [{"role": "tool", "content": ""}]}, "messages.0.role"),
        ({"messages": [{"role": [], "content": ""}]}, "messages.0.role"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [3]}]}, "messages.0.content.0"),
        ({"messages": [{"role": "user", "content": [{}]}]}, "messages.0.content.0.type"),
        ({"system": 3}, "system"),
        ({"system": [{"type": "image", "source": {"type": "url", "url": ""}}]}, "system.0.type"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_k": 1.5}, "top_k"),
        ({"stop_sequences": "x"}, "stop_sequences"),
        ({"stop_sequences": ["x", 1]}, "stop_sequences.1"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"name": "a"}]}, "tools.0.input_schema"),
        ({"tools": [{"input_schema": {}}]}, "tools.0.name"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tool_choice": {"type": "required"}}, "tool_choice.type"),
        ({"tool_choice": {"type": []}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"thinking": "on"}, "thinking"),
        ({"thinking": {"type": "enabled", "budget_tokens": "x"}}, "thinking.budget_tokens"),
        ({"output_config": []}, None),
        ({"output_config": "high"}, "output_config"),
        ({"output_config": {"effort": 3}}, "output_config.effort"),
        ({"metadata": {"user_id": 3}}, "metadata.user_id"),
        ({"stream": "yes"}, "stream"),
    ],
)
def test_an_error_names_the_path(members: Any, path: str | None) -> None:
    if path is None:
        decode_request(body(**members))
        return
    with pytest.raises(ClientError) as caught:
        decode_request(body(**members))
    assert caught.value.kind == "invalid_request"
    assert caught.value.message.startswith(f"{path}: ")


@given(values, values)
def test_any_json_is_a_request_or_an_error(content: Any, member: Any) -> None:
    names = ("system", "tools", "tool_choice", "thinking", "output_config", "metadata", "stream")
    odd = body(messages=[{"role": "user", "content": content}], **dict.fromkeys(names, member))
    try:
        decode_request(odd)
    except ClientError as error:
        assert error.kind == "invalid_request"
