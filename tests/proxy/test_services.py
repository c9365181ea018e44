"""The places where limits hold: what they are called with, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from axonhub_cli.errors import ClientError, NoCandidate, UpstreamTimeout
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.services import UNLIMITED, Asking
from axonhub_cli.tracing.recorder import RequestRecord
from tests.support import plays
from tests.support.stage import BODY, ask, endpoint, new_services, snapshot_of
from tests.support.upstream import Upstream


class Narrow:
    """Admits to every channel but `a`, and counts who is inside."""

    def __init__(self) -> None:
        self.inside = 0
        self.seen: list[tuple[str, int]] = []

    @asynccontextmanager
    async def place(self, asking: Asking) -> AsyncIterator[None]:
        name = asking.candidate.channel.name
        if name == "a":
            raise UpstreamTimeout("no place was free")
        self.inside += 1
        self.seen.append((name, len(asking.call.body)))
        try:
            yield
        finally:
            self.inside -= 1


class Ledger:
    """Refuses when told to; notes what is settled."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self.settled: list[tuple[str, int]] = []

    def reserve(self, call: ClientCall, record: RequestRecord) -> Ledger:
        if self.full:
            raise ClientError("rate_limited", "the quota is used up")
        return self

    def settle(self, record: RequestRecord) -> None:
        self.settled.append((record.status, len(record.attempts)))


def test_a_channel_without_a_place_is_passed_over_and_each_place_is_given_back(
    upstream: Upstream,
) -> None:
    admission = Narrow()
    channels = (endpoint("a", upstream.url), endpoint("b", upstream.url, priority=1))

    async def story() -> list[str]:
        services = new_services(admission=admission)
        told = await ask(snapshot_of(*channels), services=services)
        await services.upstreams.aclose()
        return told.channels

    assert asyncio.run(story()) == ["a", "b"]
    assert (admission.inside, admission.seen) == (0, [("b", len(BODY))])
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("play", "settled"),
    [(plays.message("pong"), ("completed", 1)), (plays.overloaded(), ("failed", 1))],
    ids=["answered", "failed"],
)
def test_what_was_reserved_is_settled_once_however_it_ends(
    upstream: Upstream, play: object, settled: tuple[str, int]
) -> None:
    quotas = Ledger()
    upstream.script(play)  # type: ignore[arg-type]

    async def story() -> None:
        services = new_services(quotas=quotas)
        await ask(snapshot_of(endpoint("a", upstream.url)), services=services)
        await services.upstreams.aclose()

    asyncio.run(story())
    assert quotas.settled == [settled]


def test_nothing_is_settled_of_a_refused_request_and_nobody_is_asked(upstream: Upstream) -> None:
    quotas = Ledger(full=True)

    async def story() -> None:
        services = new_services(quotas=quotas)
        with pytest.raises(ClientError, match="used up"):
            await ask(snapshot_of(endpoint("a", upstream.url)), services=services)

    asyncio.run(story())
    assert (quotas.settled, upstream.requests) == ([], [])


def test_a_request_that_nobody_can_serve_is_settled_too() -> None:
    quotas = Ledger()

    async def story() -> None:
        with pytest.raises(NoCandidate):
            await ask(snapshot_of(), services=new_services(quotas=quotas))

    asyncio.run(story())
    assert quotas.settled == [("running", 0)]


def test_without_limits_there_is_always_a_place() -> None:
    async def story() -> bool:
        async with UNLIMITED.place(None):  # type: ignore[arg-type]
            return True

    assert asyncio.run(story())
