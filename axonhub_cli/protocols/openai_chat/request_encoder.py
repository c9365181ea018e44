"""A request of the hub to Chat Completions, and what of it Chat cannot say.

It is written for servers in general; what one provider names or refuses otherwise is its dialect's
(`max_completion_tokens`, `developer`, efforts it does not know). Three decisions:

* `metadata.user_id` of an Anthropic client is about its user and stays with Anthropic.
* Adaptive thinking without an effort is a server's default, so nothing is said; nor of disabled
  thinking, which each provider says in words of its own.
* `strict` of another protocol's tool is not: OpenAI's asks for more of a schema than Anthropic's.
"""

from __future__ import annotations

from functools import partial

from axonhub_cli.ir.recall import NOTHING, Recall
from axonhub_cli.ir.request import OutputFormat, Reasoning, Request, Sampling, ServerTool, Tool
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.codec import Encoded
from axonhub_cli.protocols.openai_chat.losses import Losses
from axonhub_cli.protocols.openai_chat.messages_encoder import encode_messages
from axonhub_cli.protocols.openai_chat.names import NAME, effort_for, tier_for

Object = dict[str, Json]

_TOOL = "chat tool"
_MOST_STOPS = 4
_LIKEWISE = ("temperature", "top_p", "seed", "presence_penalty", "frequency_penalty")


def encode_request(request: Request, model: str, recall: Recall = NOTHING) -> Encoded:
    """For the upstream model of that name. Raises `ClientError` for content that cannot cross."""
    losses = Losses(recall)
    own = request.protocol == NAME
    body: Object = {"model": model, "messages": encode_messages(request, losses)}
    _add_tools(body, request, losses)
    _add_sampling(body, request.sampling, losses, own=own)
    if own:
        _add_own_reasoning(body, request.reasoning)
    else:
        _add_reasoning(body, request.reasoning, losses)
    if request.output is not None:
        body["response_format"] = _format(request.output)
    _add_identity(body, request, losses)
    if request.stream:
        # Usage is for the trace, whether or not the client asked for it.
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    if own:
        _add_extra(body, request)
    else:
        losses.add_members("", request.extra)
    return Encoded(body, losses.all())


def _add_tools(body: Object, request: Request, losses: Losses) -> None:
    own = request.protocol == NAME
    tools: list[Object] = []
    for at, tool in enumerate(request.tools):
        if isinstance(tool, Tool):
            tools.append(_own_tool(tool) if own else _known_tool(tool, losses))
        elif tool.protocol == NAME:
            tools.append(tool.data)
        else:
            name = tool.name or tool.kind
            losses.add(f"tools[{at}]", f"{name!r} is one of {tool.protocol}'s own tools")
    if not tools:
        _say_no_choice(request, losses)
        return
    body["tools"] = tools
    choice = _tool_choice(request, losses)
    if choice is not None:
        body["tool_choice"] = choice
    # True is the default, which some servers refuse to be told.
    if request.parallel_tools is False or (own and request.parallel_tools):
        body["parallel_tool_calls"] = request.parallel_tools


def _known_tool(tool: Tool, losses: Losses) -> Object:
    known: Object | None = losses.known(_TOOL, tool)
    if known is None:
        known = losses.making(_TOOL, tool, partial(_tool, tool, losses))
    return known


def _tool(tool: Tool, losses: Losses) -> Object:
    losses.add_members("tools[*]", tool.extra)
    if tool.strict:
        losses.add("tools[*].strict", "OpenAI's strict mode asks for more of a schema")
    return {"type": "function", "function": _function(tool)}


def _own_tool(tool: Tool) -> Object:
    extra = dict(tool.extra)
    if tool.freeform:
        described = {} if tool.description is None else {"description": tool.description}
        custom: Object = {"name": tool.name, **described, **extra.pop("custom", {})}
        return {"type": "custom", "custom": custom, **extra}
    function = _function(tool)
    if tool.strict is not None:
        function["strict"] = tool.strict
    function |= extra.pop("function", {})
    return {"type": "function", "function": function, **extra}


def _function(tool: Tool) -> Object:
    function: Object = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    function["parameters"] = tool.schema
    return function


def _say_no_choice(request: Request, losses: Losses) -> None:
    """Servers refuse a choice without tools."""
    choice = request.tool_choice
    if choice is not None and choice.mode in ("any", "tool"):
        losses.add("tool_choice", "none of the tools can be offered")


