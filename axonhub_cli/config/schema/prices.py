"""`[[prices]]`: prices of one's own, before those of the built-in list."""

from __future__ import annotations

from msgspec import Struct


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars per million tokens, or per request. None: as `input`, where that makes sense."""

    model: str
    """A name or glob of the model sent upstream."""
    channel: str | None = None
    """None: of any channel."""
    request: float | None = None
    """Flat, for each request."""
    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write_5m: float | None = None
    cache_write_1h: float | None = None
    over_tokens: int | None = None
    """This entry holds for requests with more input tokens than this (tiers)."""
