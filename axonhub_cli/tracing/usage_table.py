"""Table `usage`: sums by quarter of an hour, kept in the transaction that writes the requests.

A million requests become some ten thousand rows, and every question about use and cost is asked
of them. A quarter of an hour is the largest piece that no time zone's midnight cuts. Money stands
in whole picodollars: sums of any length are exact. `served` counts the requests that used anything.
Pruning requests leaves these rows alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from axonhub_cli.pricing.rates import picodollars
from axonhub_cli.tracing.entries import Entry
from axonhub_cli.tracing.spent import Spent
from axonhub_cli.tracing.usage_migration import QUARTER_S

_SLOT = ("quarter", "key", "profile", "channel", "model", "client")
_SUMS = (
    *("requests", "served", "failed", "unpriced", "input", "cache_read", "cache_write"),
    *("output", "reasoning", "cost_pico"),
)
_MOST = 10**18
"""A million dollars: a request that costs more is a slip in the user's own prices."""
_Slot = tuple[int, str, str, str, str, str]

_ADD = f"""INSERT INTO usage ({", ".join((*_SLOT, *_SUMS))})
    VALUES ({", ".join("?" * (len(_SLOT) + len(_SUMS)))})
    ON CONFLICT DO UPDATE SET {", ".join(f"{name} = {name} + excluded.{name}" for name in _SUMS)}"""


def add(db: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Count the requests that have ended; to be called in the transaction that writes them."""
    slots: dict[_Slot, list[int]] = {}
    for entry in entries:
        if entry.ended and entry.request["source"] == "api":
            _count(slots, entry)
    if slots:
        db.executemany(_ADD, [(*slot, *sums) for slot, sums in slots.items()])


def _count(slots: dict[_Slot, list[int]], entry: Entry) -> None:
    row, spent = entry.request, entry.spent
    at = row["at"]
    assert isinstance(at, float | int)
    names = tuple(str(row[name] or "") for name in ("key", "profile", "client"))
    model = row["upstream_model"] or row["model"]
    own = (str(row["channel"] or ""), str(model or ""))
    for channel, name in {own: None} | {(one.channel, one.model): None for one in spent}:
        slot = (int(at // QUARTER_S), names[0], names[1], channel, name, names[2])
        sums = slots.setdefault(slot, [0] * len(_SUMS))
        there = [one for one in spent if (one.channel, one.model) == (channel, name)]
        for position, value in enumerate(_sums(there)):
            sums[position + 3] += value
        if (channel, name) == own:
            sums[0] += 1
            sums[1] += bool(spent)
            sums[2] += row["status"] != "completed"


def _sums(spent: Sequence[Spent]) -> tuple[int, ...]:
    """From `unpriced` on."""
    used = [one.usage for one in spent]
    return (
        sum(not one.whole for one in spent),
        sum(usage.input or 0 for usage in used),
        sum(usage.cache_read or 0 for usage in used),
        sum(usage.cache_write or 0 for usage in used),
        sum(usage.output or 0 for usage in used),
        sum(usage.reasoning or 0 for usage in used),
        min(_MOST, sum(picodollars(one.usd) for one in spent if one.usd is not None)),
    )
