"""How one attempt ended: what breakers, tokens and limits are told after each."""

from __future__ import annotations

from msgspec import Struct

from axonhub_cli.errors import UpstreamError
from axonhub_cli.routing.candidates import Candidate


class Outcome(Struct, frozen=True):
    """One attempt, told once, when it is over. Failures after the commit count too."""

    candidate: Candidate
    token: str | None = None
    """Label of the token that was used; None: the channel has none."""
    error: UpstreamError | None = None
    """None: it answered, as far as the client let it."""
    status: int | None = None
    """Of the answer's head; None: no head came."""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Of the answer's head, good or bad, as they came."""
    first_event_ms: float | None = None
    """From the sending to the first content of a stream."""
    ms: float = 0.0
    """From the sending to the end."""
    stream: bool = False
    left: bool = False
    """The client went away, or the daemon stopped, before the end: nobody's fault."""
