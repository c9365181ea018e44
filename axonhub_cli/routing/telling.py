"""Of several failures, the one that the client is told of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from axonhub_cli.errors import UpstreamError, UpstreamStatus
from axonhub_cli.routing.policy import Kind

CREDENTIAL_STATUSES = frozenset({401, 403})

# What the request is to blame for: no other failure tells a client as much.
_AT_FAULT = frozenset({"request", "signature", "prompt_too_long", "413"})

# Of different answers, the one that helps a client most, best first.
_TELLING: tuple[frozenset[int], ...] = (
    frozenset({429}),
    frozenset({529, 503}),
    frozenset({401, 403}),
    frozenset({404}),
    frozenset({501}),
)


class Failure(Struct, frozen=True):
    """One failed attempt: the channel's name, what happened, and of which kind that is."""

    channel: str
    error: UpstreamError
    kind: Kind = "garbled"


def most_telling(failures: Sequence[Failure]) -> UpstreamStatus | None:
    """The answer that the client gets; None: it was none, or none of them helps.

    When all fail alike, or only one channel was asked, it is that answer itself.
    """
    if not failures:
        return None
    last = failures[-1]
    if isinstance(last.error, UpstreamStatus) and (
        last.kind in _AT_FAULT or len({failure.channel for failure in failures}) == 1
    ):
        return last.error
    answers = [f.error for f in failures if isinstance(f.error, UpstreamStatus)]
    if len(answers) == len(failures) and len({answer.status for answer in answers}) == 1:
        return answers[-1]
    for statuses in _TELLING:
        for answer in reversed(answers):
            if answer.status in statuses:
                return answer
    return None


LASTING: frozenset[Kind] = frozenset({"401", "402", "403", "404", "501", "unsupported"})
"""What a person must mend: to ask again is of no use, however soon the breaker would let one."""

# Told to wait for longer than about a minute, Claude Code gives up at once.
_LONGEST_WAIT_S = 60.0
# Every channel has just failed: even one that is not avoided is better left alone for a moment.
_SHORTEST_WAIT_S = 5.0


def earlier_recovery(asked: float | None, waits: Mapping[str, float]) -> float | None:
    """Seconds to tell the client instead of an upstream's long Retry-After, where another channel
    may be asked before that; None: it stays. `waits`: channel to the seconds it is avoided for,
    without those whose failure is `LASTING`."""
    if asked is None or asked <= _LONGEST_WAIT_S or len(waits) < 2:
        return None
    soonest = max(_SHORTEST_WAIT_S, float(math.ceil(min(waits.values()))))
    return soonest if soonest < asked else None
