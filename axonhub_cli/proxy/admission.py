"""Places in the channels that have limits of their own: entered at once, waited for, or refused.

    place free ──▶ enter
    none free ─┬─▶ another candidate has one ──▶ `ChannelBusy`: it is asked instead, at once ...
               │     ... unless the session's prompt cache is here and a place will be free within
               │     `_CACHE_WORTH_S`: then that is waited for
               ├─▶ the queue is full ──▶ `ChannelBusy`
               └─▶ wait ─┬─▶ one's turn (`FairQueue`: by keys, then by sessions) ──▶ enter
                         ├─▶ another candidate has a place ──▶ `ChannelBusy`: it is asked
                         ├─▶ `queue_timeout` ──▶ `ChannelBusy`
                         └─▶ the client leaves ──▶ gone; a place that it had just been given goes on

Tokens are estimated at the entry: the body's bytes by four, and `_ANSWER_TOKENS` for the answer,
for `max_tokens` says thirty times what comes. The trace's writer, which reads each answer, tells
the real ones a moment after its end; what fails before its answer took none.

All of it happens in the event loop's thread, between awaits. A channel without limits costs three
comparisons. The last minute is not remembered over a restart.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Protocol

from msgspec import Struct

from axonhub_cli.config.durations import seconds
from axonhub_cli.config.schema import Channel
from axonhub_cli.errors import ChannelBusy, ClientError, UpstreamError
from axonhub_cli.proxy.services import UNLIMITED, Asking, Place
from axonhub_cli.routing.fair_queue import FairQueue
from axonhub_cli.routing.turnstile import Ceiling, Pass, Turnstile
from axonhub_cli.tracing.spent import Spent, sum_usage

_BYTES_A_TOKEN = 4
_ANSWER_TOKENS = 1000
_CACHE_WORTH_S = 2.0
"""Another channel would read the whole conversation anew: so long is a place worth waiting for."""
_ELSEWHERE = "another channel has room"
_LONGEST_RETRY_S = 59
"""Claude Code gives up at once when it is to wait for over a minute."""


class Timer(Protocol):
    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Timer]


def _call_later(wait: float, work: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(wait, work)


class _Waiter(Struct, eq=False):
    """One request in a queue. `entered` is set when its turn has come, `elsewhere` when it is to
    be asked of another channel."""

    future: asyncio.Future[None]
    tokens: int
    others: frozenset[str] = frozenset()
    entered: Pass | None = None
    elsewhere: _Gate | None = None


class ChannelPlaces:
    """The places of all channels; a `services.Admission`."""

    def __init__(self, clock: Callable[[], float], call_later: CallLater | None = None) -> None:
        """`clock`: monotonic seconds. `call_later`: the loop's, unless a test has its own."""
        self.clock = clock
        self.call_later = call_later or _call_later
        self._gates: dict[str, _Gate] = {}

    def place(self, asking: Asking) -> Place:
        """Enter it to have a place, leave it to give it back."""
        channel = asking.candidate.channel
        if not _has_limits(channel):
            return UNLIMITED
        if asking.call.route.operation != "generate":
            return UNLIMITED
        gate = self._gates.get(channel.name)
        if gate is None:
            gate = self._gates[channel.name] = _Gate(self, channel)
        gate.follow(channel)
        return _Place(self, gate, asking)

    def has_room(self, channel: Channel, tokens: int) -> bool:
        """Would a request enter at once?"""
        gate = self._gates.get(channel.name) if _has_limits(channel) else None
        return gate is None or (not gate.queue and gate.turnstile.wait(tokens, self.clock()) <= 0)

    def invite(self, gate: _Gate) -> None:
        """`gate` has room and nobody waits there: whoever waits in another channel and may go here
        is sent on. One at a time: there is one place."""
        now = self.clock()
        for other in self._gates.values():
            for waiter in other.waiting:
                if gate.name not in waiter.others or waiter.future.done():
                    continue
                if gate.turnstile.wait(waiter.tokens, now) <= 0:
                    waiter.elsewhere = gate
                    waiter.future.set_result(None)
                    return

    def used(self) -> dict[str, tuple[int, int, int, int]]:
        """By channel: requests at once, requests and tokens in the last minute, and how many wait;
        of those channels that have limits and were asked."""
        now = self.clock()
        return {
            name: (*gate.turnstile.used(now), len(gate.queue)) for name, gate in self._gates.items()
        }


