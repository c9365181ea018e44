"""How a quota stands, in words for clients and for people. Local time."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo

from axonhub_cli.routing.quota import Limit

_PERIODS = {
    ("minute", False): "this minute",
    ("hour", False): "this hour",
    ("day", False): "today",
    ("month", False): "this month",
    ("minute", True): "in the last minute",
    ("hour", True): "in the last hour",
    ("day", True): "in the last 24 hours",
    ("month", True): "in the last 30 days",
}
_UNITS = (("day", 86_400), ("h", 3600), ("min", 60))


def in_words(limit: Limit) -> str:
    """`100 of 100 today`, `$1.9800 of $2.00 in the last 24 hours`, `5 of 5 in all`."""
    if limit.kind == "cost":
        places = 2 if limit.limit >= 0.01 and round(limit.limit, 2) == limit.limit else 4
        return f"${limit.used:,.4f} of ${limit.limit:,.{places}f} {period(limit)}"
    return f"{limit.used:,.0f} of {limit.limit:,.0f} {period(limit)}"


def period(limit: Limit) -> str:
    """`today`, `in the last hour`, `in all`."""
    return _PERIODS.get((limit.per, limit.sliding), "in all")


def reset_in_words(resets_at: float | None, now: float, zone: tzinfo | None = None) -> str:
    """`it resets at 00:00 (in 3 h)`; `zone` None: the machine's."""
    if resets_at is None:
        return "it never resets"
    left = max(0.0, resets_at - now)
    if left < 90:
        return f"it resets in {math.ceil(left)} s"
    moment = datetime.fromtimestamp(resets_at, zone)
    day = "" if left < 86_400 else f" on {moment:%Y-%m-%d}"
    name, size = next((unit for unit in _UNITS if left >= unit[1] * 1.5), _UNITS[-1])
    number = round(left / size)
    plural = "s" if name == "day" and number != 1 else ""
    return f"it resets at {moment:%H:%M}{day} (in {number} {name}{plural})"
