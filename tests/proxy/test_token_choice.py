"""A session's token, and how many others a request may still try."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from axonhub_cli.config.schema import Channel, Config
from axonhub_cli.config.secrets import Secret
from axonhub_cli.proxy.services import Services
from axonhub_cli.proxy.snapshot import Snapshot, Token
from axonhub_cli.proxy.token_choice import TokenChoice
from axonhub_cli.routing.candidates import Candidate
from tests.support.stage import new_services

CANDIDATE = Candidate(Channel(name="main", type="anthropic"), "m", "anthropic", "https://a")
NOW = 1_800_000_000.0


async def _services() -> Services:
    return new_services(now=lambda: NOW)


def choice(*labels: str, session: str = "s", services: Services | None = None) -> TokenChoice:
    tokens = tuple(Token(label, Secret(f"value of {label}")) for label in labels)
    snapshot = Snapshot(config=Config(), tokens={"main": tokens} if labels else {})
    return TokenChoice(services or asyncio.run(_services()), snapshot, session)


def label(session: str, *labels: str, services: Services | None = None) -> str | None:
    token = choice(*labels, session=session, services=services).choose(CANDIDATE)
    return token.label if token is not None else None


def test_a_channel_may_have_no_token_or_one() -> None:
    assert label("s") is None
    assert label("s", "only") == "only"


def test_sessions_are_shared_equally_among_tokens() -> None:
    services = asyncio.run(_services())
    counts = Counter(label(f"s-{n}", "a", "b", "c", services=services) for n in range(3000))
    assert all(count == pytest.approx(1000, abs=100) for count in counts.values())
    assert len(counts) == 3


def test_a_session_keeps_its_token_when_another_comes_or_goes() -> None:
    services = asyncio.run(_services())
    for number in range(300):
        session = f"session-{number}"
        before = label(session, "a", "b", services=services)
        assert label(session, "b", "a", services=services) == before
        assert label(session, "c", "b", "a", services=services) in (before, "c")


def test_one_that_failed_in_this_request_is_not_chosen_again_while_there_are_others() -> None:
    found = choice("a", "b")
    first, second = found.choose(CANDIDATE), None
    assert first is not None
    assert found.left(CANDIDATE, first.label) == 1
    found.failed(CANDIDATE, first.label)
    second = found.choose(CANDIDATE)
    assert second is not None
    assert {first.label, second.label} == {"a", "b"}
    assert found.left(CANDIDATE, second.label, last=True) == 0


def test_one_that_is_aside_is_worth_trying_in_the_last_channel_only() -> None:
    services = asyncio.run(_services())
    services.tokens.failed("main", Token("b", Secret("value of b")), "m", "401", NOW)
    found = choice("a", "b", services=services)
    chosen = found.choose(CANDIDATE)
    assert chosen is not None
    assert chosen.label == "a"
    assert found.left(CANDIDATE, "a") == 0
    assert found.left(CANDIDATE, "a", last=True) == 1


def test_a_channel_with_one_token_has_no_other() -> None:
    assert choice("a").left(CANDIDATE, "a", last=True) == 0
    assert choice().left(CANDIDATE, None, last=True) == 0
