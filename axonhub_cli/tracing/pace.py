"""Rests between the writer's pieces of work, in which the event loop goes first.

Both share one interpreter lock, and the loop gives it away with each system call: whatever request
comes during a stretch of the writer's work ends later by as much. A batch of large bodies is ten
milliseconds of work; cut into pieces it delays a request by one piece at most.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from time import monotonic, sleep

LARGE = 16 * 1024
"""Bytes of its bodies that a batch's requests have on average from which on it is cut up. Small
ones are written in one go: spread out, that would be in every request's way instead of in a few."""
PIECE_S = 0.0003
"""Work for so long is followed by a rest."""
REST_S = 0.001
"""While little waits."""


def go_last() -> None:
    """Let this thread, when it wakes, not take the processor from one that is at work (Linux).

    Its share of the time stays the same. A lower priority would take some of that, and whoever
    waits for the interpreter lock would wait for a thread that does not get to run (measured: with
    a niceness of 10 and the processors busy, p99 600 ms instead of 70).
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


class Pace:
    """The more waits to be written, the shorter the rests.

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
        self._since: float | None = None

    def begin(self, size: int) -> None:
        """A batch is there to be worked on, whose requests are of this size on average."""
        self._since = self._now() if size >= LARGE else None

    def rest(self) -> None:
        """To be called wherever the work may be interrupted; mostly returns at once."""
        if self._since is None or self._now() - self._since < PIECE_S:
            return
        ease = 1 - self._pressure()
        if ease > 0:
            self._sleep(REST_S * ease)
        self._since = self._now()


def no_rest() -> None:
    """For whoever waits for what is written."""
