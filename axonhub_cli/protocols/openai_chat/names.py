"""Chat's words and the hub's: finish reasons, efforts, tiers."""

from __future__ import annotations

from axonhub_cli.errors import Kind
from axonhub_cli.ir.response import Stop, StopReason

NAME = "openai_chat"

_STOPS: dict[str, StopReason] = {
    "stop": "end",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
    # Providers' own words.
    "eos": "end",
    "eos_token": "end",
    "end_turn": "end",
    "completed": "end",
    "max_tokens": "max_tokens",
    "model_length": "max_tokens",
    "MAX_TOKENS": "max_tokens",
    "STOP": "end",
    "SAFETY": "refusal",
    "safety": "refusal",
    "sensitive": "refusal",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "refusal": "refusal",
    "model_context_window_exceeded": "context_window",
}

BROKEN: dict[str, Kind] = {
    "error": "upstream",
    "network_error": "upstream",
    "insufficient_system_resource": "overloaded",
    "abort": "upstream",
    "aborted": "upstream",
}
"""Reasons that say that the answer is not complete (OpenRouter, Zhipu, DeepSeek, SGLang)."""

_REASONS: dict[StopReason, str] = {
    "end": "stop",
    "max_tokens": "length",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "pause": "stop",
    "context_window": "length",
}

_BUDGETS = ((4096, "low"), (16384, "medium"))

TIERS: dict[str, str] = {"standard_only": "default", "standard": "default", "batch": "flex"}
"""Other protocols' service tiers; OpenAI's own are kept."""
OWN_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})


def stop_for(reason: str, sequence: object = None) -> Stop:
    """What a finish reason means. vLLM and SGLang tell the stop sequence beside it."""
    if reason == "stop" and isinstance(sequence, str) and sequence:
        return Stop("stop_sequence", sequence=sequence)
    known = _STOPS.get(reason)
    return Stop("end", native=reason) if known is None else Stop(known)


def finish_reason_for(stop: Stop) -> str:
    return _REASONS[stop.reason]


def effort_for(budget: int) -> str:
    """The effort whose usual budget it is: Claude Code's are 4,000, 10,000 and 31,999 tokens."""
    return next((effort for most, effort in _BUDGETS if budget < most), "high")


def tier_for(tier: str | None) -> str | None:
    """OpenAI's name for a service tier; None where it has none."""
    if tier is None:
        return None
    named = TIERS.get(tier, tier)
    return named if named in OWN_TIERS else None
