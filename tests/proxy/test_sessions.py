"""Sessions and probes over real sockets, on a clock that is set."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from axonhub_cli.config.schema import Routing
from axonhub_cli.proxy.services import Services
from axonhub_cli.proxy.snapshot import Snapshot
from tests.support import plays
from tests.support.plays import as_events, default_answer, held, text
from tests.support.stage import STREAMED, ask, endpoint, new_services, snapshot_of
from tests.support.upstream import PATIENCE, Close, Gate, Play, SeenRequest, Upstream

START = 1_800_000_000.0
MODEL = "claude-sonnet-4-5"


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def three() -> Iterator[list[Upstream]]:
    servers = [Upstream(default_answer) for _ in range(3)]
    for server in servers:
        server.start()
    try:
        yield servers
    finally:
        for server in servers:
            server.stop()


def snapshot(servers: list[Upstream], strategy: str = "adaptive") -> Snapshot:
    channels = [endpoint(name, server.url) for name, server in zip("abc", servers, strict=False)]
    return snapshot_of(*channels, routing=Routing(strategy=strategy, retries=0))  # type: ignore[arg-type]


def dead(request: SeenRequest) -> Play:
    return plays.overloaded()


async def turn(services: Services, taken: Snapshot, session: str = "s") -> str:
    told = await ask(taken, STREAMED, services=services, session=session, stays=True)
    assert told.status == 200
    assert b"pong" in told.body
    channel = told.header("ah-channel")
    assert channel is not None
    return channel


@pytest.mark.parametrize("strategy", ["adaptive", "round-robin", "failover", "fastest"])
def test_a_session_of_twenty_turns_stays_moves_once_and_comes_back_after_a_pause(
    three: list[Upstream], strategy: str
) -> None:
    clock, taken = Clock(), snapshot(three, strategy)

    async def story() -> list[str]:
        services = new_services(now=clock)
        path = []
        for number in range(20):
            if number == 7:
                three["abc".index(path[0])].reset(dead)
            if number == 12:
                three["abc".index(path[0])].reset(default_answer)
            clock.now += 60
            path.append(await turn(services, taken))
        clock.now += 301
        path += [await turn(services, taken) for _ in range(3)]
        await services.upstreams.aclose()
        return path

    path = asyncio.run(story())
    home, refuge = path[0], path[7]
    assert path == [home] * 7 + [refuge] * 13 + [home] * 3
    assert home != refuge


def test_while_one_request_tries_a_channel_out_the_others_go_elsewhere(
    three: list[Upstream],
) -> None:
    clock, taken, gate = Clock(), snapshot(three[:2], "failover"), Gate()
    three[0].script(plays.rate_limited("30"), held(as_events(text("pong")), 0, gate))

    async def story() -> list[str | None]:
        services = new_services(now=clock)

        async def channel() -> str | None:
            return (await ask(taken, STREAMED, services=services)).header("ah-channel")

        seen = [await channel()]
        clock.now += 30
        async with asyncio.TaskGroup() as group:
            probe = group.create_task(channel())
            await asyncio.to_thread(gate.wait_reached)
            seen += [await channel() for _ in range(3)]
            gate.open()
        seen += [probe.result(), await channel()]
        await services.upstreams.aclose()
        return seen

    assert asyncio.run(story()) == ["b", "b", "b", "b", "a", "a"]


def test_a_probe_closes_the_breaker_with_its_first_content(three: list[Upstream]) -> None:
    clock, taken, gate = Clock(), snapshot(three[:2], "failover"), Gate()
    pieces = as_events(text("pong"))
    three[0].script(plays.rate_limited("30"), held(pieces, len(pieces) - 1, gate))

    async def story() -> str | None:
        services = new_services(now=clock)
        await ask(taken, STREAMED, services=services)
        clock.now += 30
        async with asyncio.TaskGroup() as group:
            group.create_task(ask(taken, STREAMED, services=services))
            await asyncio.to_thread(gate.wait_reached)
            standing = services.routing.health.standing("a", MODEL)
            assert standing is not None
            async with asyncio.timeout(PATIENCE):
                while standing.breaker.state(clock.now) != "closed":
                    await asyncio.sleep(0)
            told = await ask(taken, STREAMED, services=services)
            gate.open()
        await services.upstreams.aclose()
        return told.header("ah-channel")

    assert asyncio.run(story()) == "a"


def test_a_session_is_where_its_answer_begins_however_long_that_takes(
    three: list[Upstream],
) -> None:
    clock, taken, gate = Clock(), snapshot(three[:2], "failover"), Gate()
    pieces = as_events(text("pong"))
    three[0].script(plays.overloaded())
    three[1].script(held(pieces, len(pieces) - 1, gate))

    async def story() -> str | None:
        services = new_services(now=clock)
        async with asyncio.TaskGroup() as group:
            group.create_task(turn(services, taken))
            await asyncio.to_thread(gate.wait_reached)
            async with asyncio.timeout(PATIENCE):
                while services.routing.affinity.channel_of("s", MODEL, clock.now) is None:
                    await asyncio.sleep(0)
            clock.now += 60  # `a` has recovered
            channel = await turn(services, taken)
            gate.open()
        await services.upstreams.aclose()
        return channel

    assert asyncio.run(story()) == "b"


def test_a_client_that_leaves_a_probe_makes_room_for_the_next(three: list[Upstream]) -> None:
    clock, taken, gate = Clock(), snapshot(three[:2], "failover"), Gate()
    three[0].script(plays.rate_limited("30"), held(as_events(text("x")), 0, gate))

    async def story() -> str | None:
        services = new_services(now=clock)
        await ask(taken, STREAMED, services=services)
        clock.now += 30
        leaves = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(ask(taken, STREAMED, services=services, leaves=leaves))
            await asyncio.to_thread(gate.wait_reached)
            leaves.set()
        told = await ask(taken, STREAMED, services=services)
        gate.open()
        await services.upstreams.aclose()
        return told.header("ah-channel")

    assert asyncio.run(story()) == "a"


def test_a_channel_that_breaks_off_every_stream_is_found_out(three: list[Upstream]) -> None:
    pieces = as_events(text("x"))
    cut = plays.truncated(pieces, len(b"".join(pieces[:3])), how=Close())
    three[0].reset(lambda request: cut)
    taken, clock = snapshot(three[:2], "failover"), Clock()

    async def story() -> list[str | None]:
        services = new_services(now=clock)
        told = [await ask(taken, STREAMED, services=services) for _ in range(4)]
        await services.upstreams.aclose()
        return [one.header("ah-channel") for one in told]

    assert asyncio.run(story()) == ["a", "a", "a", "b"]


def test_counting_tokens_trips_nothing_and_holds_no_session(three: list[Upstream]) -> None:
    three[0].reset(dead)
    taken, clock = snapshot(three[:1]), Clock()

    async def story() -> tuple[int, int]:
        services = new_services(now=clock)
        await ask(taken, operation="count_tokens", services=services, stays=True)
        await services.upstreams.aclose()
        return len(services.routing.health), len(services.routing.affinity)

    assert asyncio.run(story()) == (0, 0)
