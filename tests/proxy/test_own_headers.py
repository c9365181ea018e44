"""The `AH-*` headers say in short how an answer came about."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from axonhub_cli.config.schema import Mapping, Profile, Routing
from tests.support import plays
from tests.support.plays import default_answer
from tests.support.stage import STREAMED, ask, endpoint, new_services, snapshot_of
from tests.support.upstream import Upstream


@pytest.fixture
def second() -> Iterator[Upstream]:
    server = Upstream(default_answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_one_channel_one_attempt_needs_few_words(upstream: Upstream) -> None:
    told = asyncio.run(ask(snapshot_of(endpoint("a", upstream.url))))
    assert told.header("ah-attempts") == "a"
    assert told.header("ah-channel") == "a"
    assert told.header("ah-rule") is None
    assert told.header("ah-candidates") is None


def test_the_rule_the_candidates_and_each_attempt_are_named(
    upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.overloaded())
    rule = Mapping("claude-sonnet-.*", "claude-haiku-4-5")
    told = asyncio.run(
        ask(
            snapshot_of(endpoint("a", upstream.url), endpoint("b", second.url, priority=1)),
            STREAMED,
            profile=Profile("default", (rule,)),
        )
    )
    assert told.header("ah-rule") == "claude-sonnet-.* -> claude-haiku-4-5"
    assert told.header("ah-upstream-model") == "claude-haiku-4-5"
    assert told.header("ah-candidates") == "a 100, b 100"
    assert told.header("ah-attempts") == "a: 529, b"


def test_what_was_waited_for_is_said_with_the_attempt(upstream: Upstream) -> None:
    upstream.script(plays.error(500, "api_error", "x"))

    async def story() -> str | None:
        async def sleep(seconds: float) -> None:
            return None

        services = new_services(sleep=sleep, draw=lambda: 0.5)
        snapshot = snapshot_of(
            endpoint("a", upstream.url), routing=Routing(retries=1, retry_delay="500ms")
        )
        told = await ask(snapshot, services=services)
        await services.upstreams.aclose()
        return told.header("ah-attempts")

    assert asyncio.run(story()) == "a: 5xx, a +500ms"


def test_an_answer_that_nobody_gave_names_every_attempt(
    upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.overloaded())
    second.script(plays.rate_limited())
    told = asyncio.run(
        ask(snapshot_of(endpoint("a", upstream.url), endpoint("b", second.url, priority=1)))
    )
    assert told.status in (429, 529)
    assert told.header("ah-attempts") == "a: 529, b: 429"


def test_many_candidates_are_not_all_named(upstream: Upstream) -> None:
    channels = [endpoint(f"c{n}", upstream.url) for n in range(20)]
    named = asyncio.run(ask(snapshot_of(*channels))).header("ah-candidates")
    assert named is not None
    assert named.count("c") == 8
    assert named.endswith(", ...")


def test_of_many_attempts_the_last_are_named(upstream: Upstream) -> None:
    upstream.script(*[plays.overloaded() for _ in range(20)])
    channels = [endpoint(f"c{n}", upstream.url) for n in range(20)]
    named = asyncio.run(ask(snapshot_of(*channels))).header("ah-attempts")
    assert named is not None
    assert named.startswith("4 more, c")
    assert named.count(": 529") == 16


def test_of_a_failed_request_the_channel_is_named_whose_answer_the_client_gets(
    upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.error(429, "rate_limit_error", "slowly"))
    second.script(plays.error(404, "not_found_error", "no such model"))
    told = asyncio.run(
        ask(snapshot_of(endpoint("a", upstream.url), endpoint("b", second.url, priority=1)))
    )
    assert (told.status, told.header("ah-channel")) == (429, "a")
    assert told.header("ah-attempts") == "a: 429, b: 404"
