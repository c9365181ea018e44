"""The loop over attempts: who is asked, with what, and what is kept of the answer."""

from __future__ import annotations

import asyncio

from tests.support import plays
from tests.support.stage import STREAMED, ask, endpoint, new_services, snapshot_of
from tests.support.upstream import Close, Upstream


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
        await services.upstreams.aclose()
        standing = services.routing.health.standing("a", "claude-sonnet-4-5")
        assert standing is not None
        return told.body, standing.breaker.failures

    body, failures = asyncio.run(story())
    assert body.count(b"event: error") == 1
    assert failures == 1
