"""Quirks of endpoints that speak Anthropic Messages but are not Anthropic's.

Claude Code's fields grow faster than they learn (known-failures 1 to 4), and there an unknown one
is a 400. A field and the `anthropic-beta` header that asks for it go together: both or none.
"""

from __future__ import annotations

from collections.abc import Callable

from axonhub_cli import jsonio
from axonhub_cli.dialects.base import Body, Change, QuirkContext, RequestQuirk
from axonhub_cli.dialects.request_quirks import CUT, cut_attribution
from axonhub_cli.dialects.walk import (
    Part,
    drop,
    is_object,
    map_field,
    map_messages,
    matches,
    messages_of,
    text_of,
    tools_of,
    without,
)
from axonhub_cli.ir.loss import Loss
from axonhub_cli.jsonio import Json

_ANTHROPIC_ONLY = (
    "betas",
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "mcp_servers",
    "safeguards",
    "service_tier",
    "speed",
)
_TOOL_KEYS = frozenset({"name", "description", "input_schema", "type", "cache_control"})
_THINKING_BUDGET = 16_000
_LEAST_BUDGET = 1024
"""Anthropic's own least, which the others took over."""


def drop_attribution_line(body: Body, context: QuirkContext) -> Change:
    """Only api.anthropic.com removes the line by itself; for others it is prompt text that spoils
    every prefix cache (known-failures 25)."""
    system = body.get("system")
    kept = cut_attribution(system)
    if kept is system:
        return body, ()
    return (without(body, "system") if kept is None else {**body, "system": kept}), (CUT,)


def drop_user_id(body: Body, context: QuirkContext) -> Change:
    """`metadata.user_id` reaches only Anthropic, unless the channel says otherwise."""
    metadata = body.get("metadata")
    if context.settings.tells_user or not isinstance(metadata, dict) or "user_id" not in metadata:
        return body, ()
    rest = without(metadata, "user_id")
    new = {**body, "metadata": rest} if rest else without(body, "metadata")
    return new, (Loss("metadata.user_id", "who the user is, Anthropic alone is told"),)


def drop_anthropic_only(body: Body, context: QuirkContext) -> Change:
    """`context_management: Extra inputs are not permitted` (known-failures 1)."""
    return drop(body, "only Anthropic knows it", *_ANTHROPIC_ONLY)


def plain_tools(body: Body, context: QuirkContext) -> Change:
    """`tools.0.custom.defer_loading: Extra inputs are not permitted` (known-failures 2, 3), and
    tools that Anthropic runs itself (18)."""
    tools = body.get("tools")
    if not isinstance(tools, list):
        return body, ()
    own = [tool for tool in tools_of(body) if tool.get("type") in (None, "custom")]
    extras = sorted({key for tool in own for key in tool.keys() - _TOOL_KEYS})
    losses = [Loss(f"tools[*].{key}", "only Anthropic knows it") for key in extras]
    losses += [
        Loss(f"tools[{tool.get('name')}]", "Anthropic runs this tool, nobody else")
        for tool in tools_of(body)
        if tool not in own
    ]
    if not losses:
        return body, ()
    kept = [{k: v for k, v in tool.items() if k in _TOOL_KEYS} for tool in own]
    return _without_lost_choice({**body, "tools": kept}, losses)


def _without_lost_choice(body: Body, losses: list[Loss]) -> Change:
    choice = body.get("tool_choice")
    named = choice.get("name") if isinstance(choice, dict) else None
    names = [tool.get("name") for tool in tools_of(body)]
    if choice is not None and (not names or (named is not None and named not in names)):
        body = without(body, "tool_choice")
        losses.append(Loss("tool_choice", "the tool it asks for is not among those sent"))
    return (body if names else without(body, "tools")), tuple(losses)


