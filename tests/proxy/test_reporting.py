"""What each outcome does to the channel and to its token."""

from __future__ import annotations

import asyncio

import pytest

from axonhub_cli.config.schema import Channel
from axonhub_cli.config.secrets import Secret
from axonhub_cli.errors import UpstreamError, UpstreamStatus, UpstreamTimeout
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.reporting import report
from axonhub_cli.proxy.snapshot import Token
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.outcome import Outcome
from axonhub_cli.tracing.recorder import AttemptRecord
from tests.proxy.test_call import call as call_of
from tests.support.stage import new_services

CANDIDATE = Candidate(Channel(name="a", type="echo"), "m", "anthropic", "echo:")
TOKEN = Token("1", Secret("token-1"), "command:x")
OPERATIONS = {"generate": 0, "count_tokens": 1}


def status(number: int, *headers: tuple[bytes, bytes]) -> UpstreamStatus:
    return UpstreamStatus(number, list(headers), b"{}", message=f"it answered {number}")


def rests_after(
    error: UpstreamError | None, *, operation: str = "generate", left: bool = False
) -> tuple[float, list[str]]:
    """How long channel `a` rests then, and which secrets were told to be refused."""
    refused: list[str] = []

    async def story() -> float:
        services = new_services(clock=lambda: 100.0, refused=refused.append)
        outcome = Outcome(CANDIDATE, "1", error, left=left)
        report(services, _call(operation), outcome, TOKEN, AttemptRecord("a", "m", "anthropic"))
        return services.resting.left("a", now=100.0)

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
