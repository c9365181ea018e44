"""A circuit breaker: how a channel that fails is left alone for a while, and found again.

| it is     | then                                          | it becomes | and                    |
|-----------|-----------------------------------------------|------------|------------------------|
| closed    | a request is answered                         | closed     | failures are forgotten |
| closed    | one fails, and fewer than `failures` in a row | closed     | one more is counted    |
| closed    | one fails, the last of `failures` in a row    | open       | for `first` seconds    |
| closed    | one fails in a way that says enough           | open       | as long as was asked   |
| open      | that time is over                             | half-open  | one request may try    |
| open      | a request is answered all the same            | closed     |                        |
| open      | one fails                                     | open       | longer only when asked |
| half-open | a request begins                              | half-open  | it is the one probe    |
| half-open | the probe is answered                         | closed     |                        |
| half-open | the probe fails                               | open       | twice as long, or as   |
|           |                                               |            | long as was asked      |
| half-open | the probe is given up (its client left)       | half-open  | the next one may try   |
| half-open | the probe is silent for `PROBE_PATIENCE_S`    | half-open  | the next one may try   |
| half-open | another request fails                         | half-open  | longer only when asked |

An open breaker refuses nobody: it only says who is better tried last. It is never open for longer
than `longest`, whatever an upstream asks or a clock does. Times are epoch seconds, given by the
caller.
"""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

State = Literal["closed", "open", "half-open"]

PROBE_PATIENCE_S = 600.0
"""A probe always reports; if a bug kept it from that, the channel would never be tried again."""


class BreakerSettings(Struct, frozen=True):
    failures: int = 3
    """So many failures in a row open it."""
    first: float = 15.0
    """For so many seconds the first time, doubled with each probe that fails."""
    longest: float = 900.0


class Breaker(Struct):
    """The breaker of one channel for one model; see the table above."""

    failures: int = 0
    """In a row."""
    until: float = 0.0
    """When the probe is due; 0 while closed."""
    span: float = 0.0
    """For how long it opened."""
    step: int = 0
    """How many probes have failed in a row."""
    probe: float = 0.0
    """When the running probe began; 0 without one."""
    cause: str | None = None
    """Of its last failure, for people."""

    def state(self, now: float) -> State:
        if not self.until:
            return "closed"
        return "open" if self.wait(now) > 0 else "half-open"

    def wait(self, now: float) -> float:
        """Seconds until a request may try it; 0 when one may now."""
        if not self.until:
            return 0.0
        if self.until - now > self.span:
            self.until = now + self.span  # the clock was set back
        return max(self.until - now, 0.0)

    def is_probed(self, now: float) -> bool:
        """Another request is trying it out at this moment."""
        return bool(self.probe) and 0 <= now - self.probe < PROBE_PATIENCE_S

    def admits(self, now: float) -> bool:
        """May a request be sent before all others? An open one only as the last resort."""
        if not self.until:
            return True
        return self.wait(now) <= 0 and not self.is_probed(now)

    def begin(self, now: float) -> float:
        """A request is sent; what it holds until it reports: 0, or the mark of the one probe."""
        if not self.until or not self.admits(now):
            return 0.0
        self.probe = now
        return now

    def answered(self) -> None:
        """It answers: closed, whatever it was. The failures are forgotten when an answer is whole
        (`completed`), or a channel that breaks off all its streams would never be found out."""
        self.until = self.span = self.probe = 0.0
        self.step = 0

    def completed(self) -> None:
        self.answered()
        self.failures = 0
        self.cause = None

    def failed(
        self,
        now: float,
        *,
        probe: float,
        settings: BreakerSettings,
        says_enough: bool = False,
        asked: float | None = None,
        cause: str | None = None,
    ) -> None:
        """A request failed. `probe`: what `begin` gave it. `asked`: a Retry-After, in seconds."""
        self.cause = cause
        self.failures += 1
        if probe and probe == self.probe:
            self.step += 1
            self._open(now, asked, settings)
        elif self.until:
            self._prolong(now, asked, settings)
        elif says_enough or asked is not None or self.failures >= settings.failures:
            self._open(now, asked, settings)

    def give_up(self, probe: float) -> None:
        """The request ended without a word on the channel."""
        if probe and probe == self.probe:
            self.probe = 0.0

    def _open(self, now: float, asked: float | None, settings: BreakerSettings) -> None:
        doubled = min(settings.first * 2.0 ** min(self.step, 32), settings.longest)
        self.span = doubled if asked is None else _clamped(asked, doubled, settings)
        self.until = now + self.span
        self.probe = 0.0

    def _prolong(self, now: float, asked: float | None, settings: BreakerSettings) -> None:
        """A shorter wait never replaces a longer one."""
        if asked is None:
            return
        span = _clamped(asked, 0.0, settings)
        if now + span > self.until:
            self.span, self.until = span, now + span


def _clamped(asked: float, otherwise: float, settings: BreakerSettings) -> float:
    return otherwise if math.isnan(asked) else min(max(asked, 0.0), settings.longest)
