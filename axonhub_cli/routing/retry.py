"""What follows a failed attempt, and which failure the client is told of. Pure tables.

A status moves to the next channel when another one may do better: the channel's own trouble
(credential, balance, model, load, fault). A request that is itself at fault (400, 413, 422) goes
back at once: no other channel would accept it.
"""

from __future__ import annotations

from typing import Literal

from axonhub_cli.errors import UpstreamError, UpstreamStatus, UpstreamUnreachable

Decision = Literal["repeat", "next", "give_up"]

FAILOVER_STATUSES = frozenset({401, 402, 403, 404, 408, 409, 429})
CREDENTIAL_STATUSES = frozenset({401, 403})

# Of several different failures, the one that helps a client most, best first.
_TELLING: tuple[frozenset[int], ...] = (
    frozenset({429}),
    frozenset({529, 503}),
    frozenset({401, 403}),
    frozenset({404}),
    frozenset({501}),
)


def decide(error: UpstreamError, *, repeated: bool, last: bool) -> Decision:
    """`repeated`: this candidate has had its repetition. `last`: none is left after it."""
    if isinstance(error, UpstreamUnreachable) and error.dropped and not repeated:
        # A kept-alive connection that the upstream had closed: nothing was answered, ask again.
        return "repeat"
    if last or not fails_over(error):
        return "give_up"
    return "next"


def fails_over(error: UpstreamError) -> bool:
    if isinstance(error, UpstreamStatus):
        return error.status in FAILOVER_STATUSES or error.status >= 500
    return True


def rests(error: UpstreamError) -> bool:
    """Should the channel be tried last for a while?"""
    if isinstance(error, UpstreamStatus):
        return error.status in (401, 402, 403, 429) or error.status >= 500
    return True


def most_telling(failures: list[UpstreamError]) -> UpstreamError | None:
    """The failure whose answer the client gets; None when none of them is an answer.

    When all fail alike, or there is one, it is that answer itself.
    """
    answers = [f for f in failures if isinstance(f, UpstreamStatus)]
    if answers and answers[-1] is failures[-1] and not fails_over(answers[-1]):
        # The request itself is at fault: that no other channel would mend.
        return answers[-1]
    if len(answers) == len(failures) and len({a.status for a in answers}) == 1:
        return answers[-1]
    for statuses in _TELLING:
        for answer in reversed(answers):
            if answer.status in statuses:
                return answer
    return None