def plain_thinking(body: Body, context: QuirkContext) -> Change:
    """`adaptive`, which Claude Code sends for every model it does not know, is new: elsewhere
    thinking is enabled, with a budget, or not (code.claude.com, "Gateway protocol reference")."""
    thinking = body.get("thinking")
    if not isinstance(thinking, dict):
        return body, ()
    plain = without(thinking, "display")
    if plain.get("type") != "adaptive":
        return (body if plain is thinking else {**body, "thinking": plain}), ()
    limit = body.get("max_tokens")
    room = limit - 1 if isinstance(limit, int) else _THINKING_BUDGET
    if room < _LEAST_BUDGET:
        return without(body, "thinking"), (Loss("thinking", "max_tokens leaves no room to think"),)
    budget = min(_THINKING_BUDGET, max(_LEAST_BUDGET, room // 2))
    asked = {"type": "enabled", "budget_tokens": budget}
    reason = f"thinking is adaptive with Anthropic only: enabled, at most {budget} tokens"
    return {**body, "thinking": asked}, (Loss("thinking.type", reason),)


def no_output_config(body: Body, context: QuirkContext) -> Change:
    """The endpoint knows no `output_config`; a schema in it goes into the system prompt."""
    told, lost = schema_in_system(body, context)
    rest, more = drop(told, "only Anthropic knows it", "output_config")
    return rest, lost if lost else more


def effort_only(body: Body, context: QuirkContext) -> Change:
    """Of `output_config` the endpoint knows the effort (api-docs.deepseek.com, "Thinking Mode";
    axonhub-behaviour.md § 2.10)."""
    body, lost = schema_in_system(body, context)
    config = body.get("output_config")
    if not isinstance(config, dict):
        return body, lost
    rest = {"effort": config["effort"]} if config.get("effort") is not None else {}
    gone = tuple(
        Loss(f"output_config.{key}", "only Anthropic knows it")
        for key in config.keys() - {"effort"}
    )
    new = {**body, "output_config": rest} if rest else without(body, "output_config")
    return (new if gone else body), (*lost, *sorted(gone, key=lambda loss: loss.path))


def schema_in_system(body: Body, context: QuirkContext) -> Change:
    """A schema for the answer becomes words behind the system prompt."""
    config = body.get("output_config")
    form: Json = config.get("format") if isinstance(config, dict) else None
    if not isinstance(config, dict) or not is_object(form, "json_schema"):
        return body, ()
    text = jsonio.encode(form.get("schema", {})).decode()
    request = "Answer with a JSON object that matches this JSON Schema, and nothing else:"
    block = {"type": "text", "text": f"{request}\n{text}"}
    system = body.get("system")
    before = system if isinstance(system, list) else [{"type": "text", "text": system}]
    loss = Loss("output_config.format", "no schemas are enforced here: it is in the system prompt")
    rest = {**body, "output_config": without(config, "format")}
    return {**rest, "system": [*before, block] if system else [block]}, (loss,)


def system_turns_as_user(body: Body, context: QuirkContext) -> Change:
    """System messages in mid-conversation are for the newest Claude models; elsewhere each request
    of Claude Code's would fail (ollama/ollama#17774, anthropics/claude-code#77698). Their text
    joins the user's turn at its place."""
    messages = messages_of(body)
    if not any(_is_system(message) for message in messages):
        return map_messages(body, lambda message: without(message, "output_config")), ()
    turns: list[Json] = []
    waiting: list[Part] = []
    for message in messages:
        if _is_system(message):
            block = _reminder(message)
            if block and turns and _role(turns[-1]) == "user":
                turns[-1] = _extended(turns[-1], [block])
            elif block:
                waiting.append(block)
            continue
        if waiting and _role(message) == "user":
            # Behind the results of tools, which must come first in their turn.
            message, waiting = _extended(message, waiting), []
        elif waiting:
            turns.append({"role": "user", "content": waiting})
            waiting = []
        turns.append(without(message, "output_config") if isinstance(message, dict) else message)
    if waiting:
        turns.append({"role": "user", "content": waiting})
    reason = "system turns are for the newest Claude models: sent as the user's"
    return {**body, "messages": turns}, (Loss("messages[*].role", reason),)


def _role(message: Json) -> Json:
    return message.get("role") if isinstance(message, dict) else None


def _is_system(message: Json) -> bool:
    return bool(_role(message) == "system")


def _reminder(message: Json) -> Part | None:
    text = text_of(message.get("content"))
    if not text:
        return None
    return {"type": "text", "text": f"<system-reminder>\n{text}\n</system-reminder>"}


def _extended(message: Json, blocks: list[Part]) -> Part:
    content = message.get("content")
    before = content if isinstance(content, list) else [{"type": "text", "text": content}]
    return {**message, "content": [*before, *blocks] if content else blocks}


def forced_or_thoughtful(*always: str) -> RequestQuirk:
    """A quirk: `deepseek-reasoner does not support this tool_choice`
    (deepseek-ai/awesome-deepseek-integration#598): the turn goes without thinking; models in
    `always` cannot stop thinking, and decide for themselves."""

    def choose(body: Body, context: QuirkContext) -> Change:
        choice = body.get("tool_choice")
        if not isinstance(choice, dict) or choice.get("type") not in ("any", "tool"):
            return body, ()
        if matches(context.model, always):
            loss = Loss("tool_choice", "a call cannot be forced here: the model decides")
            return {**body, "tool_choice": {"type": "auto"}}, (loss,)
        reason = "a forced tool and thinking exclude each other here"
        return {**body, "thinking": {"type": "disabled"}}, (Loss("thinking", reason),)

    return choose


def no_choice(body: Body, context: QuirkContext) -> Change:
    """Ollama does not read `tool_choice` (known-failures.md, "Anthropic endpoints")."""
    choice = body.get("tool_choice")
    if is_object(choice, "none"):
        loss = Loss("tools", "to forbid calls, the tools themselves are left out here")
        return without(body, "tools", "tool_choice"), (loss,)
    if is_object(choice, "auto"):
        return without(body, "tool_choice"), ()
    return drop(body, "not known here: the model decides", "tool_choice")


def no_cache_control(body: Body, context: QuirkContext) -> Change:
    """The engine caches by itself and does not know breakpoints (known-failures.md, Ollama)."""

    def bare(holder: Part) -> Part:
        return without(holder, "cache_control")

    changed = map_blocks(body, bare)
    for name in ("system", "tools"):
        changed = map_field(changed, name, bare)
    lost = () if changed is body else (Loss("cache_control", "this engine caches by itself"),)
    return changed, lost


def map_blocks(body: Body, change: Callable[[Part], Part]) -> Body:
    """The body with each block of each message changed, those inside tool results too."""

    def block(old: Part) -> Part:
        inner = map_field(old, "content", change) if is_object(old, "tool_result") else old
        return change(inner)

    return map_messages(body, lambda message: map_field(message, "content", block))
