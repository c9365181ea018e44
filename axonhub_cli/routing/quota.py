"""Quotas: which window of time one counts, what was used in it, and when it begins anew. Pure.

    calendar   the current minute, hour, day or month of local time
    sliding    the last minute, hour, day or 30 days, counted in slices: a use is forgotten when
               its whole slice is older than that, so never too early
    all        everything, for ever

A request counts from its beginning, tokens and cost when it ends; what requests under way are
expected to need of these is held back meanwhile (`Meter.held`). A request is let in when anything
at all is left behind that. So a quota of requests is exact, and one of tokens or cost is overshot
by no more than the last requests need beyond their estimates; nothing is refused by a guess alone
while nothing else is under way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from axonhub_cli.config.schema import Quota

_LENGTH_S = {"minute": 60, "hour": 3600, "day": 86_400, "month": 30 * 86_400}
_SLICE_S = {"minute": 1, "hour": 60, "day": 900, "month": 6 * 3600}
PICO = 10**12


class Amounts(Struct, frozen=True):
    """Requests, tokens and whole picodollars."""

    requests: int = 0
    tokens: int = 0
    pico: int = 0

    def plus(self, other: Amounts) -> Amounts:
        return Amounts(
            self.requests + other.requests, self.tokens + other.tokens, self.pico + other.pico
        )

    def minus(self, other: Amounts) -> Amounts:
        return Amounts(
            self.requests - other.requests, self.tokens - other.tokens, self.pico - other.pico
        )


Past = tuple[float, int, int, int]
"""A use as the store has it: seconds since the epoch, requests, tokens, picodollars."""


class Limit(Struct, frozen=True):
    """One amount of a quota, and how it stands. Costs are US dollars."""

    kind: str
    """`requests`, `tokens` or `cost`."""
    limit: float
    used: float
    per: str
    sliding: bool
    resets_at: float | None
    """When something is free again, or all of it where nothing is used up; None: never."""

    @property
    def left(self) -> float:
        return max(0.0, self.limit - self.used)


def window_start(quota: Quota, now: float, zone: tzinfo | None = None) -> float:
    """When the window that holds `now` began; `zone` None: the machine's."""
    if quota.per == "all":
        return 0.0
    if quota.sliding:
        return now - _LENGTH_S[quota.per]
    if quota.per == "minute":
        return now - now % 60
    return _first_of(quota.per, datetime.fromtimestamp(now, zone)).timestamp()


def window_end(quota: Quota, now: float, zone: tzinfo | None = None) -> float | None:
    """When the calendar's window ends; None for one that slides or never ends."""
    if quota.per == "all" or quota.sliding:
        return None
    if quota.per == "minute":
        return now - now % 60 + 60
    start = _first_of(quota.per, datetime.fromtimestamp(now, zone))
    if quota.per == "hour":
        return start.timestamp() + 3600
    # Local days are 23 to 25 hours long: the next one's beginning is looked up, not added to.
    following = start + timedelta(days=32 if quota.per == "month" else 1)
    return _first_of(quota.per, following).timestamp()


class Meter:
    """What one quota has counted. `zone` None: the machine's time zone."""

    def __init__(self, quota: Quota, zone: tzinfo | None = None) -> None:
        self.quota = quota
        self.held = Amounts()
        """What requests under way are expected to use."""
        self.unpriced = 0
        """Answers whose cost nobody knows; they count for nothing in a quota of costs."""
        self._zone = zone
        self._slices: deque[tuple[int, Amounts]] = deque()
        self._used = Amounts()
        self._starts_at = 0.0
        self._ends_at = 0.0

    def add(self, at: float, amounts: Amounts) -> None:
        """Count a use, or with negative amounts take one back. What lies before the window that
        holds now is left out."""
        self._roll(at)
        if at < self._starts_at:
            return
        index = self._slice_of(at)
        place = len(self._slices)
        while place and self._slices[place - 1][0] > index:
            place -= 1
        if place and self._slices[place - 1][0] == index:
            self._slices[place - 1] = index, self._slices[place - 1][1].plus(amounts)
        elif amounts.requests < 0:
            return
        else:
            self._slices.insert(place, (index, amounts))
        self._used = self._used.plus(amounts)

    def seed(self, uses: Iterable[Past], now: float) -> None:
        """Count what was used before: only what the window that holds `now` covers."""
        start = window_start(self.quota, now, self._zone)
        for at, requests, tokens, pico in sorted(uses):
            if at >= start:
                self.add(at, Amounts(requests, tokens, pico))
        self._roll(now)

    def used(self, now: float) -> Amounts:
        self._roll(now)
        return self._used

    def limits(self, now: float) -> list[Limit]:
        """How each of its amounts stands, without what is under way."""
        used, quota = self.used(now), self.quota
        pairs = (
            ("requests", quota.requests, used.requests),
            ("tokens", quota.tokens, used.tokens),
            ("cost", quota.cost, used.pico / PICO),
        )
        return [
            Limit(kind, limit, count, quota.per, quota.sliding, self._resets_at(kind, now))
            for kind, limit, count in pairs
            if limit is not None
        ]

    def refusal(self, now: float) -> Limit | None:
        """The amount of which nothing is left for one more request, if there is one."""
        taken = self.used(now).plus(self.held)
        quota = self.quota
        for kind, limit, count in (
            ("requests", quota.requests, taken.requests),
            ("tokens", quota.tokens, taken.tokens),
            ("cost", quota.cost, taken.pico / PICO),
        ):
            if limit is not None and count >= limit:
                return next(one for one in self.limits(now) if one.kind == kind)
        return None

    def _resets_at(self, kind: str, now: float) -> float | None:
        """When there is room again: the calendar's next window, or the time at which enough
        slices are forgotten to be below the limit."""
        if not self._slides:
            return window_end(self.quota, now, self._zone)
        width, length = _SLICE_S[self.quota.per], _LENGTH_S[self.quota.per]
        name = "pico" if kind == "cost" else kind
        limit = getattr(self.quota, kind) * (PICO if kind == "cost" else 1)
        left = getattr(self._used, name)
        for index, amounts in self._slices:
            left -= getattr(amounts, name)
            if left < limit:
                return float((index + 1) * width + length)
        return None

    def _slice_of(self, at: float) -> int:
        """A calendar's window is one slice."""
        return int(at // _SLICE_S[self.quota.per]) if self._slides else 0

    @property
    def _slides(self) -> bool:
        return self.quota.sliding and self.quota.per != "all"

    def _roll(self, now: float) -> None:
        """Forget what the window no longer covers."""
        quota = self.quota
        if self._slides:
            width, length = _SLICE_S[quota.per], _LENGTH_S[quota.per]
            while self._slices and (self._slices[0][0] + 1) * width + length <= now:
                self._used = self._used.minus(self._slices.popleft()[1])
        elif now >= self._ends_at:
            self._slices.clear()
            self._used = Amounts()
            self._starts_at = window_start(quota, now, self._zone)
            self._ends_at = window_end(quota, now, self._zone) or float("inf")


def _first_of(per: str, moment: datetime) -> datetime:
    """The beginning of the hour, day or month."""
    start = moment.replace(minute=0, second=0, microsecond=0)
    if per in ("day", "month"):
        start = start.replace(hour=0, fold=0)
    return start.replace(day=1) if per == "month" else start
