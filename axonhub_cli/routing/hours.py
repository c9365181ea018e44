"""Times of the week at which a rule holds: `22:00-06:00`, `mon-fri 09:00-12:00,13:00-17:00`."""

from __future__ import annotations

import re
from functools import lru_cache

from axonhub_cli.errors import ConfigError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
WEEK = 7 * DAY

_SPAN = re.compile(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)")
_HINT = "for example 22:00-06:00, or mon-fri 09:00-17:00, or sat,sun"

Spans = tuple[tuple[int, int], ...]
"""Minutes of the week from Monday 00:00, the end not included; one may reach beyond Sunday."""


def holds(text: str, minute: int) -> bool:
    """Is `minute` of the week (Monday 00:00 is 0) one of these times?"""
    return any(
        start <= minute < end or start <= minute + WEEK < end for start, end in read_spans(text)
    )


@lru_cache(maxsize=256)
def read_spans(text: str) -> Spans:
    """Raises `ConfigError`. A span that passes midnight belongs to the day on which it begins."""
    words = text.lower().split()
    if not words:
        raise ConfigError("a time is empty", hint=_HINT)
    days: tuple[int, ...] = tuple(range(7))
    if words[0][0].isalpha():
        days = _days(words.pop(0), text)
    times = "".join(words) or "00:00-24:00"
    spans = [_span(part, text) for part in times.split(",")]
    return tuple((day * DAY + start, day * DAY + end) for day in days for start, end in spans)


def _span(part: str, text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(part)
    if found is None:
        raise ConfigError(f"{text!r} is no time of day: {part!r} is not HH:MM-HH:MM", hint=_HINT)
    hour, minute, last_hour, last_minute = map(int, found.groups())
    start, end = hour * 60 + minute, last_hour * 60 + last_minute
    if minute > 59 or last_minute > 59 or start >= DAY or end > DAY:
        raise ConfigError(f"{part!r} is no time of day: it ends at 24:00", hint=_HINT)
    if start == end:
        raise ConfigError(f"{part!r} is no time at all", hint="all day long is 00:00-24:00")
    return start, end if end > start else end + DAY


def _days(word: str, text: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in word.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise ConfigError(
                f"{text!r} is no time: {part!r} is not a day (mon, tue, wed, thu, fri, sat, sun)",
                hint=_HINT,
            )
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]
    return tuple(dict.fromkeys(found))
