"""A Chat Completions request to the hub
(platform.openai.com/docs/api-reference/chat/create, read 2026-11).

The hub knows one answer a request, so `n` above 1 is refused here: a client that asks for three
answers and gets one would fail on the second. Requests that are relayed never come here.
"""

from __future__ import annotations

from axonhub_cli.ir import freeform
from axonhub_cli.ir.recall import NOTHING, Recall
from axonhub_cli.ir.request import (
    Extra,
    OutputFormat,
    Reasoning,
    Request,
    Sampling,
    ServerTool,
    Tool,
    ToolChoice,
)
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.openai_chat.messages_decoder import decode_messages
from axonhub_cli.protocols.openai_chat.names import NAME
from axonhub_cli.protocols.read import (
    as_dict,
    as_list,
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

Object = dict[str, Json]

_KNOWN = frozenset(
    """model messages tools functions tool_choice function_call parallel_tool_calls max_tokens
    max_completion_tokens temperature top_p top_k stop seed presence_penalty frequency_penalty n
    response_format reasoning_effort reasoning thinking enable_thinking thinking_budget user
    metadata service_tier prompt_cache_key stream stream_options""".split()
)
_TOOL = frozenset({"type", "function"})
_CUSTOM = frozenset({"type", "custom"})
_NAMED = frozenset({"name", "description"})
_FUNCTION = frozenset({"name", "description", "parameters", "strict"})
_FORMAT = frozenset({"name", "description", "schema", "strict"})
NO_PARAMETERS: Object = {"type": "object", "properties": {}}


def decode_request(body: Object, recall: Recall = NOTHING) -> Request:
    """Raises `ClientError` naming the path of what cannot be."""
    extra = rest(body, _KNOWN)
    system, messages = decode_messages(body.get("messages"), recall)
    if (opt_int(body.get("n"), "n") or 1) > 1:
        fail("n", "Several answers to one request cannot be converted; send a request for each")
    stream = opt_bool(body.get("stream"), "stream") or False
    return Request(
        protocol=NAME,
        model=need_str(body.get("model"), "model"),
        system=system,
        messages=messages,
        tools=_tools(body, recall),
        tool_choice=_tool_choice(body, extra),
        parallel_tools=opt_bool(body.get("parallel_tool_calls"), "parallel_tool_calls"),
        sampling=_sampling(body),
        reasoning=_reasoning(body, extra),
        output=_output(body.get("response_format"), extra),
        user=opt_str(body.get("user"), "user"),
        metadata=need_dict(body.get("metadata") or {}, "metadata"),
        service_tier=opt_str(body.get("service_tier"), "service_tier"),
        cache_key=opt_str(body.get("prompt_cache_key"), "prompt_cache_key"),
        stream=stream,
        wants_usage=_wants_usage(body.get("stream_options"), extra) or not stream,
        extra=extra,
    )


def _tools(body: Object, recall: Recall) -> tuple[Tool | ServerTool, ...]:
    tools = need_list(body.get("tools") or [], "tools")
    functions = need_list(body.get("functions") or [], "functions")
    return (
        *[recall.of(tool, f"tools.{at}", _tool) for at, tool in enumerate(tools)],
        *[
            _function(need_dict(f, f"functions.{at}"), {}, f"functions.{at}")
            for at, f in enumerate(functions)
        ],
    )


def _tool(given: Json, path: str) -> Tool | ServerTool:
    value = need_dict(given, path)
    kind = need_str(value.get("type", "function"), f"{path}.type")
    if kind == "function":
        function = need_dict(value.get("function"), f"{path}.function")
        return _function(function, rest(value, _TOOL), f"{path}.function")
    custom = as_dict(value.get(kind))
    if kind == "custom" and _name_of(custom):
        return _freeform(custom, rest(value, _CUSTOM), f"{path}.custom")
    return ServerTool(NAME, kind, _name_of(custom) or _name_of(value) or kind, value)


def _freeform(custom: Object, extra: Extra, path: str) -> Tool:
    unknown = rest(custom, _NAMED)
    if unknown:
        extra["custom"] = unknown
    description = opt_str(custom.get("description"), f"{path}.description")
    return Tool(_name_of(custom), description, freeform.SCHEMA, extra=extra, freeform=True)


def _function(function: Object, extra: Extra, path: str) -> Tool:
    unknown = rest(function, _FUNCTION)
    if unknown:
        extra["function"] = unknown
    parameters = function.get("parameters")
    return Tool(
        name=need_str(function.get("name"), f"{path}.name"),
        description=opt_str(function.get("description"), f"{path}.description"),
        schema=need_dict(parameters, f"{path}.parameters") if parameters else NO_PARAMETERS,
        strict=opt_bool(function.get("strict"), f"{path}.strict"),
        extra=extra,
    )


_MODES: dict[str, ToolChoice] = {
    "auto": ToolChoice("auto"),
    "none": ToolChoice("none"),
    "required": ToolChoice("any"),
    "any": ToolChoice("any"),
}


def _tool_choice(body: Object, extra: Extra) -> ToolChoice | None:
    choice = body.get("tool_choice")
    if choice is None:
        choice = body.get("function_call")
    if choice is None:
        return None
    if isinstance(choice, str):
        return _MODES.get(choice) or fail("tool_choice", f"Unknown tool choice {choice!r}")
    named = need_dict(choice, "tool_choice")
    if named.get("type") == "allowed_tools":
        return _allowed_tools(named, extra)
    name = _name_in(named)
    return ToolChoice("tool", name) if name else fail("tool_choice", "Input should name a tool")


def _allowed_tools(choice: Object, extra: Extra) -> ToolChoice:
    """A required one of one is that one; other sets are kept for who knows them."""
    allowed = as_dict(choice.get("allowed_tools")) or choice
    required = allowed.get("mode") == "required"
    names = [_name_in(as_dict(tool)) for tool in as_list(allowed.get("tools"))]
    if required and len(names) == 1 and names[0]:
        return ToolChoice("tool", names[0])
    extra["tool_choice"] = choice
    return ToolChoice("any" if required else "auto")


def _name_in(named: Object) -> str:
    """The name in `{"type": T, T: {"name": …}}`, or in the legacy `{"name": …}`."""
    inner = as_dict(named.get(str(named.get("type"))))
    return _name_of(inner) or _name_of(as_dict(named.get("function"))) or _name_of(named)


def _name_of(value: Object) -> str:
    name = value.get("name")
    return name if isinstance(name, str) else ""


def _sampling(body: Object) -> Sampling:
    most = opt_int(body.get("max_completion_tokens"), "max_completion_tokens")
    return Sampling(
        max_tokens=most if most is not None else opt_int(body.get("max_tokens"), "max_tokens"),
        temperature=opt_float(body.get("temperature"), "temperature"),
        top_p=opt_float(body.get("top_p"), "top_p"),
        top_k=opt_int(body.get("top_k"), "top_k"),
        stop=_stop(body.get("stop")),
        seed=opt_int(body.get("seed"), "seed"),
        presence_penalty=opt_float(body.get("presence_penalty"), "presence_penalty"),
        frequency_penalty=opt_float(body.get("frequency_penalty"), "frequency_penalty"),
    )


def _stop(value: Json) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple([need_str(s, f"stop.{at}") for at, s in enumerate(need_list(value, "stop"))])


def _reasoning(body: Object, extra: Extra) -> Reasoning:
    """OpenAI's effort, OpenRouter's `reasoning`, `thinking` (DeepSeek, GLM), `enable_thinking`
    (Qwen). What none of them says here stays in `extra`."""
    effort = opt_str(body.get("reasoning_effort"), "reasoning_effort")
    router, thinking = as_dict(body.get("reasoning")), as_dict(body.get("thinking"))
    _keep(extra, "reasoning", body, router, frozenset({"effort", "max_tokens", "enabled"}))
    _keep(extra, "thinking", body, thinking, frozenset({"type", "budget_tokens"}))
    effort = effort or opt_str(router.get("effort"), "reasoning.effort")
    budget = opt_int(thinking.get("budget_tokens"), "thinking.budget_tokens")
    if budget is None:
        budget = opt_int(router.get("max_tokens"), "reasoning.max_tokens")
    if budget is None:
        budget = opt_int(body.get("thinking_budget"), "thinking_budget")
    switch = opt_bool(body.get("enable_thinking"), "enable_thinking")
    if switch is None:
        switch = opt_bool(router.get("enabled"), "reasoning.enabled")
    kind = thinking.get("type")
    if effort == "none" or switch is False or kind == "disabled":
        return Reasoning("disabled")
    if kind == "adaptive":
        return Reasoning("adaptive", effort, budget)
    on = switch or budget is not None or kind == "enabled"
    return Reasoning("enabled" if on else None, effort, budget)


def _keep(extra: Extra, name: str, body: Object, value: Object, known: frozenset[str]) -> None:
    left = rest(value, known) if value else body.get(name)
    if left:
        extra[name] = left


def _output(value: Json, extra: Extra) -> OutputFormat | None:
    if value is None:
        return None
    given = need_dict(value, "response_format")
    kind = given.get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return OutputFormat("json_object")
    if kind != "json_schema":
        extra["response_format"] = value
        return None
    path = "response_format.json_schema"
    schema = need_dict(given.get("json_schema"), path)
    unknown = rest(schema, _FORMAT)
    if unknown:
        extra["response_format"] = {"json_schema": unknown}
    return OutputFormat(
        "json_schema",
        need_dict(schema.get("schema") or {}, f"{path}.schema"),
        opt_str(schema.get("name"), f"{path}.name"),
        opt_str(schema.get("description"), f"{path}.description"),
        opt_bool(schema.get("strict"), f"{path}.strict"),
    )


def _wants_usage(value: Json, extra: Extra) -> bool:
    if value is None:
        return False
    options = need_dict(value, "stream_options")
    left = rest(options, frozenset({"include_usage"}))
    if left:
        extra["stream_options"] = left
    return opt_bool(options.get("include_usage"), "stream_options.include_usage") or False
