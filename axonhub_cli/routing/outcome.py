"""How one attempt ended: what breakers, tokens and limits are told after each."""

from __future__ import annotations

from msgspec import Struct

from axonhub_cli.errors import UpstreamError, UpstreamStatus
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.policy import ROWS, Blame, Kind


class Outcome(Struct, frozen=True):
    """One attempt, told once, when it is over. Failures after the commit count too."""

    candidate: Candidate
    error: UpstreamError | None = None
    """None: it answered, as far as the client let it."""
    kind: Kind | None = None
    """Which row of `policy.ROWS` the error is; None without one."""
    spares: int = 0
    """How many of the channel's tokens were not tried in this request."""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Of the answer's head, good or bad, as they came."""
    first_event_ms: float | None = None
    """From the sending to the first content of a stream."""
    left: bool = False
    """The client went away, or the daemon stopped, before the end: nobody's fault."""


def blame_of(outcome: Outcome) -> Blame:
    """What a failure says of its channel. One of a token says nothing while others are left."""
    if outcome.kind is None:
        return "nothing"
    row = ROWS[outcome.kind]
    return "nothing" if row.token and outcome.spares > 0 else row.blame


def cause(error: UpstreamError) -> str:
    """In a few words, for people: `529`, `no event came within 180 s`."""
    return str(error.status) if isinstance(error, UpstreamStatus) else error.message[:80]
