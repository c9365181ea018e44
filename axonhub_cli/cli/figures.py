"""How numbers, times and identifiers are shown to people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

NOTHING = "–"
SHORTEST_ID = 8


def ago(then: float, now: float) -> str:
    """A past moment by its distance: `just now`, `5 min ago`, `3 h ago`, `2 days ago`."""
    passed = now - then
    if passed < 60:
        return "just now"
    if passed < 3600:
        return f"{passed / 60:.0f} min ago"
    if passed < 24 * 3600:
        return f"{passed / 3600:.0f} h ago"
    days = round(passed / (24 * 3600))
    return f"{days} day{'' if days == 1 else 's'} ago"


def moment(then: float, now: float) -> str:
    """A moment in local time: the time of day, with the date unless that is today's."""
    local = datetime.fromtimestamp(then, UTC).astimezone()
    today = datetime.fromtimestamp(now, UTC).astimezone().date()
    return local.strftime("%H:%M:%S" if local.date() == today else "%Y-%m-%d %H:%M")


def took(ms: float | None) -> str:
    """A span: `340 ms`, `2.1 s`, `3 min 5 s`."""
    if ms is None:
        return NOTHING
    if ms < 1000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    return f"{minutes} min {seconds} s"


def count(number: int | None) -> str:
    """A number of tokens, in three or four characters: `812`, `4.1k`, `98k`, `1.2M`."""
    if number is None:
        return NOTHING
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        # 999.6k would be shown as 1000k.
        if number >= size * 0.9995:
            value = number / size
            return f"{value:.1f}{unit}" if value < 9.95 else f"{value:.0f}{unit}"
    return str(number)


def short_ids(ids: Sequence[str]) -> dict[str, str]:
    """Each id's shortest beginning that tells it from the others, eight characters or more
    (after a prefix such as `req_`)."""
    ordered = sorted(set(ids))
    short: dict[str, str] = {}
    for index, one in enumerate(ordered):
        around = ordered[max(0, index - 1) : index] + ordered[index + 1 : index + 2]
        # `req_` is the same in all of them.
        shortest = SHORTEST_ID + (one.find("_", 0, 5) + 1)
        length = max([shortest, *(_common(one, other) + 1 for other in around)])
        short[one] = one[:length]
    return short


def _common(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
