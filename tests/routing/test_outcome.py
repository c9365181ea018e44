"""How an attempt ended, and what that says of its channel."""

from __future__ import annotations

import pytest

from axonhub_cli.config.schema import Channel
from axonhub_cli.errors import (
    UpstreamError,
    UpstreamGarbled,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.outcome import Outcome, blame_of, cause
from axonhub_cli.routing.policy import Blame, classify

CANDIDATE = Candidate(Channel(name="a", type="echo"), "m", "anthropic", "echo:")


def status(number: int) -> UpstreamStatus:
    return UpstreamStatus(number, [], b"{}", message=f"it answered {number}")


def ended(error: UpstreamError, spares: int = 0) -> Outcome:
    return Outcome(CANDIDATE, error, classify(error).kind, spares)


TABLE: dict[Blame, list[UpstreamError]] = {
    "nothing": [status(n) for n in (400, 409, 413, 422)],
    "something": [
        *(status(n) for n in (404, 408, 500, 501, 502, 504, 520)),
        UpstreamUnreachable("reset", dropped=True),
        UpstreamGarbled("a web page"),
        UpstreamGarbled("half an answer", what="broken"),
    ],
    "enough": [
        *(status(n) for n in (401, 402, 403, 429, 503, 529)),
        UpstreamUnreachable("refused"),
        UpstreamTimeout("silent"),
    ],
}


@pytest.mark.parametrize(
    ("said", "error"),
    [(said, error) for said, errors in TABLE.items() for error in errors],
    ids=str,
)
def test_each_failure_says_its_part(said: Blame, error: UpstreamError) -> None:
    assert blame_of(ended(error)) == said


@pytest.mark.parametrize(("number", "said"), [(429, "nothing"), (401, "nothing"), (529, "enough")])
def test_one_token_says_nothing_of_a_channel_that_has_others(number: int, said: Blame) -> None:
    assert blame_of(ended(status(number), spares=1)) == said


def test_an_attempt_of_which_nothing_else_is_said_was_answered_in_full() -> None:
    outcome = Outcome(CANDIDATE)
    assert (outcome.error, outcome.left, outcome.headers) == (None, False, ())
    assert blame_of(outcome) == "nothing"


def test_the_cause_is_told_in_a_few_words() -> None:
    assert cause(status(529)) == "529"
    assert cause(UpstreamTimeout("no event came within 180 s")) == "no event came within 180 s"
    assert len(cause(UpstreamGarbled("x" * 1000))) == 80
