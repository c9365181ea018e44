"""Tools and the choice among them: unique names, schemas of objects, no choice of what is not."""

from __future__ import annotations

from axonhub_cli.ir.request import Message, Request, ServerTool, Tool, ToolCall, ToolChoice
from axonhub_cli.protocols.anthropic.fit.content import keep_cache_control
from axonhub_cli.protocols.anthropic.fit.schema import close_schema, fit_input_schema
from axonhub_cli.protocols.anthropic.losses import Losses
from axonhub_cli.protocols.anthropic.names import has_output_formats, read_version

Tools = tuple[Tool | ServerTool, ...]


def fit_tools(request: Request, messages: tuple[Message, ...], model: str, losses: Losses) -> Tools:
    """The API refuses a history of calls without any tool: then the called ones are named."""
    tools: dict[str, Tool] = {}
    for tool in request.tools:
        if isinstance(tool, ServerTool):
            losses.add("tools[*]", f"{tool.kind!r} is a tool that another provider runs")
        elif tool.name in tools:
            losses.add("tools[*]", f"a second tool of the name {tool.name!r} is refused")
        else:
            tools[tool.name] = _fit_tool(tool, model, losses)
    if not tools:
        for name in _called(messages):
            losses.add("tools", "the history has tool calls: tools of their names are made up")
            tools[name] = Tool(name, schema=fit_input_schema({}, losses))
    return tuple(tools.values())


def _called(messages: tuple[Message, ...]) -> list[str]:
    blocks = [block for message in messages for block in message.content]
    return list(dict.fromkeys(block.name for block in blocks if isinstance(block, ToolCall)))


def fit_choice(
    request: Request, tools: Tools, losses: Losses
) -> tuple[ToolChoice | None, bool | None]:
    """The choice, and whether several calls at once are all right where that must be said."""
    if not tools:
        if request.tool_choice is not None and request.tool_choice.mode in ("any", "tool"):
            losses.add("tool_choice", "there is no tool to choose")
        return None, None
    if all(isinstance(tool, ServerTool) for tool in request.tools):
        # Those of the history stand there to be read, not to be called.
        return ToolChoice("none"), None
    choice = request.tool_choice
    if choice is not None and choice.mode == "tool":
        if choice.name not in {tool.name for tool in tools}:
            losses.add("tool_choice", f"there is no tool of the name {choice.name!r}")
            choice = None
    if request.parallel_tools is not False:
        return choice, None
    if choice is None:
        return ToolChoice("auto"), False
    return choice, None if choice.mode == "none" else False


def _fit_tool(tool: Tool, model: str, losses: Losses) -> Tool:
    extra = keep_cache_control(tool.extra, "tools[*]", losses)
    schema = fit_input_schema(tool.schema, losses)
    strict = tool.strict
    if strict and (read_version(model) is None or not has_output_formats(model)):
        losses.add("tools[*].strict", f"it is not known that {model} can keep to a schema")
        strict = None
    if strict:
        schema = close_schema(schema, "tools[*].parameters", losses)
    return Tool(tool.name, tool.description or None, schema, True if strict else None, extra)
