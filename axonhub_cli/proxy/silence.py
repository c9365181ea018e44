"""A limit on an upstream's silence.

`asyncio.timeout` would be re-armed for every chunk; here a sign of life is one assignment, and the
timer looks at it when it fires. Time spent writing to a slow client is not the upstream's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Literal

from axonhub_cli.errors import UpstreamTimeout


class SilenceLimit:
    """Raises `UpstreamTimeout` inside its `async with` block after too long without `heard`."""

    def __init__(
        self, seconds: float, message: str, *, stage: Literal["first_event", "later"] = "later"
    ) -> None:
        """`stage` holds until something is `heard`."""
        self._stage = stage
        self._seconds = seconds
        self._message = message
        self._expired = False
        self._writing = False
        self._shorter = float("inf")
        self._once: Callable[[], bool] = lambda: False

    def heard(self, *, limit: float, message: str) -> None:
        """Something came: from now on `limit` seconds of silence are too long."""
        self._at = self._loop.time()
        if limit < self._seconds:
            self._rearm(limit)
        self._seconds = limit
        self._message = message
        self._stage = "later"

    def writing(self, active: bool) -> None:
        """While bytes wait for a slow client, the clock stands still."""
        self._writing = active
        if not active:
            self._at = self._loop.time()

    def shorten(self, seconds: float, *, once: Callable[[], bool]) -> None:
        """`seconds` of silence are enough as soon as `once()` holds; asked now and then."""
        self._shorter = seconds
        self._once = once
        self._rearm(self._seconds)

    async def __aenter__(self) -> SilenceLimit:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._at = self._loop.time()
        self._timer = self._loop.call_later(self._seconds, self._check)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        assert self._task is not None
        # Only a cancellation of ours becomes a time-out; the client's or a shutdown's passes on.
        if self._expired and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise UpstreamTimeout(self._message, stage=self._stage) from error

    def _rearm(self, seconds: float) -> None:
        self._timer.cancel()
        self._timer = self._loop.call_later(min(seconds, self._shorter), self._check)

    def _check(self) -> None:
        silent = 0.0 if self._writing else self._loop.time() - self._at
        left = self._seconds - silent
        if self._shorter < self._seconds and self._once():
            left = self._shorter - silent
        if left > 0.001:
            self._rearm(left)
            return
        self._expired = True
        assert self._task is not None
        self._task.cancel()
