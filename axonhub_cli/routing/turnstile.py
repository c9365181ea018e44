"""A channel's own limits: how many requests at once, and how many, and how many tokens, a minute.

The minute is the last 60 seconds, not the clock's: no burst of twice the limit around its turn.
What a request will take in tokens is estimated when it enters (`expected`), and set right when its
usage is known. A request that is larger than the whole limit is let in when nothing else was used
for a minute: nothing is refused for ever.

Pure; the clock is an argument, in seconds of any clock that only goes forward.
"""

from __future__ import annotations

import math
from collections import deque

from msgspec import Struct

MINUTE_S = 60.0
# How long places are held: a new one counts for this share.
_SMOOTHING = 0.2


class Ceiling(Struct, frozen=True):
    """A channel's limits; None: there is none."""

    concurrency: int | None = None
    rpm: int | None = None
    tpm: int | None = None


class Pass(Struct, eq=False):
    """One request that was let in."""

    at: float
    tokens: int
    counted: bool = True
    """In the minute's sums."""
    inside: bool = True


class Turnstile:
    """Who is in a channel, and who was in the last minute."""

    def __init__(self, ceiling: Ceiling) -> None:
        self.ceiling = ceiling
        self.inside = 0
        self._recent: deque[Pass] = deque()
        self._tokens = 0
        self._held_s: float | None = None

    def wait(self, tokens: int, now: float) -> float:
        """Seconds until a request of so many tokens may enter, as far as the clock says: 0 now;
        infinite when somebody must leave first."""
        ceiling = self.ceiling
        if ceiling.concurrency is not None and self.inside >= ceiling.concurrency:
            return math.inf
        self._forget(now)
        return max(self._wait_for_requests(now), self._wait_for_tokens(tokens, now))

    def enter(self, tokens: int, now: float) -> Pass:
        """Let one in, whatever the limits say; to be given back with `leave`."""
        counted = self.ceiling.rpm is not None or self.ceiling.tpm is not None
        entered = Pass(now, tokens, counted)
        self.inside += 1
        if counted:
            self._recent.append(entered)
            self._tokens += tokens
        return entered

    def leave(self, entered: Pass, now: float) -> None:
        """It is over. Leaving twice is leaving once."""
        if not entered.inside:
            return
        entered.inside = False
        self.inside -= 1
        held, known = now - entered.at, self._held_s
        self._held_s = held if known is None else known + _SMOOTHING * (held - known)

    def settle(self, entered: Pass, tokens: int, now: float) -> None:
        """So many it took in truth."""
        self._forget(now)
        if entered.counted:
            self._tokens += tokens - entered.tokens
        entered.tokens = tokens

    def expected_wait(self, ahead: int, tokens: int, now: float) -> float | None:
        """Seconds that one with `ahead` others before it will probably wait; None: nobody knows."""
        wait = self.wait(tokens, now)
        if wait != math.inf:
            return wait
        if self._held_s is None or self.ceiling.concurrency is None:
            return None
        return (ahead + 1) * self._held_s / self.ceiling.concurrency

    def reason(self, tokens: int, now: float) -> str:
        """Which limit is reached, for people."""
        ceiling = self.ceiling
        if ceiling.concurrency is not None and self.inside >= ceiling.concurrency:
            return f"{self.inside} of {ceiling.concurrency} requests at once"
        self._forget(now)
        if ceiling.rpm is not None and len(self._recent) >= ceiling.rpm:
            return f"{len(self._recent)} of {ceiling.rpm} requests in a minute"
        return f"{self._tokens:,} of {ceiling.tpm or 0:,} tokens in a minute, {tokens:,} more asked"

    def used(self, now: float) -> tuple[int, int, int]:
        """Requests at once, requests and tokens in the last minute."""
        self._forget(now)
        return self.inside, len(self._recent), self._tokens

    def _wait_for_requests(self, now: float) -> float:
        rpm = self.ceiling.rpm
        if rpm is None or len(self._recent) < rpm:
            return 0.0
        return self._recent[len(self._recent) - rpm].at + MINUTE_S - now

    def _wait_for_tokens(self, tokens: int, now: float) -> float:
        tpm = self.ceiling.tpm
        over = 0 if tpm is None else self._tokens + tokens - tpm
        if over <= 0 or not self._tokens:
            return 0.0
        for entered in self._recent:
            over -= entered.tokens
            if over <= 0:
                break
        return entered.at + MINUTE_S - now

    def _forget(self, now: float) -> None:
        recent = self._recent
        while recent and recent[0].at <= now - MINUTE_S:
            old = recent.popleft()
            old.counted = False
            self._tokens -= old.tokens
