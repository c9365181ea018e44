"""What each outcome does to the channel and to its token."""

from __future__ import annotations

import asyncio

import pytest

from axonhub_cli.config.schema import Channel, Config
from axonhub_cli.config.secrets import Secret
from axonhub_cli.errors import UpstreamError, UpstreamStatus, UpstreamTimeout
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.reporting import report
from axonhub_cli.proxy.services import Services
from axonhub_cli.proxy.snapshot import Token
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.decision import Decision, Question, decide
from axonhub_cli.routing.outcome import Outcome
from axonhub_cli.routing.policy import classify
from axonhub_cli.routing.pools import Pools
from axonhub_cli.routing.state import RoutingState
from axonhub_cli.tracing.recorder import AttemptRecord
from tests.proxy.test_call import call as call_of
from tests.support.stage import new_services

CANDIDATE = Candidate(Channel(name="a", type="echo"), "m", "anthropic", "echo:")
TOKEN = Token("1", Secret("token-1"), "command:x")
NOW = 1_800_000_000.0
OPERATIONS = {"generate": 0, "count_tokens": 1}


def status(number: int, *headers: tuple[bytes, bytes]) -> UpstreamStatus:
    return UpstreamStatus(number, list(headers), b"{}", message=f"it answered {number}")


def decision(session: str | None = None) -> Decision:
    pools = Pools(Config(channels=(CANDIDATE.channel,)))
    return decide(Question("m", "anthropic", "lot", session=session), pools, RoutingState(), NOW)


def rests_after(
    error: UpstreamError | None, *, operation: str = "generate", left: bool = False
) -> tuple[float, list[str]]:
    """How long channel `a` rests then, and which secrets were told to be refused."""
    refused: list[str] = []

    async def story() -> float:
        services = new_services(now=lambda: NOW, refused=refused.append)
        kind = None if error is None else classify(error, retry_after=None).kind
        outcome = Outcome(CANDIDATE, error, kind, left=left)
        attempt = AttemptRecord("a", "m", "anthropic")
        with services.routing.health.begin("a", "m", NOW) as visit:
            report(services, _call(operation), outcome, TOKEN, attempt, decision(), visit)
        return services.routing.health.wait("a", NOW)[1]

    return asyncio.run(story()), refused


def _call(operation: str) -> ClientCall:
    route = OPERATIONS[operation]
    assert PROTOCOLS["anthropic"].routes[route].operation == operation
    return call_of(b'{"model": "m"}', route)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (None, 0.0),
        (status(400), 0.0),
        (status(529), 15.0),
        (status(429, (b"retry-after", b"40")), 40.0),
        (UpstreamTimeout("silent"), 15.0),
    ],
    ids=["answered", "400", "529", "429", "timeout"],
)
def test_a_failure_of_the_channel_lets_it_rest(error: UpstreamError | None, seconds: float) -> None:
    assert rests_after(error) == (seconds, [])


def test_a_count_of_tokens_trips_nothing() -> None:
    assert rests_after(status(529), operation="count_tokens") == (0.0, [])


def test_a_client_that_left_is_nobodys_fault() -> None:
    assert rests_after(None, left=True) == (0.0, [])


def test_whoever_keeps_a_refused_secret_is_told() -> None:
    assert rests_after(status(401)) == (15.0, ["command:x"])


@pytest.mark.parametrize(
    ("outcome", "warm"),
    [
        (Outcome(CANDIDATE), True),
        (Outcome(CANDIDATE, left=True, first_event_ms=5.0), True),
        (Outcome(CANDIDATE, left=True), False),
        (Outcome(CANDIDATE, error=status(529)), False),
    ],
    ids=["answered", "left in the middle", "left before", "failed"],
)
def test_a_session_belongs_where_its_answer_began(outcome: Outcome, warm: bool) -> None:
    async def story() -> str | None:
        services = new_services(now=lambda: NOW)
        attempt = AttemptRecord("a", "m", "anthropic")
        with services.routing.health.begin("a", "m", NOW) as visit:
            report(services, _call("generate"), outcome, None, attempt, decision("s"), visit)
        return services.routing.affinity.channel_of("s", "m", NOW)

    assert asyncio.run(story()) == ("a" if warm else None)


def test_how_fast_it_answered_is_remembered() -> None:
    async def story() -> float | None:
        services = new_services(now=lambda: NOW)
        outcome = Outcome(CANDIDATE, first_event_ms=120.0)
        attempt = AttemptRecord("a", "m", "anthropic")
        with services.routing.health.begin("a", "m", NOW) as visit:
            report(services, _call("generate"), outcome, None, attempt, decision(), visit)
        standing = services.routing.health.standing("a", "m")
        assert standing is not None
        return standing.first_event_ms(NOW)

    assert asyncio.run(story()) == 120.0


PLAN = (
    (b"anthropic-ratelimit-unified-status", b"rejected"),
    (b"anthropic-ratelimit-unified-reset", str(int(NOW + 500)).encode()),
)


async def _tell(services: Services, outcome: Outcome, operation: str = "generate") -> None:
    attempt = AttemptRecord("a", "m", "anthropic")
    with services.routing.health.begin("a", "m", NOW) as visit:
        report(services, _call(operation), outcome, TOKEN, attempt, decision(), visit)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (status(401), 600.0),
        (status(429, (b"retry-after", b"40")), 40.0),
        (UpstreamStatus(400, [], b'{"error":{"type":"insufficient_quota"}}', message="?"), 3600.0),
        (status(529), 0.0),
        (UpstreamTimeout("silent"), 0.0),
    ],
    ids=["401", "429", "balance", "529", "timeout"],
)
def test_what_is_the_tokens_fault_puts_it_aside_and_an_answer_takes_it_back(
    error: UpstreamError, seconds: float
) -> None:
    async def story() -> list[float]:
        services, waits = new_services(now=lambda: NOW), []
        asked = 40.0 if seconds == 40.0 else None
        kind = classify(error, retry_after=asked).kind
        for outcome in (
            Outcome(CANDIDATE, error, kind),
            Outcome(CANDIDATE, error, kind, left=True),
            Outcome(CANDIDATE, "1", left=True),
            Outcome(CANDIDATE, "1"),
        ):
            await _tell(services, outcome)
            waits.append(services.tokens.wait("a", TOKEN, "m", NOW))
        return waits

    assert asyncio.run(story()) == [seconds, seconds, seconds, 0.0]


def test_an_exhausted_account_is_put_aside_by_what_its_answer_says() -> None:
    async def story() -> tuple[float | None, float]:
        services = new_services(now=lambda: NOW)
        await _tell(services, Outcome(CANDIDATE, "1", headers=PLAN))
        left = services.allowances.quota("a", TOKEN, NOW)
        return left, services.tokens.wait("a", TOKEN, "another", NOW)

    assert asyncio.run(story()) == (0.0, 500.0)


def test_a_count_of_tokens_says_nothing_of_the_token() -> None:
    async def story() -> int:
        services = new_services(now=lambda: NOW)
        failed = Outcome(CANDIDATE, "1", status(401), "401", headers=PLAN)
        await _tell(services, failed, "count_tokens")
        return len(services.tokens) + len(services.allowances)

    assert asyncio.run(story()) == 0