def _tool_choice(request: Request, losses: Losses) -> Json:
    choice = request.tool_choice
    if choice is None:
        return None
    if choice.mode != "tool":
        return "required" if choice.mode == "any" else choice.mode
    for tool in request.tools:
        if tool.name != choice.name:
            continue
        if isinstance(tool, Tool):
            kind = "custom" if tool.freeform else "function"
            return {"type": kind, kind: {"name": choice.name}}
        if tool.protocol == NAME:
            return _server_choice(tool)
    # Claude Code's web search forces a tool that only Anthropic runs.
    losses.add("tool_choice", f"the tool {choice.name!r} cannot be offered: the model may choose")
    return "auto"


def _server_choice(tool: ServerTool) -> Object:
    return {"type": tool.kind, tool.kind: {"name": tool.name}}


def _add_sampling(body: Object, sampling: Sampling, losses: Losses, *, own: bool) -> None:
    if sampling.max_tokens is not None:
        body["max_tokens"] = sampling.max_tokens
    for name in _LIKEWISE:
        value = getattr(sampling, name)
        if value is not None:
            body[name] = value
    if sampling.stop:
        kept = sampling.stop if own else sampling.stop[:_MOST_STOPS]
        body["stop"] = list(kept)
        if len(kept) < len(sampling.stop):
            losses.add("stop_sequences", f"Chat takes {_MOST_STOPS}: the first ones are sent")
    if sampling.top_k is None:
        return
    if own:
        body["top_k"] = sampling.top_k
    else:
        losses.add("top_k")


def _add_reasoning(body: Object, reasoning: Reasoning, losses: Losses) -> None:
    if reasoning.mode == "disabled":
        return
    if reasoning.effort is not None:
        body["reasoning_effort"] = reasoning.effort
    elif reasoning.budget is not None:
        body["reasoning_effort"] = effort_for(reasoning.budget)
    if reasoning.budget is not None:
        told = body["reasoning_effort"]
        losses.add("thinking.budget_tokens", f"said as reasoning_effort {told!r}")


def _add_own_reasoning(body: Object, reasoning: Reasoning) -> None:
    if reasoning.mode == "disabled":
        body["reasoning_effort"] = "none"
        return
    if reasoning.effort is not None:
        body["reasoning_effort"] = reasoning.effort
    if reasoning.mode is not None:
        thinking: Object = {"type": reasoning.mode}
        if reasoning.budget is not None:
            thinking["budget_tokens"] = reasoning.budget
        body["thinking"] = thinking


def _format(output: OutputFormat) -> Object:
    if output.kind == "json_object":
        return {"type": "json_object"}
    schema: Object = {"name": output.name or "answer", "schema": output.schema}
    if output.description is not None:
        schema["description"] = output.description
    if output.strict is not None:
        schema["strict"] = output.strict
    return {"type": "json_schema", "json_schema": schema}


def _add_identity(body: Object, request: Request, losses: Losses) -> None:
    if request.cache_key is not None:
        body["prompt_cache_key"] = request.cache_key
    if request.protocol == NAME:
        if request.user is not None:
            body["user"] = request.user
        if request.metadata:
            body["metadata"] = request.metadata
        if request.service_tier is not None:
            body["service_tier"] = request.service_tier
        return
    if request.user is not None:
        losses.add("metadata.user_id", "who the user is, a client tells its own provider only")
    losses.add_members("metadata", {k: v for k, v in request.metadata.items() if k != "user_id"})
    tier = tier_for(request.service_tier)
    if tier not in (None, "auto"):
        body["service_tier"] = tier
    elif request.service_tier is not None and tier is None:
        losses.add("service_tier", f"{request.service_tier!r} has no counterpart")


def _add_extra(body: Object, request: Request) -> None:
    """What the decoder kept, merged into what it read of the same member."""
    for name, value in request.extra.items():
        there = body.get(name)
        if name == "response_format" and isinstance(there, dict):
            body[name] = there | {
                "json_schema": there.get("json_schema", {}) | value["json_schema"]
            }
        elif isinstance(there, dict) and isinstance(value, dict):
            body[name] = there | value
        elif name != "stream_options":
            # Options of a stream without a stream are refused.
            body[name] = value
