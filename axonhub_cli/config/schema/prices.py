"""`[[prices]]`: prices of one's own, before those of the `genai-prices` package."""

from __future__ import annotations

from msgspec import Struct


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars per million tokens, or per request. Several entries for the same channel and
    model are tiers: see `over_tokens`."""

    model: str
    """A name or glob of the model sent upstream."""
    channel: str | None = None
    """None: of any channel."""
    request: float | None = None
    """Flat, for each request; alone: tokens cost nothing."""
    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    """None: as `input`."""
    cache_write_5m: float | None = None
    """None: as `input`."""
    cache_write_1h: float | None = None
    """None: as `cache_write_5m`."""
    web_search: float | None = None
    """For each search that the upstream makes itself."""
    over_tokens: int | None = None
    """This entry holds for requests whose input, cached or not, has more tokens than this."""
