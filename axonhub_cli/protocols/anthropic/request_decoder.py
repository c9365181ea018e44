"""A Messages request to the hub: client input, read strictly, nothing dropped.

What only this protocol has goes to `extra` under its wire name. Members of `thinking`,
`output_config` and `tool_choice` that the hub does not hold stay in `extra` under those names.
"""

from __future__ import annotations

from axonhub_cli.ir.recall import NOTHING, Recall, as_it_is
from axonhub_cli.ir.request import (
    Extra,
    Message,
    Opaque,
    OutputFormat,
    Reasoning,
    Request,
    Role,
    Sampling,
    ServerTool,
    Text,
    Tool,
    ToolChoice,
)
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.anthropic.blocks import Object, decode_blocks
from axonhub_cli.protocols.anthropic.names import NAME, TOOL_CHOICES
from axonhub_cli.protocols.read import (
    fail,
    need_dict,
    need_list,
    need_str,
    opt_bool,
    opt_float,
    opt_int,
    opt_str,
    rest,
)

_ROLES: dict[Json, Role] = {"user": "user", "assistant": "assistant", "system": "system"}

_REQUEST = frozenset(
    {"model", "messages", "system", "tools", "tool_choice", "max_tokens", "temperature", "top_p"}
    | {"top_k", "stop_sequences", "thinking", "output_config", "output_format", "metadata"}
    | {"service_tier", "stream"}
)
_MESSAGE = frozenset({"role", "content"})
_TOOL = frozenset({"type", "name", "description", "input_schema", "strict"})
_TOOL_CHOICE = frozenset({"type", "name", "disable_parallel_tool_use"})
_OUTPUT_CONFIG = frozenset({"effort", "format"})
_THINKING = frozenset({"type", "budget_tokens"})
_FORMAT = frozenset({"type", "schema"})


def decode_request(body: Object, recall: Recall = NOTHING) -> Request:
    """Raises `ClientError` naming the JSON path of what is wrong.

    `max_tokens` may be missing: `count_tokens` has none.
    """
    extra = rest(body, _REQUEST)
    config = need_dict(body.get("output_config") or {}, "output_config")
    choice = body.get("tool_choice")
    tool_choice, parallel = (None, None) if choice is None else _tool_choice(choice, extra)
    metadata = need_dict(body.get("metadata") or {}, "metadata")
    return Request(
        protocol=NAME,
        model=need_str(body.get("model"), "model"),
        system=_system(body.get("system"), recall),
        messages=_messages(body.get("messages"), recall),
        tools=_tools(body.get("tools"), recall),
        tool_choice=tool_choice,
        parallel_tools=parallel,
        sampling=_sampling(body),
        reasoning=_reasoning(body.get("thinking"), config, extra),
        output=_output(config, body.get("output_format"), extra),
        user=opt_str(metadata.get("user_id"), "metadata.user_id"),
        metadata=rest(metadata, frozenset({"user_id"})),
        service_tier=opt_str(body.get("service_tier"), "service_tier"),
        stream=opt_bool(body.get("stream"), "stream") or False,
        extra=extra,
    )


def _system(value: Json, recall: Recall) -> tuple[Text | Opaque, ...]:
    if isinstance(value, list):
        value = [recall.of(block, "system", as_it_is) for block in value]
    blocks = () if value is None else decode_blocks(value, "system")
    for at, block in enumerate(blocks):
        if not isinstance(block, Text | Opaque):
            fail(f"system.{at}.type", "Input should be 'text'")
    return tuple([block for block in blocks if isinstance(block, Text | Opaque)])


def _messages(value: Json, recall: Recall) -> tuple[Message, ...]:
    if not need_list(value, "messages"):
        fail("messages", "at least one message is required")
    of = recall.of
    return tuple([of(message, f"messages.{at}", _message) for at, message in enumerate(value)])


