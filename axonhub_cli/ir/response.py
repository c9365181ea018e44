"""A complete answer, and what it cost in tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, field

from axonhub_cli.ir.request import Block, Extra

StopReason = Literal[
    "end", "max_tokens", "stop_sequence", "tool_use", "refusal", "pause", "context_window"
]


class Usage(Struct, frozen=True):
    """Tokens of one answer; None where the upstream did not say. `input` excludes cached tokens.

    `cache_write` is the sum of what is kept for five minutes and for an hour. `output` includes
    `reasoning`.
    """

    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    output: int | None = None
    reasoning: int | None = None
    web_searches: int | None = None
    """Searches that the upstream made itself, and charges for."""
    input_audio: int | None = None
    """Of all input, cached or not; like the next ones in other prices than text."""
    cache_read_audio: int | None = None
    """Of `input_audio`, what came from the cache."""
    input_image: int | None = None
    output_audio: int | None = None
    output_image: int | None = None

    @property
    def tells(self) -> bool:
        """Has anybody counted? No model works without a token: zeros alone are no counts."""
        return bool(self.input or self.output or self.cache_read or self.cache_write)


class Run(Struct, frozen=True):
    """What one model used for an answer. `model` None: the one that was asked."""

    model: str | None
    usage: Usage


def sum_counts(parts: Sequence[Usage]) -> Usage:
    """All tokens; None where nobody said."""
    if len(parts) == 1:
        return parts[0]
    told = [[getattr(one, name) for one in parts] for name in Usage.__struct_fields__]
    return Usage(*[_sum(counts) for counts in told])


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


class Stop(Struct, frozen=True):
    """Why the answer ended. `native` is the upstream's own word when none of ours means it."""

    reason: StopReason = "end"
    sequence: str | None = None
    """The stop sequence that was met."""
    native: str | None = None
    explanation: str | None = None
    """Of a refusal, in words for the user."""


class Response(Struct, frozen=True, kw_only=True):
    id: str | None = None
    model: str | None = None
    content: tuple[Block, ...] = ()
    stop: Stop = Stop()
    usage: Usage = Usage()
    service_tier: str | None = None
    extra: Extra = field(default_factory=dict)