class _Gate:
    """One channel: its turnstile, and the queue before it."""

    def __init__(self, places: ChannelPlaces, channel: Channel) -> None:
        self.name = channel.name
        self.turnstile = Turnstile(_ceiling(channel))
        self.queue: FairQueue[_Waiter] = FairQueue()
        self.waiting: dict[_Waiter, None] = {}
        """In the order in which they came."""
        self._places = places
        self._timer: Timer | None = None

    def follow(self, channel: Channel) -> None:
        """The configuration may be another one since the last request."""
        known = self.turnstile.ceiling
        if (known.concurrency, known.rpm, known.tpm) != (
            channel.concurrency,
            channel.rpm,
            channel.tpm,
        ):
            self.turnstile.ceiling = _ceiling(channel)
            self.pump()

    def pump(self) -> None:
        """Let in whoever may enter now, and look again when the clock will let the next one in."""
        now = self._places.clock()
        while self.queue:
            waiter = self.queue.peek()
            if not waiter.future.done():
                wait = self.turnstile.wait(waiter.tokens, now)
                if wait > 0:
                    self._look_again(wait)
                    return
                waiter.entered = self.turnstile.enter(waiter.tokens, now)
                waiter.future.set_result(None)
            self.queue.pop()
        if self.turnstile.wait(0, now) <= 0:
            self._places.invite(self)

    def leave(self, entered: Pass) -> None:
        self.turnstile.leave(entered, self._places.clock())
        self.pump()

    def settle(self, entered: Pass, tokens: int) -> None:
        self.turnstile.settle(entered, tokens, self._places.clock())
        self.pump()

    def _look_again(self, wait: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wait != math.inf:
            self._timer = self._places.call_later(wait, self.pump)


class _Place:
    """One attempt's place in its channel."""

    def __init__(self, places: ChannelPlaces, gate: _Gate, asking: Asking) -> None:
        self._places = places
        self._gate = gate
        self._asking = asking
        self._tokens = len(asking.call.body) // _BYTES_A_TOKEN + _ANSWER_TOKENS
        self._entered: Pass | None = None

    async def __aenter__(self) -> None:
        gate, now = self._gate, self._places.clock()
        if not gate.queue and gate.turnstile.wait(self._tokens, now) <= 0:
            self._entered = gate.turnstile.enter(self._tokens, now)
            return
        self._entered = await self._wait()
        waited = self._places.clock() - now
        self._asking.attempt.delay_ms += waited * 1000

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        entered, gate = self._entered, self._gate
        if entered is None:
            return
        if kind is not None and issubclass(kind, UpstreamError | ClientError):
            gate.turnstile.settle(entered, 0, self._places.clock())
        elif gate.turnstile.ceiling.tpm is not None:
            self._asking.record.on_spent.append(self._settler(entered))
        gate.leave(entered)

    def _settler(self, entered: Pass) -> Callable[[list[Spent] | None], None]:
        """Called in the writer's thread, with what each charged attempt used; None: not read."""
        gate, loop = self._gate, asyncio.get_running_loop()

        def settle(spent: list[Spent] | None) -> None:
            mine = [one for one in spent or () if one.channel == gate.name]
            usage = sum_usage(mine) if mine else None
            told = usage and (usage.input, usage.cache_read, usage.cache_write, usage.output)
            tokens = [count for count in told or () if count is not None]
            if tokens:
                with suppress(RuntimeError):  # the loop has ended: so has all counting
                    loop.call_soon_threadsafe(gate.settle, entered, sum(tokens))

        return settle

    async def _wait(self) -> Pass:
        channel, gate = self._asking.candidate.channel, self._gate
        others = [c.channel for c in self._asking.others()]
        free = any(self._places.has_room(other, self._tokens) for other in others)
        patience = seconds(channel.queue_timeout)
        if free:
            if not self._is_worth_waiting():
                raise self._busy(_ELSEWHERE)
            patience = min(patience, _CACHE_WORTH_S)
        if len(gate.queue) >= channel.queue:
            raise self._busy(f"{len(gate.queue)} more wait" if channel.queue else "none may wait")
        waiter = _Waiter(
            asyncio.get_running_loop().create_future(),
            self._tokens,
            frozenset() if free else frozenset(other.name for other in others),
        )
        return await self._queue(waiter, patience)

    async def _queue(self, waiter: _Waiter, patience: float) -> Pass:
        gate, asking = self._gate, self._asking
        line = asking.call.key.name, asking.session
        gate.queue.push(*line, waiter)
        gate.waiting[waiter] = None
        gate.pump()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await waiter.future
        except BaseException:
            if waiter.entered is not None:
                # The client left at the moment when its turn had come: it is the next one's.
                gate.turnstile.settle(waiter.entered, 0, self._places.clock())
                gate.leave(waiter.entered)
            elif waiter.elsewhere is not None:
                waiter.elsewhere.pump()
            raise
        finally:
            del gate.waiting[waiter]
            if waiter.entered is None:
                gate.queue.remove(*line, waiter)
                gate.pump()
        if waiter.entered is None:
            moved = waiter.elsewhere is not None
            raise self._busy(_ELSEWHERE if moved else f"waited {patience:g} s")
        return waiter.entered

    def _is_worth_waiting(self) -> bool:
        if not self._asking.holds_cache:
            return False
        wait = self._expected_wait()
        return wait is not None and wait <= _CACHE_WORTH_S

    def _expected_wait(self) -> float | None:
        gate = self._gate
        ahead = len(gate.queue)
        return gate.turnstile.expected_wait(ahead, self._tokens, self._places.clock())

    def _busy(self, why: str) -> ChannelBusy:
        reached = self._gate.turnstile.reason(self._tokens, self._places.clock())
        wait = self._expected_wait()
        retry_after = min(max(math.ceil(wait or 1.0), 1), _LONGEST_RETRY_S)
        return ChannelBusy(
            f"is at capacity ({reached}; {why})",
            retry_after=retry_after,
            elsewhere=why == _ELSEWHERE,
        )


def _has_limits(channel: Channel) -> bool:
    return not (channel.concurrency is None and channel.rpm is None and channel.tpm is None)


def _ceiling(channel: Channel) -> Ceiling:
    return Ceiling(channel.concurrency, channel.rpm, channel.tpm)
