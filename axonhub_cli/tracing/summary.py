"""A trace's own row: what its requests sum up to, kept as they come and go. Pure."""

from __future__ import annotations

from msgspec import Struct, field

from axonhub_cli.ir.response import Usage


class Seen(Struct, frozen=True, kw_only=True):
    """What one request, at one moment, tells about its trace. Times are seconds since the epoch."""

    at: float
    until: float
    status: str
    client: str
    model: str | None
    channels: tuple[str, ...]
    usage: Usage
    usd: float | None = None
    """What is known of its cost."""
    unpriced: int = 0
    """How many of its attempts cost more than that, or nobody knows what."""
    counted: bool
    """This request was seen before, while it was running."""


class Summary(Struct, kw_only=True):
    """The row. `models` are those asked for, `channels` those that were tried."""

    seq: int
    id: str
    thread: int | None = None
    client: str | None = None
    title: str | None = None
    started_at: float = float("inf")
    updated_at: float = 0.0
    last_at: float = 0.0
    status: str = "running"
    requests: int = 0
    models: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    cost_usd: float | None = None
    """What is known of it: the whole when `unpriced` is 0."""
    unpriced: int = 0

    def add(self, seen: Seen) -> None:
        """Add one request, or what became of one that is in already."""
        self.requests += not seen.counted
        self.started_at = min(self.started_at, seen.at)
        self.updated_at = max(self.updated_at, seen.until)
        if seen.at >= self.last_at:
            self.last_at, self.status = seen.at, seen.status
        if self.client in (None, "unknown"):
            self.client = seen.client
        if seen.model is not None and seen.model not in self.models:
            self.models.append(seen.model)
        self.channels += [
            name for name in dict.fromkeys(seen.channels) if name not in self.channels
        ]
        self.input += seen.usage.input or 0
        self.cache_read += seen.usage.cache_read or 0
        self.cache_write += seen.usage.cache_write or 0
        self.output += seen.usage.output or 0
        self.reasoning += seen.usage.reasoning or 0
        if seen.usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + seen.usd
        self.unpriced += seen.unpriced
