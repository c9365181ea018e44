"""Tokens, allowances and limits in a real daemon: two upstreams, real answers, and restarts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time

import pytest

from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import Gate, Head, Upstream, Wait

BODY = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "hi"}],
}


class World:
    """Two upstreams and a daemon before them."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        self.home.environ |= {"TOKEN_A": "token-a" + "x" * 20, "TOKEN_B": "token-b" + "x" * 20}
        self.one, self.two = Upstream(plays.default_answer), Upstream(plays.default_answer)
        self.daemon = Daemon(self.home)

    def ask(self, session: str = "") -> tuple[int, str, dict[str, str]]:
        """Status, the token or the message, and the headers of one request."""
        headers = {"x-claude-code-session-id": session} if session else {}
        body = json.dumps(BODY).encode()
        status, got, answer = self.daemon.post(body, **headers)
        told = json.loads(answer)
        return status, told.get("error", {}).get("message", ""), dict(got)

    def tokens(self, upstream: Upstream) -> str:
        """Which tokens it was asked with: `a`, `b`."""
        sent = [r.header("x-api-key") or r.header("authorization") for r in upstream.requests]
        return "".join("b" if "token-b" in (shown or "") else "a" for shown in sent)

    def restart(self) -> None:
        self.daemon.stop()
        self.daemon.start()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.one.start()
    world.two.start()
    try:
        yield world
    finally:
        world.daemon.stop()
        world.one.stop()
        world.two.stop()


def start(world: World, *channels: dict[str, object]) -> None:
    world.home.configure(*channels)
    world.daemon.start()


def two_tokens(world: World) -> dict[str, object]:
    return channel(world.one.url, tokens=["env:TOKEN_A", "env:TOKEN_B"])


def test_a_refused_token_is_put_aside_for_the_other_and_a_restart_keeps_that(world: World) -> None:
    start(world, two_tokens(world))
    world.ask("s")
    own = world.tokens(world.one)
    other = "b" if own == "a" else "a"
    world.one.script(plays.error(401, "authentication_error", "no such key"))
    assert world.ask("s")[0] == 200
    assert world.tokens(world.one) == own + own + other
    assert world.ask("s")[0] == 200
    world.restart()
    assert world.ask("s")[0] == 200
    assert world.tokens(world.one) == own + own + other * 3


def test_another_value_of_the_secret_brings_the_token_back(world: World) -> None:
    start(world, two_tokens(world))
    world.ask("s")
    own = world.tokens(world.one)
    world.one.script(plays.error(401, "authentication_error", "no such key"))
    world.ask("s")
    world.daemon.stop()
    world.home.environ[f"TOKEN_{own.upper()}"] += "renewed"
    world.daemon.start()
    assert world.ask("s")[0] == 200
    assert world.tokens(world.one)[-1] == own


def test_a_balance_that_is_used_up_is_known_by_its_words(world: World) -> None:
    start(world, two_tokens(world))
    broke = plays.error(400, "invalid_request_error", "Your credit balance is too low to access …")
    world.one.script(broke)
    assert world.ask("s")[0] == 200
    assert sorted(world.tokens(world.one)) == ["a", "b"]


def test_when_all_tokens_are_refused_one_is_tried_all_the_same(world: World) -> None:
    start(world, two_tokens(world))
    refused = plays.error(401, "authentication_error", "no such key")
    world.one.script(refused, refused)
    assert world.ask("s")[0] == 502
    assert world.ask("s")[0] == 200
    assert len(world.one.requests) == 3


PLAN = {
    "anthropic-ratelimit-unified-status": "rejected",
    "anthropic-ratelimit-unified-5h-status": "rejected",
    "anthropic-ratelimit-unified-5h-utilization": "1.0",
    "anthropic-ratelimit-unified-representative-claim": "five_hour",
}


def test_an_exhausted_subscription_is_avoided_until_its_reset_over_a_restart(world: World) -> None:
    start(world, channel(world.one.url, "sub"), channel(world.two.url, "key", priority=1))
    reset = str(int(time()) + 3000)
    headers = PLAN | {
        "anthropic-ratelimit-unified-5h-reset": reset,
        "anthropic-ratelimit-unified-reset": reset,
    }
    world.one.script(plays.error(429, "rate_limit_error", "5h", *headers.items()))
    assert world.ask()[2]["ah-channel"] == "key"
    world.restart()
    assert [world.ask()[2]["ah-channel"] for _ in range(3)] == ["key"] * 3
    assert len(world.one.requests) == 1
    # Where it is the only one, it is asked.
    world.daemon.stop()
    start(world, channel(world.one.url, "sub"))
    assert world.ask()[0] == 200
    assert len(world.one.requests) == 2


def test_a_channel_at_capacity_is_left_for_one_with_room_and_refuses_when_there_is_none(
    world: World,
) -> None:
    start(
        world,
        channel(world.one.url, "narrow", concurrency=1, queue=0),
        channel(world.two.url, "wide", priority=1, rpm=1, queue=0),
    )
    gate = Gate()
    head, *rest = plays.message("pong")
    assert isinstance(head, Head)
    world.one.script((head, Wait(gate), *rest))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(world.ask)
        gate.wait_reached()
        assert world.ask()[2]["ah-channel"] == "wide"
        status, message, headers = world.ask()
        gate.open()
        assert first.result()[0] == 200
    assert status == 429
    assert "channel 'narrow' is at capacity (1 of 1 requests at once; none may wait)" in message
    assert "channel 'wide' is at capacity (1 of 1 requests in a minute; none may wait)" in message
    assert 1 <= int(headers["retry-after"]) <= 59
    assert world.ask()[2]["ah-channel"] == "narrow"


def test_requests_wait_for_a_place_in_the_only_channel(world: World) -> None:
    start(world, channel(world.one.url, concurrency=1))
    gate = Gate()
    head, *rest = plays.message("pong")
    world.one.script((head, Wait(gate), *rest))
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(world.ask) for _ in range(4)]
        gate.wait_reached()
        gate.open()
        assert [one.result()[0] for one in asked] == [200] * 4
