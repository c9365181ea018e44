"""Quirks of OpenAI-style endpoints that are about tools: choices, options, ids."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

from axonhub_cli.dialects.base import Body, Change, QuirkContext, RequestQuirk
from axonhub_cli.dialects.walk import (
    Part,
    drop,
    map_field,
    map_messages,
    matches,
    tools_of,
    without,
)
from axonhub_cli.ir.loss import Loss
from axonhub_cli.jsonio import Json

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def only_offered_tools(body: Body, context: QuirkContext) -> Change:
    """Options of tools without tools are a 400 (axonhub-behaviour.md § 4.4), and so is a choice of
    one that was left out (known-failures 18: Claude Code forces its web search)."""
    if not body.get("tools"):
        rest, lost = drop(body, "there are no tools", "parallel_tool_calls", "tool_choice")
        return without(rest, "tools"), lost
    name = chosen_name(body)
    if name is None or name in (_name_of(tool) for tool in tools_of(body)):
        return body, ()
    return drop(body, f"the tool {name} is not among the tools sent", "tool_choice")


def chosen_name(body: Body) -> str | None:
    """The tool that `tool_choice` names."""
    choice = body.get("tool_choice")
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else None


def _name_of(tool: Part) -> Json:
    function = tool.get("function")
    return function.get("name") if isinstance(function, dict) else None


def is_forced(body: Body) -> bool:
    choice = body.get("tool_choice")
    return choice in ("required", "any") or isinstance(choice, dict)


def no_forced_tool(body: Body, context: QuirkContext) -> Change:
    """The provider lets the model decide, always."""
    if not is_forced(body):
        return body, ()
    reason = "a call cannot be forced here: the model decides"
    return {**body, "tool_choice": "auto"}, (Loss("tool_choice", reason),)


def auto_tool_choice(body: Body, context: QuirkContext) -> Change:
    """GLM takes `auto` alone (axonhub-behaviour.md § 4.4; agentscope's notes on GLM, 2026): to
    call none, there must be none."""
    if body.get("tool_choice") == "none":
        rest = without(body, "tools", "tool_choice", "parallel_tool_calls")
        return rest, (Loss("tools", "to forbid calls, the tools themselves are left out here"),)
    return no_forced_tool(body, context)


def no_tool_choice(body: Body, context: QuirkContext) -> Change:
    """The engine does not read it (docs of Ollama's compatibility, known-failures.md)."""
    if body.get("tool_choice") == "none":
        return auto_tool_choice(body, context)
    if body.get("tool_choice") == "auto":
        return without(body, "tool_choice"), ()
    return drop(body, "not known here: the model decides", "tool_choice")


def drop_strict(body: Body, context: QuirkContext) -> Change:
    """`strict` is not in the provider's schema of a function."""

    def relax(tool: Part) -> Part:
        function = tool.get("function")
        if not isinstance(function, dict) or "strict" not in function:
            return tool
        return {**tool, "function": without(function, "strict")}

    changed = map_field(body, "tools", relax)
    lost = () if changed is body else (Loss("tools[*].strict", "not enforced here"),)
    return changed, lost


def merge_tool_turns(body: Body, context: QuirkContext) -> Change:
    """Assistant messages in a row that only call tools become one (axonhub-behaviour.md § 4.4:
    bailian)."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return body, ()
    merged: list[Json] = []
    for message in messages:
        last: Json = merged[-1] if merged else None
        if _only_calls(last) and _only_calls(message):
            merged[-1] = {**last, "tool_calls": [*last["tool_calls"], *message["tool_calls"]]}
        else:
            merged.append(message)
    return (body if len(merged) == len(messages) else {**body, "messages": merged}), ()


def _only_calls(message: Json) -> bool:
    return (
        isinstance(message, dict)
        and message.get("role") == "assistant"
        and isinstance(message.get("tool_calls"), list)
        and not message.get("content")
    )


def nine_letter_ids(body: Body, context: QuirkContext) -> Change:
    """Mistral: `must be a-z, A-Z, 0-9, with a length of 9` (anomalyco/opencode#1680). Its own ids
    are such; others are hashed, alike for the call and its result, so nothing need be kept."""
    return map_ids(body, lambda id: id if re.fullmatch(r"[A-Za-z0-9]{9}", id) else _hashed(id)), ()


def short_ids(body: Body, context: QuirkContext) -> Change:
    """OpenAI: `string too long. Expected a string with maximum length 40` (agno-agi/agno#5382)."""
    return map_ids(body, lambda id: id if len(id) <= 40 else f"call_{_hashed(id, 24)}"), ()


@lru_cache(maxsize=4096)
def _hashed(id: str, length: int = 9) -> str:
    number = int.from_bytes(sha256(id.encode("utf-8", "surrogatepass")).digest())
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(digits)


def map_ids(body: Body, fit: Callable[[str], str]) -> Body:
    """The body with each tool call's id and each result's changed by `fit`."""

    def fitted(holder: Part, name: str) -> Part:
        id = holder.get(name)
        new = fit(id) if isinstance(id, str) else id
        return holder if new == id else {**holder, name: new}

    def message(old: Part) -> Part:
        if "tool_calls" in old:
            old = map_field(old, "tool_calls", lambda call: fitted(call, "id"))
        return fitted(old, "tool_call_id") if "tool_call_id" in old else old

    return map_messages(body, message)


def forced_or_thinking(*always: str) -> RequestQuirk:
    """A quirk: `Thinking mode does not support this tool_choice` (deepseek-ai/DeepSeek-V3#1376),
    `tool_choice 'specified' is incompatible with thinking enabled` (can1357/oh-my-pi#1077). What
    the client insists on counts: the turn goes without thinking, where the model can; `always` are
    the globs of those that cannot."""

    def choose(body: Body, context: QuirkContext) -> Change:
        if not is_forced(body):
            return body, ()
        if matches(context.model, always):
            return no_forced_tool(body, context)
        reason = "a forced tool and thinking exclude each other here"
        rest = without(body, "reasoning_effort")
        return {**rest, "thinking": {"type": "disabled"}}, (Loss("thinking", reason),)

    return choose
