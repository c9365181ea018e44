"""The request as a whole: its parts made fit, and what none of them holds told as lost."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from axonhub_cli import jsonio
from axonhub_cli.ir.freeform import without_freeform
from axonhub_cli.ir.request import Message, OutputFormat, Request, Text
from axonhub_cli.protocols.anthropic.fit.content import fit_blocks, fit_text
from axonhub_cli.protocols.anthropic.fit.reasoning import fit_reasoning
from axonhub_cli.protocols.anthropic.fit.sampling import fit_sampling
from axonhub_cli.protocols.anthropic.fit.schema import close_schema
from axonhub_cli.protocols.anthropic.fit.tools import fit_choice, fit_tools
from axonhub_cli.protocols.anthropic.fit.turns import fit_turns
from axonhub_cli.protocols.anthropic.losses import Losses
from axonhub_cli.protocols.anthropic.names import SERVICE_TIERS, has_output_formats

_ANY_JSON = "Answer with one JSON object and nothing else: no prose around it, no code fence."
_BY_SCHEMA = "Answer with JSON that follows this schema and nothing else, no code fence:\n"


class _Prompt(Struct, frozen=True):
    """What is said to the model: the system prompt, and the turns, of which there is one."""

    system: tuple[Text, ...]
    messages: tuple[Message, ...]


def fit(request: Request, model: str, losses: Losses) -> Request:
    """Raises `ClientError` for content that Claude could not read."""
    request, lost = without_freeform(request)
    for loss in lost:
        losses.add(loss.path, loss.reason)
    output, instruction = _fit_output(request.output, model, losses)
    prompt = _fit_prompt(request, instruction, losses)
    tools = fit_tools(request, prompt.messages, model, losses)
    choice, parallel = fit_choice(request, tools, losses)
    reasoning, max_tokens = fit_reasoning(
        request, model=model, messages=prompt.messages, choice=choice, losses=losses
    )
    sampling = fit_sampling(request.sampling, model=model, reasoning=reasoning, losses=losses)
    _lose_the_rest(request, losses)
    return Request(
        protocol=request.protocol,
        model=request.model,
        system=prompt.system,
        messages=prompt.messages,
        tools=tools,
        tool_choice=choice,
        parallel_tools=parallel,
        sampling=replace(sampling, max_tokens=max_tokens),
        reasoning=reasoning,
        output=output,
        user=request.user,
        service_tier=_fit_tier(request.service_tier, losses),
        stream=request.stream,
    )


def _fit_prompt(request: Request, instruction: str | None, losses: Losses) -> _Prompt:
    system = [
        fit_text(b, "system[*]", losses) for b in fit_blocks("system", request.system, losses)
    ]
    turns = fit_turns(request.messages, losses)
    if not turns and system:
        losses.add("messages", "a conversation of system turns alone is asked as the user's turn")
        turns, system = (Message("user", tuple(system)),), []
    elif not turns or turns[0].role != "user":
        losses.add("messages", "the API wants the user to begin: a turn of one dot stands first")
        turns = (Message("user", (Text("."),)), *turns)
    if instruction is not None:
        system.append(Text(instruction))
    return _Prompt(tuple(system), turns)


def _fit_output(
    output: OutputFormat | None, model: str, losses: Losses
) -> tuple[OutputFormat | None, str | None]:
    """The format for the API, or else an instruction for the model."""
    if output is None:
        return None, None
    if output.description is not None:
        losses.add("response_format.json_schema.description", "an answer's schema has no such text")
    if output.kind == "json_object":
        losses.add("response_format", "there is no JSON mode without a schema: the model is told")
        return None, _ANY_JSON
    if not has_output_formats(model):
        losses.add("response_format", f"{model} takes no schema for its answer: the model is told")
        return None, _BY_SCHEMA + jsonio.encode(output.schema).decode()
    schema = close_schema(output.schema, "response_format.json_schema.schema", losses)
    return OutputFormat("json_schema", schema), None


def _fit_tier(tier: str | None, losses: Losses) -> str | None:
    known = SERVICE_TIERS.get(tier) if tier is not None else None
    if tier is not None and known is None:
        losses.add("service_tier", f"{tier!r} has no counterpart at Anthropic")
    return known


def _lose_the_rest(request: Request, losses: Losses) -> None:
    losses.add_extra("", request.extra)
    losses.add_extra("metadata", request.metadata)
    if request.cache_key is not None:
        losses.add("prompt_cache_key", "Anthropic finds its cache by the prompt's own words")
