"""Quirks of OpenAI-style endpoints that are about reasoning: asking for it, and replaying it."""

from __future__ import annotations

from axonhub_cli.dialects.base import Body, Change, QuirkContext, RequestQuirk
from axonhub_cli.dialects.walk import (
    Part,
    drop,
    is_object,
    map_messages,
    matches,
    prepend_text,
    without,
)
from axonhub_cli.ir.loss import Loss

FIELDS = ("reasoning_content", "reasoning", "reasoning_details")
NOT_TAKEN = "earlier reasoning is not taken back here"


def wants_thinking(body: Body, context: QuirkContext) -> bool | None:
    """None: the client did not say."""
    if context.request is None:
        effort = body.get("reasoning_effort")
        return None if effort is None else effort != "none"
    asked = context.request.reasoning
    if asked.mode == "disabled" or asked.effort == "none":
        return False
    return True if asked.mode or asked.effort or asked.budget else None


def drop_reasoning(body: Body, context: QuirkContext) -> Change:
    """An assistant's reasoning is an unknown property, and a 400 (`property 'reasoning_content' is
    unsupported`, janhq/jan#8136 and others)."""

    def bare(message: Part) -> Part:
        return without(message, *FIELDS) if message.get("role") == "assistant" else message

    changed = map_messages(body, bare)
    lost = () if changed is body else (Loss("messages[*].reasoning_content", NOT_TAKEN),)
    return changed, lost


def reasoning_in(name: str) -> RequestQuirk:
    """A quirk: the endpoint calls an assistant's reasoning by another name."""

    def rename_reasoning(body: Body, context: QuirkContext) -> Change:
        def rename(message: Part) -> Part:
            text = message.get("reasoning_content")
            if not isinstance(text, str) or message.get(name) is not None:
                return message
            return {**without(message, "reasoning_content"), name: text}

        return map_messages(body, rename), ()

    return rename_reasoning


def reasoning_as_tags(body: Body, context: QuirkContext) -> Change:
    """The model's reasoning stays in its text as it was written there (platform.minimax.io,
    "the complete model response must be append to the conversation history", read 2026-11)."""

    def tag(message: Part) -> Part:
        text = message.get("reasoning_content")
        if not isinstance(text, str):
            return message
        rest = without(message, *FIELDS)
        if not text:
            return rest
        return {
            **rest,
            "content": prepend_text(rest.get("content"), f"<think>\n{text}\n</think>\n\n"),
        }

    return map_messages(body, tag), ()


def replay_reasoning(placeholder: str) -> RequestQuirk:
    """A quirk: `The reasoning_content in the thinking mode must be passed back to the API`
    (known-failures 12), and `reasoning_content is missing in assistant tool call message`. Turns of
    another model have none; a placeholder satisfies: DeepSeek the empty string, Moonshot not less
    than a space (theopenco/llmgateway#2093, earendil-works/pi#4178). Needed from the first call on,
    and nowhere when thinking is off."""

    def replay(body: Body, context: QuirkContext) -> Change:
        if is_object(body.get("thinking"), "disabled"):
            return body, ()
        needed = False

        def fill(message: Part) -> Part:
            nonlocal needed
            if message.get("role") != "assistant":
                return message
            needed = needed or bool(message.get("tool_calls"))
            if not needed or message.get("reasoning_content"):
                return message
            return {**message, "reasoning_content": placeholder}

        return map_messages(body, fill), ()

    return replay


def thinking_switch(body: Body, context: QuirkContext) -> Change:
    """`thinking: {"type": "enabled" | "disabled"}` beside the effort (api-docs.deepseek.com,
    "Thinking Mode", read 2026-11; axonhub-behaviour.md § 4.4: deepseek, zhipu, doubao)."""
    wanted = wants_thinking(body, context)
    if wanted is None or "thinking" in body:
        return body, ()
    kind = "enabled" if wanted else "disabled"
    rest = body if wanted else without(body, "reasoning_effort")
    return {**rest, "thinking": {"type": kind}}, ()


def effort_words(**words: str) -> RequestQuirk:
    """A quirk: the efforts the provider knows; `words` says what becomes of the others."""

    def translate_effort(body: Body, context: QuirkContext) -> Change:
        effort = body.get("reasoning_effort")
        new = words.get(effort) if isinstance(effort, str) else None
        if new is None:
            return body, ()
        reason = f"{effort} is not known here: {new}"
        return {**body, "reasoning_effort": new}, (Loss("reasoning_effort", reason),)

    return translate_effort


LOW_HIGH_MAX = effort_words(minimal="low", medium="high", xhigh="max")
UP_TO_XHIGH = effort_words(max="xhigh")
UP_TO_HIGH = effort_words(max="high", xhigh="high")


def effort_when_off(word: str) -> RequestQuirk:
    """A quirk: not to think is an effort too, where the provider has a word for it (OpenAI: `none`
    since GPT-5.1, `minimal` before; Ollama: `none`; read 2026-11)."""

    def turn_off(body: Body, context: QuirkContext) -> Change:
        if wants_thinking(body, context) is not False or "reasoning_effort" in body:
            return body, ()
        return {**body, "reasoning_effort": word}, ()

    return turn_off


