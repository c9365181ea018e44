"""What is left of each token's limits, as its last answers said.

So an exhausted channel is avoided before it has to refuse. Two figures come of it: `headroom`, of
rates, which refill all the time (what was used comes back evenly until the reset), and `quota`, of
allowances of hours and days, which come back at once. Each is the least of a token's windows. A
rate is one model's, an allowance is the account's.

What the vendor says in a word counts more than its figures: an account that may go on for money is
not exhausted. A window of some models only (`7d_opus`) is shown and not counted: an answer does not
say of which models, and a refusal opens the breaker of the model that was refused.

Times are epoch seconds, given by the caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from axonhub_cli.routing.limit_headers import Headers, Told, Window, read_limits
from axonhub_cli.routing.tokens import Labelled

_MOST_ENTRIES = 2000
# At 1,000 answers a second nobody needs each one's figures.
_EVERY_S = 0.25
# Where no reset is told, what was said holds for so long.
_HOLDS_S = 300.0
_LONGEST_S = 31 * 86400.0
# Overdrawn and paid for, or nearly so: the last choice among those that can be used.
_OVERDRAWN = 0.01
# A rate of which less than this is left is none.
_LEAST_RATE = 0.01

_Key = tuple[str, str, str]
"""Channel, token's label, model; the model is empty for an account's allowances."""


class _Entry(Struct):
    mark: str
    at: float
    told: Told
    left: float = 1.0
    """Of an account: the share that was worked out last, which holds from `since` to `until`."""
    since: float = 0.0
    until: float = 0.0


class Allowances:
    """The limits of all channels' tokens; bounded."""

    def __init__(self) -> None:
        self._entries: dict[_Key, _Entry] = {}
        self._read_at: dict[_Key, float] = {}
        self.revision = 0
        """Grows with every change worth saving."""

    def __len__(self) -> int:
        return len(self._entries)

    def note(
        self,
        channel: str,
        token: Labelled | None,
        model: str,
        headers: Headers,
        now: float,
        *,
        failed: bool = False,
    ) -> float | None:
        """An answer came. One that `failed` is always read, of others at most four a second.

        Returns until when the account is exhausted, as far as that is told."""
        label, mark = _names(token)
        key = (channel, label, model)
        if not failed and 0 <= now - self._read_at.get(key, 0.0) < _EVERY_S:
            return None
        told = read_limits(headers, now)
        if told is None:
            return None
        if len(self._read_at) >= _MOST_ENTRIES:
            self._read_at.clear()  # clients name the models
        self._read_at[key] = now
        rates = tuple(window for window in told.windows if window.kind == "rate")
        if rates:
            self._keep(key, _Entry(mark, now, Told(rates)))
        if len(rates) == len(told.windows) and told.status is None:
            return None
        others = tuple(window for window in told.windows if window.kind != "rate")
        account = _Entry(
            mark, now, Told(others, told.status, told.resets_at, told.overage, told.fallback)
        )
        self._keep((channel, label, ""), account)
        if _account_left(account, now) > 0:
            return None
        # Whoever answers takes the token back: as long as it is exhausted, each one is asked.
        self._read_at.pop(key, None)
        return _back_at(account, now)

    def headroom(
        self, channel: str, token: Labelled | None, model: str, now: float
    ) -> float | None:
        """Which share of a token's rate limits is left for a model, 0 to 1; None: not known."""
        entry = self._find(channel, token, model)
        if entry is None:
            return None
        left = min((_rate_left(w, entry.at, now) for w in entry.told.windows), default=1.0)
        return left if left >= _LEAST_RATE else 0.0

    def quota(self, channel: str, token: Labelled | None, now: float) -> float | None:
        """Which share of an account's allowance is left, 0 to 1; None: not known."""
        entry = self._find(channel, token, "")
        if entry is None:
            return None
        if not entry.since <= now < entry.until:
            entry.left, entry.since = _account_left(entry, now), now
            entry.until = _next_change(entry, now)
        return entry.left

    def told(self, channel: str) -> Iterator[tuple[str, str, float, Told]]:
        """What is known of a channel: the token's label, the model (empty: all), when, and what."""
        for (name, label, model), entry in self._entries.items():
            if name == channel:
                yield label, model, entry.at, entry.told

    def dump(self) -> list[dict[str, Any]]:
        """What is known, as JSON."""
        return [
            {
                "channel": channel,
                "label": label,
                "model": model or None,
                "mark": entry.mark,
                "at": round(entry.at, 1),
                "told": msgspec.to_builtins(entry.told),
            }
            for (channel, label, model), entry in self._entries.items()
        ]

    def restore(self, saved: Any, now: float) -> None:
        """Take over what `dump` gave; what cannot be read of it is passed over, and what was told
        in a future (the clock was set back) is not believed."""
        for item in saved if isinstance(saved, list) else []:
            try:
                entry = msgspec.convert(item, _Saved)
            except msgspec.ValidationError:
                continue
            # What was told just now was rounded when it was saved.
            if entry.at <= now + 0.1 and len(self._entries) < _MOST_ENTRIES:
                key = (entry.channel, entry.label, entry.model or "")
                self._entries[key] = _Entry(entry.mark, min(entry.at, now), entry.told)

    def _find(self, channel: str, token: Labelled | None, model: str) -> _Entry | None:
        if not self._entries:
            return None
        label, mark = _names(token)
        entry = self._entries.get((channel, label, model))
        return None if entry is None or entry.mark != mark else entry

    def _keep(self, key: _Key, entry: _Entry) -> None:
        # The one told last stands last, so that the first is the oldest.
        self._entries.pop(key, None)
        if len(self._entries) >= _MOST_ENTRIES:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = entry
        self.revision += 1


