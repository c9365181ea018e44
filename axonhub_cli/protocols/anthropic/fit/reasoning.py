"""How much to think, in the way the model is told it: an effort or a budget of tokens.

(docs.anthropic.com/en/docs/build-with-claude/extended-thinking, read 2026-11.)
"""

from __future__ import annotations

from axonhub_cli.ir.request import (
    Message,
    Reasoning,
    RedactedThinking,
    Request,
    Thinking,
    ToolChoice,
    ToolResult,
)
from axonhub_cli.protocols.anthropic.losses import Losses
from axonhub_cli.protocols.anthropic.names import Thinks, find_thinking

DEFAULT_MAX_TOKENS = 8192
"""The API wants `max_tokens`; other protocols leave it out."""

_ADAPTIVE_MAX_TOKENS = 16384
_LEAST_BUDGET = 1024
_ROOM_TO_ANSWER = 4096

_BUDGETS = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 24576,
    "max": 31999,
}
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "max": "max"}
_PATH = "reasoning_effort"


def fit_reasoning(
    request: Request,
    *,
    model: str,
    messages: tuple[Message, ...],
    choice: ToolChoice | None,
    losses: Losses,
) -> tuple[Reasoning, int]:
    """The reasoning to ask for, and the `max_tokens` that go with it."""
    asked, limit, thinks = request.reasoning, request.sampling.max_tokens, find_thinking(model)
    plain = DEFAULT_MAX_TOKENS if limit is None else limit
    if asked == Reasoning():
        return asked, plain
    if asked.mode == "disabled" or (asked.effort == "none" and asked.budget is None):
        return Reasoning("disabled") if thinks != "never" else Reasoning(), plain
    if thinks in ("adaptive", "adaptive_only"):
        effort = _find_effort(asked, thinks, losses)
        if obstacle := _find_obstacle(messages, choice):
            losses.add(_PATH, obstacle)
            return Reasoning(effort=effort), plain
        return Reasoning("adaptive", effort), limit or _ADAPTIVE_MAX_TOKENS
    obstacle = _find_obstacle(messages, choice) or _find_older_obstacle(messages, thinks, model)
    if obstacle:
        losses.add(_PATH, obstacle)
        return Reasoning(), plain
    return _fit_budget(asked, limit, losses)


def _find_effort(asked: Reasoning, thinks: Thinks, losses: Losses) -> str | None:
    effort = asked.effort
    if effort is None and asked.budget is not None:
        losses.add("reasoning.max_tokens", "the model takes an effort, not a budget of tokens")
        effort = next((word for word, size in _BUDGETS.items() if asked.budget <= size), "max")
    if effort is None:
        return None
    if effort == "xhigh":
        # Came with Opus 4.7; before it the highest is `max`.
        return "xhigh" if thinks == "adaptive_only" else "max"
    if effort not in _EFFORTS:
        losses.add(_PATH, f"{effort!r} is no effort that Claude knows")
    return _EFFORTS.get(effort)


def _find_obstacle(messages: tuple[Message, ...], choice: ToolChoice | None) -> str | None:
    """Why the API would refuse to think, on any model."""
    if choice is not None and choice.mode in ("any", "tool"):
        return "no thinking where tool_choice forces a tool"
    if messages and messages[-1].role == "assistant":
        return "no thinking where an answer is to be continued"
    return None


def _find_older_obstacle(messages: tuple[Message, ...], thinks: Thinks, model: str) -> str | None:
    if thinks == "never":
        return f"{model} does not think"
    if thinks == "manual" and _is_in_unthought_loop(messages):
        # "Expected `thinking` or `redacted_thinking`, but found `tool_use`"
        return "no thinking in the middle of tool calls that began without it"
    return None


def _is_in_unthought_loop(messages: tuple[Message, ...]) -> bool:
    """Do the last messages answer calls of a turn that does not begin with its thinking?"""
    if len(messages) < 2 or not isinstance(messages[-1].content[0], ToolResult):
        return False
    return not isinstance(messages[-2].content[0], Thinking | RedactedThinking)


def _fit_budget(asked: Reasoning, limit: int | None, losses: Losses) -> tuple[Reasoning, int]:
    """A budget of at least 1024 tokens that leaves some of `max_tokens` for the answer."""
    budget = asked.budget
    if budget is None:
        effort = asked.effort or "high"
        if effort not in _BUDGETS:
            losses.add(_PATH, f"{effort!r} is no effort that Claude knows")
        budget = _BUDGETS.get(effort, _BUDGETS["medium"])
    budget = max(budget, _LEAST_BUDGET)
    if limit is None:
        return Reasoning("enabled", budget=budget), max(
            DEFAULT_MAX_TOKENS, budget + _ROOM_TO_ANSWER
        )
    if limit <= _LEAST_BUDGET:
        losses.add(_PATH, f"thinking needs more than {_LEAST_BUDGET} tokens, {limit} are allowed")
        return Reasoning(), limit
    if budget >= limit:
        budget = max(_LEAST_BUDGET, limit // 2)
        losses.add(_PATH, f"a budget below max_tokens is sent: {budget}")
    return Reasoning("enabled", budget=budget), limit
