"""Failover as a story: what the world does (`>>`), and what axonhub is to do (`<<`), in order.

    story >> upstream("a", plays.overloaded())
    story >> upstream("b", plays.stream("pong"))
    story << commit("b")
    story.run()

Everything is the real thing, over real sockets; only the clock, the sleep and the dice are the
story's. A wait takes no time, but is seen by the clock; so does an upstream that `took` its time.
What axonhub does beyond what the story says is a failure of the story.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import MutableMapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from axonhub_cli.config.schema import Channel, Routing
from tests.support.plays import default_answer
from tests.support.stage import STREAMED, Told, ask, endpoint, new_services, snapshot_of
from tests.support.upstream import Play, SeenRequest, Upstream

_PINGS = (b"event: ping", b": ")


@dataclass(frozen=True)
class Asked:
    """The channel is asked, with this token where that matters, and plays this."""

    channel: str
    token: str | None = None


@dataclass(frozen=True)
class Answering:
    """What an upstream will do, and what that costs on the clock."""

    asked: Asked
    play: Play
    took: float


@dataclass(frozen=True)
class Waits:
    seconds: float


@dataclass(frozen=True)
class Commits:
    channel: str


@dataclass(frozen=True)
class Tells:
    """The client gets a status, whole and not of a stream."""

    status: int


@dataclass(frozen=True)
class Breaks:
    """The client gets an error event."""


Event = Asked | Waits | Commits | Tells | Breaks


def upstream(channel: str, play: Play, *, token: str | None = None, took: float = 0.0) -> Answering:
    """The next one to be asked is `channel`, and does this after `took` seconds on the clock."""
    return Answering(Asked(channel, token), play, took)


def wait(seconds: float) -> Waits:
    return Waits(seconds)


def commit(channel: str) -> Commits:
    return Commits(channel)


def tell(status: int) -> Tells:
    return Tells(status)


def error_event() -> Breaks:
    return Breaks()


class Playbook:
    """Channels in the order of their priorities. `routing` and the channels' own fields are the
    configuration; `draw` is every throw of the dice."""

    def __init__(
        self, *channels: str, routing: Routing | None = None, draw: float = 0.5, **fields: Any
    ) -> None:
        self._names = channels
        self._fields: dict[str, dict[str, Any]] = {name: dict(fields) for name in channels}
        self._routing = routing or Routing()
        self._draw = draw
        self._told: list[Event] = []
        self._expected: list[Event] = []
        self._plays: dict[str, list[Answering]] = {name: [] for name in channels}
        self._lock = threading.Lock()
        self.time = 1_800_000_000.0
        self.requests: list[SeenRequest] = []

    def channel(self, name: str, **fields: Any) -> Playbook:
        """Fields of one channel."""
        self._fields[name] |= fields
        return self

    def __rshift__(self, step: Answering) -> Playbook:
        self._plays[step.asked.channel].append(step)
        self._expected.append(step.asked)
        return self

    def __lshift__(self, event: Event) -> Playbook:
        self._expected.append(event)
        return self

    def run(self, body: bytes = STREAMED, **asking: Any) -> Told:
        """Send one request, and compare what happened with what was written."""
        with ExitStack() as stack:
            channels = [self._open(name, n, stack) for n, name in enumerate(self._names)]
            told: Told = asyncio.run(self._ask(channels, body, asking))
        blind = [
            replace(event, token=None) if isinstance(event, Asked) else event
            for event in self._told
        ]
        seen = [
            told if isinstance(meant, Asked) and meant.token is not None else bare
            for told, bare, meant in zip(self._told, blind, self._expected, strict=False)
        ] + blind[len(self._expected) :]
        assert seen == self._expected
        assert told.ends <= 1, "the client was answered twice"
        return told

    def _open(self, name: str, position: int, stack: ExitStack) -> Channel:
        def answer(request: SeenRequest) -> Play:
            with self._lock:
                key = request.header("x-api-key")
                self._told.append(Asked(name, key and key.removeprefix("token-")))
                self.requests.append(request)
                if not self._plays[name]:
                    return default_answer(request)
                step = self._plays[name].pop(0)
                self.time += step.took
                return step.play

        server = Upstream(answer)
        server.start()
        stack.callback(server.stop)
        return endpoint(name, server.url, priority=position, **self._fields[name])

    async def _ask(self, channels: list[Channel], body: bytes, asking: dict[str, Any]) -> Told:
        services = new_services(
            clock=lambda: self.time,
            now=lambda: self.time,
            sleep=self._sleep,
            draw=lambda: self._draw,
        )
        try:
            snapshot = snapshot_of(*channels, routing=self._routing)
            return await ask(snapshot, body, services=services, watch=self._watch, **asking)
        finally:
            await services.upstreams.aclose()

    async def _sleep(self, seconds: float) -> None:
        with self._lock:
            self._told.append(Waits(seconds))
            self.time += seconds

    def _watch(self, told: Told, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" or not message["body"]:
            return
        body: bytes = message["body"]
        attempt = told.record.attempts[-1]
        event: Event | None = None
        if b"event: error" in body or body.startswith(b'data: {"error"'):
            event = Breaks()
        elif told.status >= 400:
            event = Tells(told.status)
        elif not body.startswith(_PINGS):
            event = Commits(attempt.channel)
        with self._lock:
            if event is not None and event not in self._told[-1:]:
                self._told.append(event)
