"""Channels that just failed rest for a while: tried last, never refused.

The clock is an argument (monotonic seconds). Memory only: a restart forgets.
"""

from __future__ import annotations

import math

DEFAULT_REST_S = 15.0
LONGEST_REST_S = 900.0
# Clients name the models, so the list must not grow with whatever they ask for.
_MOST_ENTRIES = 1000


class RestList:
    """Until when each (channel, model) rests."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def __len__(self) -> int:
        return len(self._until)

    def rest(self, channel: str, model: str, *, now: float, seconds: float | None) -> None:
        """`seconds` as an upstream's Retry-After says; None: a short default.

        A shorter rest never replaces a longer one.
        """
        if seconds is None or math.isnan(seconds):
            seconds = DEFAULT_REST_S
        span = min(max(seconds, 0.0), LONGEST_REST_S)
        key = (channel, model)
        if len(self._until) >= _MOST_ENTRIES:
            self._until = {k: until for k, until in self._until.items() if until > now}
            if len(self._until) >= _MOST_ENTRIES:
                del self._until[next(iter(self._until))]
        self._until[key] = max(self._until.get(key, 0.0), now + span)

    def wake(self, channel: str, model: str) -> None:
        """It answered: no reason to avoid it any longer."""
        self._until.pop((channel, model), None)

    def left(self, channel: str, *, now: float) -> float:
        """Seconds until all models of a channel are up again; 0 when none of them rests."""
        ends = [until for (name, _), until in self._until.items() if name == channel]
        return max([0.0, *(until - now for until in ends)])

    def resting(self, channel: str, model: str, *, now: float) -> bool:
        until = self._until.get((channel, model))
        return until is not None and until > now
