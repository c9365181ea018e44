"""What broke in other gateways on the way to a channel: known-failures 24, 30, 31 and 36.

Each test is named after what a user saw. Clocks are the test's, sockets are real.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from axonhub_cli.config.schema import Channel, Routing, Strategy
from axonhub_cli.proxy.services import Services
from axonhub_cli.proxy.snapshot import Snapshot
from axonhub_cli.proxy.upstream import Upstreams
from tests.support import plays
from tests.support.gateway import MESSAGES, Gateway
from tests.support.home import channel
from tests.support.plays import default_answer
from tests.support.stage import BODY, STREAMED, Told, ask, endpoint, new_services, snapshot_of
from tests.support.upstream import Upstream, refusing_url

START = 1_800_000_000.0
Story = Callable[["World"], Awaitable[None]]


class World:
    """Channels `a`, `b` and `c`, an upstream each, and the time."""

    def __init__(self, servers: dict[str, Upstream], services: Services) -> None:
        self.upstreams = servers
        self.services = services
        self.now = START

    def channels(self, **fields: Any) -> list[Channel]:
        return [endpoint(name, each.url, **fields) for name, each in self.upstreams.items()]

    async def ask(self, taken: Snapshot, session: str = "s") -> Told:
        """A request of a session that the client names."""
        return await ask(taken, BODY, services=self.services, session=session, stays=True)

    async def turn(self, taken: Snapshot, session: str = "s") -> str | None:
        """The channel that answered it."""
        told = await self.ask(taken, session)
        assert told.status == 200
        return told.header("ah-channel")


@pytest.fixture
def servers() -> Iterator[dict[str, Upstream]]:
    found = {name: Upstream(default_answer) for name in "abc"}
    for server in found.values():
        server.start()
    try:
        yield found
    finally:
        for server in found.values():
            server.stop()


def play(servers: dict[str, Upstream], story: Story, environ: dict[str, str] | None = None) -> None:
    async def run() -> None:
        services = new_services(upstreams=Upstreams(environ or {}), now=lambda: world.now)
        world = World(servers, services)
        try:
            await story(world)
        finally:
            await services.upstreams.aclose()

    asyncio.run(run())


@pytest.mark.parametrize("strategy", ["round-robin", "adaptive", "fastest"])
def test_round_robin_destroys_the_prompt_cache(
    servers: dict[str, Upstream], strategy: Strategy
) -> None:
    """24: every request of a session goes where its prompt is cached."""

    async def story(world: World) -> None:
        taken = snapshot_of(*world.channels(), routing=Routing(strategy=strategy))
        assert len({await world.turn(taken) for _ in range(12)}) == 1

    play(servers, story)


def test_affinity_starves_accounts(servers: dict[str, Upstream]) -> None:
    """24: sessions stay, but not all of them at one channel, nor at one of its tokens."""
    tokens = ("env:T", "env:U", "env:V")

    async def story(world: World) -> None:
        taken = snapshot_of(*world.channels(tokens=tokens))
        sessions = [f"session-{number}" for number in range(45)]
        first = [await world.turn(taken, session) for session in sessions]
        assert [await world.turn(taken, session) for session in sessions] == first
        assert set(Counter(first)) == {"a", "b", "c"}

    play(servers, story)
    for server in servers.values():
        assert {request.header("x-api-key") for request in server.requests} == {
            *("token-1", "token-2", "token-3")
        }


def test_the_breaker_never_recovers_without_a_restart(servers: dict[str, Upstream]) -> None:
    """30: a channel that works again is used again, a probe's time later."""

    async def story(world: World) -> None:
        taken = snapshot_of(*world.channels(), routing=Routing(strategy="failover", retries=0))
        servers["a"].reset(lambda request: plays.error(500, "api_error", "down"))
        for number in range(6):
            assert await world.turn(taken, f"s{number}") == "b"
        assert len(servers["a"].requests) == 3, "after three failures it is left alone"
        servers["a"].reset(default_answer)
        world.now += 16
        assert await world.turn(taken, "later") == "a"
        assert await world.turn(taken, "still later") == "a"

    play(servers, story)


def test_a_disabled_channel_is_still_called(gateway: Gateway) -> None:
    """30: a daemon that runs obeys from the next request on."""
    first = channel(gateway.anthropic.url, "first")
    body = (
        b'{"model":"claude-scripted-1","max_tokens":9,"messages":[{"role":"user","content":"a"}]}'
    )
    gateway.configure(first)
    assert gateway.daemon.post(body, MESSAGES)[1]["ah-channel"] == "first"
    gateway.configure(first | {"enabled": False})
    assert {gateway.daemon.post(body, MESSAGES)[1]["ah-channel"] for _ in range(5)} == {"claude"}


def test_one_cannot_choose_which_4xx_are_tried_elsewhere(servers: dict[str, Upstream]) -> None:
    """30: each kind of failure and each status can be given what follows it, by channel."""

    async def story(world: World) -> None:
        refused = plays.error(422, "invalid_request_error", "not here")
        first, *others = world.channels()
        for policy, status, asked in (({}, 422, ["a"]), ({"422": "next"}, 200, ["a", "b"])):
            servers["a"].reset(lambda request: refused)
            chosen = endpoint("a", first.base_url or "", policy=policy)
            taken = snapshot_of(chosen, *others, routing=Routing(strategy="failover"))
            told = await world.ask(taken, f"session {status}")
            assert (told.status, told.channels) == (status, asked)

    play(servers, story)


def test_one_cannot_say_how_long_a_channel_may_take_to_begin(servers: dict[str, Upstream]) -> None:
    """30: the first-token limit is the channel's own."""

    async def story(world: World) -> None:
        first, *others = world.channels()
        quick = endpoint("a", first.base_url or "", first_event_timeout="50ms")
        taken = snapshot_of(quick, *others, routing=Routing(strategy="failover"))
        servers["a"].script(plays.hang())
        told = await ask(taken, STREAMED, services=world.services)
        assert (told.status, told.channels) == (200, ["a", "b"])
        assert b"pong" in told.body
        assert "no event came within 0.05 s" in str(told.record.attempts[0].error)

    play(servers, story)


@pytest.mark.parametrize(
    ("failure", "times"), [(plays.rate_limited("30"), 106), (plays.error(402, "x", "pay"), 30)]
)
def test_a_session_stalls_on_106_times_429_and_30_times_402(
    servers: dict[str, Upstream], failure: plays.Play, times: int
) -> None:
    """31: who has said no once is not asked with every request."""

    async def story(world: World) -> None:
        servers["a"].reset(lambda request: failure)
        taken = snapshot_of(*world.channels(), routing=Routing(strategy="failover"))
        for number in range(times):
            assert await world.turn(taken, f"session {number % 3}") == "b"
        assert len(servers["a"].requests) < 4

    play(servers, story)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_system_proxy_swallows_localhost(servers: dict[str, Upstream], host: str) -> None:
    """36: whatever the variables say, loopback is reached directly."""

    async def story(world: World) -> None:
        address = servers["a"].url.replace("127.0.0.1", host)
        assert await world.turn(snapshot_of(endpoint("a", address))) == "a"

    with refusing_url() as proxy:
        environ = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"), proxy)
        play(servers, story, environ)
