"""Anthropic's words and the hub's: enum tables in both directions, and what older models can do.

(docs.anthropic.com/en/api/messages and /en/docs/build-with-claude/…, read 2026-11.)
"""

from __future__ import annotations

import re
from typing import Literal

from axonhub_cli.ir.response import StopReason

NAME = "anthropic"

STOP_REASONS: dict[str, StopReason] = {
    "end_turn": "end",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "pause_turn": "pause",
    "refusal": "refusal",
    "model_context_window_exceeded": "context_window",
}
STOP_WORDS: dict[StopReason, str] = {ours: word for word, ours in STOP_REASONS.items()}

SERVICE_TIERS = {"auto": "auto", "default": "standard_only", "standard": "standard_only"}
"""What others ask for → what Anthropic offers; the rest is a loss."""

USED_TIERS = {"default": "standard", "standard": "standard", "priority": "priority"}
"""What others say was used → Anthropic's word."""

IMAGE_TYPES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
TOOL_CHOICES = ("auto", "any", "tool", "none")

Thinks = Literal["adaptive_only", "adaptive", "manual", "never", "unknown"]
"""How a model is told to think: `thinking.type` adaptive or enabled (with a budget)."""

_FAMILY = re.compile(r"(opus|sonnet|haiku|fable|mythos)-(\d{1,2})(?:[-.](\d{1,2})(?!\d))?(?!\d)")
_NUMBER_FIRST = re.compile(r"claude-(\d{1,2})(?:[-.](\d{1,2}))?-(?:opus|sonnet|haiku)")


def read_version(model: str) -> tuple[int, int] | None:
    """The version in a Claude model's name (`claude-sonnet-4-5-20250929`, `claude-3-7-sonnet`)."""
    name = model.lower()
    if found := _FAMILY.search(name):
        return int(found[2]), int(found[3] or 0)
    if found := _NUMBER_FIRST.search(name):
        return int(found[1]), int(found[2] or 0)
    return None


def find_thinking(model: str) -> Thinks:
    """Budgets ended with Opus 4.7; adaptive thinking came with 4.6; Claude 3.7 was the first."""
    if "mythos-preview" in model:
        return "adaptive"
    version = read_version(model)
    if version is None:
        return "unknown"
    if version >= (4, 7):
        return "adaptive_only"
    if version >= (4, 6):
        return "adaptive"
    return "manual" if version >= (3, 7) else "never"


def has_output_formats(model: str) -> bool:
    """`output_config.format` and strict tools came with Claude 4.5 (and Opus 4.1)."""
    version = read_version(model)
    return version is None or version >= (4, 5) or (version == (4, 1) and "opus" in model.lower())
