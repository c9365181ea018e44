"""Rests between the writer's pieces of work, in which the event loop goes first.

Both share one interpreter lock, and the loop gives it away with each system call: whatever request
comes during a stretch of the writer's work ends later by as much. A batch of large bodies is ten
milliseconds of work; cut into pieces it delays a request by one piece at most.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

SHORTEST_S, LONGEST_S = 0.0003, 0.005
"""Less work than the first needs no rest yet; no rest is longer than the second."""
MOST = 8.0
"""So many times as long as the work before it is a rest while little waits."""


class Pace:
    """The more waits to be written, the shorter the rests: the writer takes the share of the time
    that it needs, spread evenly, and all of it before anything is dropped.

    `pressure`: how much waits, from 0 (nothing) to 1 (no rest is to be had).
    """

    def __init__(
        self,
        pressure: Callable[[], float],
        now: Callable[[], float] = monotonic,
        sleep: Callable[[float], None] = sleep,
    ) -> None:
        self._pressure = pressure
        self._now = now
        self._sleep = sleep
        self._since = 0.0

    def begin(self) -> None:
        """Work begins now."""
        self._since = self._now()

    def rest(self) -> None:
        """A piece of work is done, and another will follow."""
        worked = self._now() - self._since
        if worked < SHORTEST_S:
            return
        ease = 1 - self._pressure()
        if ease > 0:
            self._sleep(min(worked * ease * MOST, LONGEST_S))
        self.begin()


def no_rest() -> None:
    """For whoever waits for what is written."""
