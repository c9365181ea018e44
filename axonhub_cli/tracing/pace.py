"""Rests between the writer's pieces of work, in which the event loop goes first.

Both share one interpreter lock, and the loop gives it away with each system call: whatever request
comes during a stretch of the writer's work ends later by as much. A batch of large bodies is ten
milliseconds of work; cut into pieces it delays a request by one piece at most.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

LARGE = 32 * 1024
"""Bytes of a request's bodies from which on it is a piece of work of its own."""
LONGEST_S = 0.005
MOST = 8.0
"""So many times as long as the work before it is a rest while little waits."""
BUSY = 0.2
"""A writer that works for so much of the time has none for rests: requests come as fast as they
can, and would only all be delayed instead of a few."""


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
        self._began = self._since = now()
        self._worked = 0.0
        self._busy = False

    def begin(self) -> None:
        """A batch is there to be worked on."""
        now = self._now()
        self._busy = self._worked > BUSY * (now - self._began)
        self._began = self._since = now
        self._worked = 0.0

    def rest(self, size: int) -> None:
        """A piece of work is done, on so many bytes, and another will follow."""
        if size < LARGE:
            return
        worked = self._pause()
        ease = 1 - self._pressure()
        if ease > 0 and not self._busy:
            self._sleep(min(worked * ease * MOST, LONGEST_S))
            self._since = self._now()

    def end(self) -> None:
        """The batch is written."""
        self._pause()

    def _pause(self) -> float:
        """Seconds since work went on."""
        now = self._now()
        worked, self._since = now - self._since, now
        self._worked += worked
        return worked


def no_rest(size: int) -> None:
    """For whoever waits for what is written."""
