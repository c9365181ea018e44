"""Request quirks that fit the bodies of both protocols."""

from __future__ import annotations

import re

from axonhub_cli.dialects.base import Body, Change, QuirkContext, RequestQuirk
from axonhub_cli.dialects.walk import is_object, matches
from axonhub_cli.ir.loss import Loss
from axonhub_cli.jsonio import Json

# Claude Code's first system block (known-failures 25). It differs from conversation to conversation
# and stands before everything else, so that no prefix cache of any engine survives it.
_ATTRIBUTION = re.compile(r"x-anthropic-billing-header:[^\n]*\n*")
CUT = Loss("system[0]", "Claude Code's attribution line means nothing here and spoils the cache")


def clamp_max_tokens(body: Body, context: QuirkContext) -> Change:
    """A limit above the provider's cap is a 400, not a wish (known-failures 15)."""
    caps = context.settings.caps
    cap = next((cap for glob, cap in caps.items() if matches(context.model, (glob,))), None)
    losses: list[Loss] = []
    for name in ("max_tokens", "max_completion_tokens"):
        asked = body.get(name)
        if cap is not None and isinstance(asked, int | float) and asked > cap:
            losses.append(
                Loss(name, f"{asked} is lowered to {cap}, the most {context.model} takes")
            )
            body = {**body, name: cap}
    return body, tuple(losses)


def clamp_range(name: str, low: float, high: float) -> RequestQuirk:
    """A quirk: the provider answers 400 to values outside."""

    def clamp(body: Body, context: QuirkContext) -> Change:
        asked = body.get(name)
        if isinstance(asked, bool) or not isinstance(asked, int | float) or low <= asked <= high:
            return body, ()
        fit = min(max(asked, low), high)
        return {**body, name: fit}, (
            Loss(name, f"{asked} becomes {fit}: {low} to {high} fit here"),
        )

    return clamp


def cut_attribution(content: Json) -> Json:
    """A system text without the line, by position and prefix; None when nothing else was in it."""
    if isinstance(content, str):
        found = _ATTRIBUTION.match(content)
        return content if found is None else content[found.end() :] or None
    if not isinstance(content, list) or not content or not is_object(content[0], "text"):
        return content
    text = content[0].get("text")
    if not isinstance(text, str) or not _ATTRIBUTION.match(text):
        return content
    rest = cut_attribution(text)
    kept = content[1:] if rest is None else [{**content[0], "text": rest}, *content[1:]]
    return kept or None


def left_out(what: str, model: str) -> str:
    """The text in the place of content that the model cannot read."""
    return f"[{what} left out: {model} cannot read it]"
