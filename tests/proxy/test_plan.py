"""The decision for one request, and what the trace is told of it."""

from __future__ import annotations

import asyncio

import pytest

from axonhub_cli.config.schema import Mapping, Profile
from axonhub_cli.errors import NoCandidate
from tests.support.stage import ask, endpoint, snapshot_of
from tests.support.upstream import Upstream


def test_the_rule_the_order_and_the_rejected_are_noted(upstream: Upstream) -> None:
    rule = Mapping("claude-sonnet-.*", "claude-haiku-4-5")
    channels = (
        endpoint("late", upstream.url, priority=1),
        endpoint("first", upstream.url),
        endpoint("off", upstream.url, enabled=False),
    )
    told = asyncio.run(ask(snapshot_of(*channels), profile=Profile("default", (rule,))))
    decision = told.record.routed()
    assert decision["rule"] == "claude-sonnet-.* → claude-haiku-4-5"
    assert [c["channel"] for c in decision["candidates"]] == ["first", "late"]
    assert {c["model"] for c in decision["candidates"]} == {"claude-haiku-4-5"}
    assert [(r["channel"], r["reason"]) for r in decision["rejected"]] == [("off", "is disabled")]


def test_without_a_candidate_the_reason_is_said() -> None:
    channels = (endpoint("off", "http://127.0.0.1:9", enabled=False),)
    with pytest.raises(NoCandidate, match="off is disabled"):
        asyncio.run(ask(snapshot_of(*channels)))
