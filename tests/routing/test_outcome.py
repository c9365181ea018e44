"""The record of how an attempt ended."""

from __future__ import annotations

from axonhub_cli.config.schema import Channel
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.outcome import Outcome


def test_an_attempt_of_which_nothing_else_is_said_was_answered_in_full() -> None:
    candidate = Candidate(Channel(name="a", type="echo"), "m", "anthropic", "echo:")
    outcome = Outcome(candidate)
    assert (outcome.error, outcome.left, outcome.headers) == (None, False, ())
