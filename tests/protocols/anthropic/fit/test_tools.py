"""Tools that the API accepts, and a choice among those there are."""

from __future__ import annotations

from typing import Any

from axonhub_cli.ir.request import Message, Request, ServerTool, Tool, ToolCall, ToolChoice
from axonhub_cli.protocols.anthropic.fit.tools import Tools, fit_choice, fit_tools
from axonhub_cli.protocols.anthropic.losses import Losses

EMPTY = {"type": "object", "properties": {}}
SEARCH = ServerTool("openai_chat", "web_search", "web_search", {})
CALLED = (Message("assistant", (ToolCall("a", "f", ""), ToolCall("b", "f", ""))),)


def fit(
    *tools: Tool | ServerTool,
    messages: tuple[Message, ...] = (),
    model: str = "claude-opus-5-5",
    **members: Any,
) -> tuple[Tools, ToolChoice | None, bool | None, list[str]]:
    losses = Losses()
    request = Request(protocol="openai_chat", model="m", tools=tools, **members)
    fitted = fit_tools(request, messages, model, losses)
    choice, parallel = fit_choice(request, fitted, losses)
    return fitted, choice, parallel, [loss.path for loss in losses.all()]


def test_a_tool_without_properties_gets_them() -> None:
    """axonhub #1302: an input_schema without properties is a 400."""
    for schema in (None, {}, {"type": "object"}):
        assert fit(Tool("f", schema=schema))[0] == (Tool("f", schema=EMPTY),)


def test_an_empty_description_is_none() -> None:
    assert fit(Tool("f", "", EMPTY))[0] == (Tool("f", None, EMPTY),)


def test_a_strict_tool_stays_strict_where_the_model_can() -> None:
    strict = Tool("f", None, EMPTY | {"additionalProperties": False}, strict=True)
    assert fit(strict)[0] == (strict,)
    for model in ("claude-sonnet-4-0", "deepseek-chat"):
        tools, _, _, losses = fit(strict, model=model)
        assert isinstance(tools[0], Tool)
        assert tools[0].strict is None
        assert losses == ["tools[*].strict"]


def test_strict_that_is_off_is_not_said() -> None:
    assert fit(Tool("f", None, EMPTY, strict=False)) == ((Tool("f", None, EMPTY),), None, None, [])


def test_a_strict_tool_s_schema_is_closed() -> None:
    tools, _, _, losses = fit(Tool("f", None, EMPTY, strict=True))
    assert isinstance(tools[0], Tool)
    assert tools[0].schema["additionalProperties"] is False
    assert losses == ["tools[*].parameters"]


def test_tools_of_other_vendors_and_second_ones_are_lost() -> None:
    tool = Tool("f", None, EMPTY)
    tools, _, _, losses = fit(tool, SEARCH, tool)
    assert tools == (tool,)
    assert losses == ["tools[*]", "tools[*]"]


def test_breakpoints_cross_and_other_members_do_not() -> None:
    cached = {"cache_control": {"type": "ephemeral"}}
    tools, _, _, losses = fit(Tool("f", None, EMPTY, extra=cached | {"x": 1}))
    assert tools == (Tool("f", None, EMPTY, extra=cached),)
    assert losses == ["tools[*].x"]


def test_a_history_of_calls_without_tools_names_them() -> None:
    tools, choice, parallel, losses = fit(messages=CALLED, tool_choice=ToolChoice("auto"))
    assert tools == (Tool("f", schema=EMPTY),)
    assert (choice, parallel) == (ToolChoice("none"), None)
    assert losses == ["tools"]


def test_a_choice_without_tools_is_dropped() -> None:
    """axonhub #418: a preference for parallel calls without tools is a 400."""
    assert fit(tool_choice=ToolChoice("auto"), parallel_tools=False) == ((), None, None, [])
    assert fit(tool_choice=ToolChoice("any"))[3] == ["tool_choice"]


def test_a_forced_tool_that_was_removed_is_not_forced() -> None:
    """bifrost #3596: WebSearch forces a tool that the converter took away."""
    forced = ToolChoice("tool", "web_search")
    tools, choice, _, losses = fit(SEARCH, tool_choice=forced)
    assert (tools, choice) == ((), None)
    assert losses == ["tools[*]", "tool_choice"]
    tools, choice, _, losses = fit(SEARCH, Tool("f", None, EMPTY), tool_choice=forced)
    assert choice is None
    assert losses == ["tools[*]", "tool_choice"]


def test_the_choice_crosses() -> None:
    tool = Tool("f", None, EMPTY)
    for choice in (ToolChoice("tool", "f"), ToolChoice("any"), ToolChoice("none"), None):
        assert fit(tool, tool_choice=choice)[1:] == (choice, None, [])


def test_one_call_at_a_time_is_said_with_a_choice() -> None:
    tool = Tool("f", None, EMPTY)
    assert fit(tool, parallel_tools=False)[1:3] == (ToolChoice("auto"), False)
    assert fit(tool, parallel_tools=True)[1:3] == (None, None)
    for mode, parallel in (("any", False), ("none", None)):
        choice = ToolChoice(mode)  # type: ignore[arg-type]
        assert fit(tool, tool_choice=choice, parallel_tools=False)[1:3] == (choice, parallel)