def _message(value: Json, path: str) -> Message:
    message = need_dict(value, path)
    name = message.get("role")
    role = _ROLES.get(name) if isinstance(name, str) else None
    if role is None:
        fail(f"{path}.role", "Input should be 'user', 'assistant' or 'system'")
    content = decode_blocks(message.get("content"), f"{path}.content")
    return Message(role, content, None, rest(message, _MESSAGE))


def _tools(value: Json, recall: Recall) -> tuple[Tool | ServerTool, ...]:
    if value is None:
        return ()
    tools = need_list(value, "tools")
    return tuple([recall.of(tool, f"tools.{at}", _tool) for at, tool in enumerate(tools)])


def _tool(value: Json, path: str) -> Tool | ServerTool:
    tool = need_dict(value, path)
    kind = opt_str(tool.get("type"), f"{path}.type")
    if kind not in (None, "custom"):
        # Toolsets of MCP servers have no name of their own.
        return ServerTool(NAME, kind, opt_str(tool.get("name"), f"{path}.name") or "", tool)
    return Tool(
        need_str(tool.get("name"), f"{path}.name"),
        opt_str(tool.get("description"), f"{path}.description"),
        need_dict(tool.get("input_schema"), f"{path}.input_schema"),
        opt_bool(tool.get("strict"), f"{path}.strict"),
        rest(tool, _TOOL),
    )


def _tool_choice(value: Json, extra: Extra) -> tuple[ToolChoice, bool | None]:
    choice = need_dict(value, "tool_choice")
    mode = choice.get("type")
    if mode not in TOOL_CHOICES:
        fail("tool_choice.type", "Input should be 'auto', 'any', 'tool' or 'none'")
    name = need_str(choice.get("name"), "tool_choice.name") if mode == "tool" else None
    single = opt_bool(
        choice.get("disable_parallel_tool_use"), "tool_choice.disable_parallel_tool_use"
    )
    if unknown := rest(choice, _TOOL_CHOICE):
        extra["tool_choice"] = unknown
    return ToolChoice(mode, name), None if single is None else not single


def _sampling(body: Object) -> Sampling:
    sequences = body.get("stop_sequences")
    stop = [] if sequences is None else need_list(sequences, "stop_sequences")
    return Sampling(
        max_tokens=opt_int(body.get("max_tokens"), "max_tokens"),
        temperature=opt_float(body.get("temperature"), "temperature"),
        top_p=opt_float(body.get("top_p"), "top_p"),
        top_k=opt_int(body.get("top_k"), "top_k"),
        stop=tuple([need_str(text, f"stop_sequences.{at}") for at, text in enumerate(stop)]),
    )


def _reasoning(value: Json, config: Object, extra: Extra) -> Reasoning:
    thinking = {} if value is None else need_dict(value, "thinking")
    effort = opt_str(config.get("effort"), "output_config.effort")
    mode = thinking.get("type")
    if mode not in ("enabled", "adaptive", "disabled"):
        # A way to think that the hub does not know yet is for the API to judge.
        if thinking:
            extra["thinking"] = thinking
        return Reasoning(effort=effort)
    budget = opt_int(thinking.get("budget_tokens"), "thinking.budget_tokens")
    if unknown := rest(thinking, _THINKING):
        extra["thinking"] = unknown
    return Reasoning(mode, effort, budget)


def _output(config: Object, older: Json, extra: Extra) -> OutputFormat | None:
    """`output_config.format`, or the beta's `output_format`; `extra` takes what is neither."""
    unknown = rest(config, _OUTPUT_CONFIG)
    wanted = config.get("format")
    if wanted is None:
        wanted = older
    output = _format(wanted)
    if output is None and wanted is not None:
        unknown["format"] = wanted
    if unknown:
        extra["output_config"] = unknown
    return output


def _format(value: Json) -> OutputFormat | None:
    if not isinstance(value, dict) or value.get("type") != "json_schema":
        return None
    if not value.keys() <= _FORMAT:
        return None
    return OutputFormat(
        "json_schema", need_dict(value.get("schema"), "output_config.format.schema")
    )
