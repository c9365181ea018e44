"""The hub to a Messages request: written as it is, after another protocol's was made fit."""

from __future__ import annotations

from axonhub_cli.ir.recall import NOTHING, Recall
from axonhub_cli.ir.request import (
    Block,
    Extra,
    Message,
    Reasoning,
    Request,
    Sampling,
    ServerTool,
    Thinking,
    Tool,
)
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.anthropic.blocks import INVALID_INPUT, Object, encode_content
from axonhub_cli.protocols.anthropic.fit.request import fit
from axonhub_cli.protocols.anthropic.losses import Losses
from axonhub_cli.protocols.anthropic.names import NAME
from axonhub_cli.protocols.codec import UNSIGNED, Encoded
from axonhub_cli.protocols.read import as_dict

_NESTED = ("thinking", "output_config", "tool_choice")


def encode_request(request: Request, model: str, recall: Recall = NOTHING) -> Encoded:
    """For the upstream model of that name. Raises `ClientError` for content that cannot cross.

    What a message becomes here depends on its neighbours, so nothing is looked up in `recall`.

    A request of this protocol is written back as it came, whatever the model can do: how to ask
    an API for another thing than the client did is the dialects' to know.
    """
    losses = Losses()
    if request.protocol != NAME:
        request = fit(request, model, losses)
    messages = _messages(request.messages, losses)
    if request.protocol != NAME and _has_invalid_input(messages):
        losses.add("messages[*].tool_calls[*]", "arguments that are no JSON object are named so")
    body: Object = {"model": model, "messages": messages}
    if request.system:
        body["system"] = encode_content(request.system)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    _write(body, "tool_choice", _tool_choice(request))
    body |= _sampling(request.sampling)
    _write(body, "thinking", _thinking(request.reasoning, request.extra))
    _write(body, "output_config", _output_config(request))
    user = {} if request.user is None else {"user_id": request.user}
    _write(body, "metadata", request.metadata | user)
    if request.service_tier is not None:
        body["service_tier"] = request.service_tier
    if request.stream:
        body["stream"] = True
    body |= {name: value for name, value in request.extra.items() if name not in _NESTED}
    return Encoded(body, losses.all())


def _write(body: Object, name: str, value: Object) -> None:
    if value:
        body[name] = value


def _messages(messages: tuple[Message, ...], losses: Losses) -> list[Json]:
    encoded: list[Json] = []
    for message in messages:
        content = message.content
        if message.role == "assistant" and any(_is_unsigned(block) for block in content):
            losses.add("messages[*].content[*]", "reasoning of another provider has no signature")
            content = tuple([block for block in content if not _is_unsigned(block)])
            if not content:
                continue
        turn = {"role": message.role, "content": encode_content(content)}
        encoded.append(turn | message.extra if message.extra else turn)
    return encoded


def _has_invalid_input(messages: list[Json]) -> bool:
    return any(
        INVALID_INPUT in block.get("input", ())
        for turn in messages
        if turn["role"] == "assistant" and isinstance(turn["content"], list)
        for block in turn["content"]
    )


def _is_unsigned(block: Block) -> bool:
    return type(block) is Thinking and block.signature == UNSIGNED


def _tool(tool: Tool | ServerTool) -> Json:
    if isinstance(tool, ServerTool):
        return tool.data
    encoded: Object = {"name": tool.name}
    if tool.description is not None:
        encoded["description"] = tool.description
    encoded["input_schema"] = tool.schema
    if tool.strict is not None:
        encoded["strict"] = tool.strict
    return encoded | tool.extra


def _tool_choice(request: Request) -> Object:
    choice = request.tool_choice
    if choice is None:
        return {}
    encoded: Object = {"type": choice.mode}
    if choice.name is not None:
        encoded["name"] = choice.name
    if request.parallel_tools is not None:
        encoded["disable_parallel_tool_use"] = not request.parallel_tools
    return encoded | as_dict(request.extra.get("tool_choice"))


def _sampling(sampling: Sampling) -> Object:
    named = {
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "stop_sequences": list(sampling.stop) or None,
    }
    return {name: value for name, value in named.items() if value is not None}


def _thinking(reasoning: Reasoning, extra: Extra) -> Object:
    encoded: Object = {}
    if reasoning.mode is not None:
        encoded["type"] = reasoning.mode
    if reasoning.budget is not None:
        encoded["budget_tokens"] = reasoning.budget
    return encoded | as_dict(extra.get("thinking"))


def _output_config(request: Request) -> Object:
    encoded: Object = {}
    if request.reasoning.effort is not None:
        encoded["effort"] = request.reasoning.effort
    if request.output is not None:
        encoded["format"] = {"type": request.output.kind, "schema": request.output.schema}
    return encoded | as_dict(request.extra.get("output_config"))