def no_effort(body: Body, context: QuirkContext) -> Change:
    """The model takes no `reasoning_effort`."""
    lost = "how much to think cannot be told here"
    return drop(body, lost, "reasoning_effort")


def always_thinks(body: Body, context: QuirkContext) -> Change:
    """The model cannot stop thinking: `disabled` is a 400 (GLM-5.3, axonhub-behaviour.md § 4.4;
    Kimi K2.7 code and K3, mnfst/modelparams.dev#168)."""
    off = is_object(body.get("thinking"), "disabled")
    if not off and body.get("reasoning_effort") != "none":
        return body, ()
    rest = without(body, "thinking") if off else body
    rest = without(rest, "reasoning_effort") if rest.get("reasoning_effort") == "none" else rest
    return rest, (Loss("thinking", "this model always thinks"),)


def no_thinking_field(body: Body, context: QuirkContext) -> Change:
    """Kimi K3 takes an effort and no `thinking` (mnfst/modelparams.dev#168)."""
    return without(body, "thinking"), ()


def enable_thinking(body: Body, context: QuirkContext) -> Change:
    """`enable_thinking` and `thinking_budget` (Alibaba Model Studio, SiliconFlow; read 2026-11).
    Qwen refuses to think in answers that are not streamed (`enable_thinking must be set to false
    for non-streaming calls`)."""
    wanted = wants_thinking(body, context)
    rest, lost = _without_effort(body)
    if wanted is None or "enable_thinking" in body:
        return rest, lost
    silent = wanted and not body.get("stream") and matches(context.model, ("qwen*",))
    budget = context.request.reasoning.budget if context.request is not None else None
    rest = {**rest, "enable_thinking": wanted and not silent}
    if silent:
        return rest, (*lost, Loss("thinking", "Qwen thinks only when it streams"))
    if wanted and budget is not None:
        rest["thinking_budget"] = min(max(budget, 128), 32768)
    return rest, lost


def _without_effort(body: Body, *carried: str) -> Change:
    """`none` says whether, which is told in another way; `carried` are words that are, too."""
    if body.get("reasoning_effort") in ("none", *carried):
        return without(body, "reasoning_effort"), ()
    return no_effort(body, QuirkContext(""))


def reasoning_object(body: Body, context: QuirkContext) -> Change:
    """`reasoning: {effort | max_tokens | enabled}` (openrouter.ai/docs, "Reasoning tokens"; Vercel
    took it over: vercel.com/docs/ai-gateway, read 2026-11)."""
    wanted = wants_thinking(body, context)
    if wanted is None or "reasoning" in body:
        return body, ()
    effort = body.get("reasoning_effort")
    budget = context.request.reasoning.budget if context.request is not None else None
    if not wanted:
        asked: Part = {"enabled": False}
    elif budget is not None:
        asked = {"max_tokens": budget}
    else:
        asked = {"effort": effort} if isinstance(effort, str) else {"enabled": True}
    twice = "max_tokens" in asked and effort is not None
    loss = Loss("reasoning_effort", "the budget in tokens says it here")
    return {**without(body, "reasoning_effort"), "reasoning": asked}, (loss,) if twice else ()


def tools_without_reasoning(body: Body, context: QuirkContext) -> Change:
    """`Function tools with reasoning_effort are not supported for gpt-5.6 in /v1/chat/completions
    […] set reasoning_effort to 'none'`, even when none was asked for (BerriAI/litellm#34569)."""
    if not body.get("tools") or body.get("reasoning_effort") == "none":
        return body, ()
    reason = "this model takes tools in Chat Completions only without reasoning"
    return {**body, "reasoning_effort": "none"}, (Loss("reasoning_effort", reason),)


def fixed_sampling(body: Body, context: QuirkContext) -> Change:
    """Reasoning models sample as they do: other values are a 400 (OpenAI: `Only the default (1)
    value is supported`; Kimi fixes them by model)."""
    names = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "n")
    kept = [name for name in names if body.get(name) == 1]
    return drop(without(body, *kept), "this model's sampling is fixed", *names)


def parsed_reasoning(body: Body, context: QuirkContext) -> Change:
    """Groq leaves `<think>` in the text unless asked, and refuses that beside tools; these models
    know the efforts `none` and `default` (console.groq.com/docs/reasoning, read 2026-11)."""
    wanted = wants_thinking(body, context)
    rest, lost = _without_effort(body, "default")
    rest = {"reasoning_format": "parsed", **rest}
    return ({**rest, "reasoning_effort": "none"} if wanted is False else rest), lost


def whole_or_no_effort(body: Body, context: QuirkContext) -> Change:
    """Mistral: `reasoning_effort` is `high` or `none` (docs.mistral.ai, Reasoning, 2026-11)."""
    wanted = wants_thinking(body, context)
    rest, lost = _without_effort(body, "high")
    if wanted is None:
        return rest, lost
    return {**rest, "reasoning_effort": "high" if wanted else "none"}, lost
