"""The loop over attempts: who is asked, with what, and what is kept of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from axonhub_cli.proxy.admission import ChannelPlaces
from tests.proxy.test_admission import asking
from tests.support import plays
from tests.support.plays import default_answer
from tests.support.stage import STREAMED, Told, ask, endpoint, new_services, snapshot_of
from tests.support.upstream import Close, Upstream


@pytest.fixture
def second() -> Iterator[Upstream]:
    server = Upstream(default_answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_the_head_of_a_good_answer_is_kept_for_who_reads_limits_from_it(upstream: Upstream) -> None:
    limit = ("anthropic-ratelimit-requests-remaining", "7")
    upstream.script(plays.body(200, b"{}", plays.JSON, limit))
    told = asyncio.run(ask(snapshot_of(endpoint("a", upstream.url))))
    assert (limit[0].encode(), b"7") in told.record.attempts[0].answer_headers


def test_a_break_after_the_commit_is_an_error_event_and_a_failure_of_the_channel(
    upstream: Upstream,
) -> None:
    pieces = plays.as_events(plays.text("x"))
    upstream.script(plays.truncated(pieces, len(b"".join(pieces[:3])), how=Close()))

    async def story() -> tuple[bytes, int]:
        services = new_services()
        told = await ask(snapshot_of(endpoint("a", upstream.url)), STREAMED, services=services)
        assert (told.record.status, told.record.error_kind) == ("failed", "broken")
        assert told.record.attempts[0].error_kind == "broken"
        await services.upstreams.aclose()
        standing = services.routing.health.standing("a", "claude-sonnet-4-5")
        assert standing is not None
        return told.body, standing.breaker.failures

    body, failures = asyncio.run(story())
    assert body.count(b"event: error") == 1
    assert failures == 1


def test_what_was_answered_in_the_end_has_no_kind_of_error_but_its_failed_attempt_has(
    upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.overloaded())
    channels = endpoint("a", upstream.url), endpoint("b", second.url, priority=1)
    record = asyncio.run(ask(snapshot_of(*channels))).record
    assert (record.status, record.error_kind) == ("completed", None)
    assert [attempt.error_kind for attempt in record.attempts] == ["529", None]


def test_a_token_that_is_refused_while_one_waits_for_a_place_is_not_used(
    upstream: Upstream,
) -> None:
    snapshot = snapshot_of(endpoint("a", upstream.url, tokens=("env:A", "env:B"), concurrency=1))
    tokens = {token.label: token for token in snapshot.tokens["a"]}

    async def story() -> tuple[str | None, str | None]:
        places = ChannelPlaces(asyncio.get_running_loop().time)
        services = new_services(admission=places)
        first = await ask(snapshot, services=services)
        label = first.record.attempts[0].label
        assert label is not None
        async with asyncio.TaskGroup() as group:
            async with places.place(asking(snapshot.config.channels[0])):
                waiting = group.create_task(ask(snapshot, services=services))
                while not places.used()["a"][3]:
                    await asyncio.sleep(0)
                token, now = tokens[label], services.now()
                services.tokens.failed("a", token, "claude-sonnet-4-5", "401", now)
        told = waiting.result()
        await services.upstreams.aclose()
        return label, told.record.attempts[0].label

    before, after = asyncio.run(story())
    assert {before, after} == {"1", "2"}


def test_a_busy_channel_that_was_passed_over_for_another_is_asked_when_that_one_fails(
    upstream: Upstream, second: Upstream
) -> None:
    second.script(plays.error(401, "authentication_error", "x"))
    snapshot = snapshot_of(
        endpoint("a", upstream.url, concurrency=1), endpoint("b", second.url, priority=1)
    )

    async def story() -> Told:
        places, refused = ChannelPlaces(asyncio.get_running_loop().time), asyncio.Event()
        services = new_services(admission=places, refused=lambda reference: refused.set())
        async with asyncio.TaskGroup() as group:
            async with places.place(asking(snapshot.config.channels[0])):
                waiting = group.create_task(ask(snapshot, services=services))
                await refused.wait()
        await services.upstreams.aclose()
        return waiting.result()

    told = asyncio.run(story())
    assert told.status == 200
    assert told.channels == ["a", "b", "a"]
    assert (told.header("ah-attempts") or "").startswith("a: busy, b: 401, a")


def test_whoever_is_told_of_a_failure_cannot_leave_it_in_flight(upstream: Upstream) -> None:
    upstream.script(plays.error(401, "authentication_error", "x"))

    def refused(reference: str) -> None:
        raise RuntimeError(reference)

    async def story() -> int:
        services = new_services(refused=refused)
        with pytest.raises(RuntimeError):
            await ask(snapshot_of(endpoint("a", upstream.url)), services=services)
        await services.upstreams.aclose()
        standing = services.routing.health.standing("a", "claude-sonnet-4-5")
        assert standing is not None
        return standing.in_flight

    assert asyncio.run(story()) == 0
