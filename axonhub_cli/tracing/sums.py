"""What was used by all that has one name: requests, tokens and money, as they are summed up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from axonhub_cli.jsonio import Json

PICO = 10**12
COUNTS = (
    *("requests", "failed", "unpriced", "input", "cache_read", "cache_write", "output"),
    *("reasoning", "cost_pico"),
)


class Sums(Struct, frozen=True):
    """What was used by all that is called `name`: a day (`2026-11-24`), a model, …"""

    name: str
    requests: int
    failed: int | None
    """Of them, those that were not completed; None: not counted."""
    unpriced: int
    """Answers whose cost is not known, or not all of it."""
    input: int
    cache_read: int
    cache_write: int
    output: int
    reasoning: int
    cost_pico: int
    title: str | None = None
    """Of a trace."""
    low_hit: bool = False
    """Of a trace: it pays for what it sent before, see `trace_usage`."""

    @property
    def sent(self) -> int:
        """All input tokens, cached or not."""
        return self.input + self.cache_read + self.cache_write

    @property
    def hit_rate(self) -> float | None:
        """The share of the input that came from the cache, 0 to 1; None without any input."""
        return self.cache_read / self.sent if self.sent else None

    @property
    def usd(self) -> float | None:
        """What is known of the cost; None where nothing is, though there was something to pay."""
        return None if self.unpriced and not self.cost_pico else self.cost_pico / PICO

    def as_json(self, group: str) -> dict[str, Json]:
        shown: dict[str, Json] = {
            group: self.name or None,
            "requests": self.requests,
            "failed": self.failed,
            "tokens": {
                "input": self.input,
                "cache_read": self.cache_read,
                "cache_write": self.cache_write,
                "output": self.output,
                "reasoning": self.reasoning,
            },
            "cost_usd": self.usd,
            "unpriced": self.unpriced,
            "cache_hit_rate": None if self.hit_rate is None else round(self.hit_rate, 4),
        }
        return shown | ({"title": self.title, "low_hit": self.low_hit} if group == "trace" else {})


def sums_of(name: str, *counts: int) -> Sums:
    """`counts` in the order of `COUNTS`."""
    named: dict[str, Any] = dict(zip(COUNTS, counts, strict=True))
    return Sums(name, **named)


def total(rows: Sequence[Sums]) -> Sums:
    """The sum of all rows."""
    return sums_of("", *[sum(getattr(row, name) or 0 for row in rows) for name in COUNTS])


def nothing(name: str) -> Sums:
    """Of what was not used."""
    return replace(total([]), name=name)