class _Saved(Struct, frozen=True):
    """An entry of the state file."""

    channel: str
    label: str
    mark: str
    at: float
    told: Told
    model: str | None = None


def used_of(window: Window, at: float, now: float) -> float | None:
    """Which share is used now of a window that was told `at` an earlier time."""
    if window.used is None or _is_over(window, at, now):
        return None if window.used is None else 0.0
    if window.kind == "rate" and window.resets_at is not None and window.resets_at > at:
        return window.used * (window.resets_at - now) / (window.resets_at - at)
    return window.used


def _is_over(window: Window, at: float, now: float) -> bool:
    """Has it begun anew since?"""
    ends = window.resets_at if window.resets_at is not None else at + _HOLDS_S
    return now >= min(ends, at + _LONGEST_S)


def _rate_left(window: Window, at: float, now: float) -> float:
    used = used_of(window, at, now)
    return 1.0 if used is None else min(max(1.0 - used, 0.0), 1.0)


def _account_left(entry: _Entry, now: float) -> float:
    told, back = entry.told, _back_at(entry, now)
    if told.status == "refused":
        return 0.0 if now < back else 1.0
    windows = [w for w in told.windows if not w.scoped and not _is_over(w, entry.at, now)]
    left = min((1.0 - w.used for w in windows if w.used is not None), default=1.0)
    if left > 0:
        return min(left, 1.0)
    goes_on = told.overage is True or told.status is not None
    return _OVERDRAWN if goes_on else 0.0


def _next_change(entry: _Entry, now: float) -> float:
    """When one of its windows begins anew."""
    ends = [w.resets_at for w in entry.told.windows if w.resets_at is not None]
    moments = (*ends, _back_at(entry, now), entry.at + _HOLDS_S, entry.at + _LONGEST_S)
    return min((moment for moment in moments if moment > now), default=now)


def _back_at(entry: _Entry, now: float) -> float:
    """When an exhausted account comes back, as far as it was told."""
    told = entry.told
    used_up = [w for w in told.windows if not w.scoped and w.used is not None and w.used >= 1]
    ends = [w.resets_at for w in used_up if w.resets_at is not None]
    if told.resets_at is not None:
        ends.append(told.resets_at)
    return min(max(ends, default=entry.at + _HOLDS_S), entry.at + _LONGEST_S)


def _names(token: Labelled | None) -> tuple[str, str]:
    return ("", "") if token is None else (token.label, token.mark)
