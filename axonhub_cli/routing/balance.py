"""The order in which candidates are tried.

Priority groups first. Inside a group a weighted rendezvous hash of the session key: each session
has its own fixed order of channels, shares follow the weights, a restart changes nothing, and a
channel that comes or goes moves only its own sessions (so prompt caches stay warm).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable

from axonhub_cli.routing.candidates import Candidate

# As many bits as leave the half exact: the quotient below is never 1, its logarithm never 0.
_BITS = 52


def order(
    candidates: Iterable[Candidate],
    *,
    session_key: str,
    resting: Callable[[Candidate], bool],
) -> list[Candidate]:
    """Sort by rest, priority, protocol and hash. A resting candidate goes last but is never
    refused; one that needs no conversion goes before those that do, for nothing is lost in it."""
    return sorted(
        candidates,
        key=lambda c: (
            resting(c),
            c.channel.priority,
            not c.native,
            -rendezvous_score(session_key, c.channel.name, c.channel.weight),
        ),
    )


def order_names(names: Iterable[str], *, session_key: str) -> list[str]:
    """Equal shares: the same hash for a channel's tokens."""
    return sorted(names, key=lambda name: -rendezvous_score(session_key, name, 1))


def rendezvous_score(session_key: str, name: str, weight: int) -> float:
    """Higher wins; over many sessions `name` wins in proportion to `weight`."""
    digest = hashlib.blake2b(f"{session_key}\x00{name}".encode(), digest_size=8).digest()
    return weigh(int.from_bytes(digest, "big"), weight)


def weigh(number: int, weight: int) -> float:
    """A hash of 64 bits as a score: of several, each is the highest in proportion to its weight."""
    uniform = ((number >> (64 - _BITS)) + 0.5) / (1 << _BITS)
    return -weight / math.log(uniform)
