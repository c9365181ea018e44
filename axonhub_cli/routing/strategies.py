"""How the candidates of one priority group are ordered: a key for each strategy, lowest first.

| strategy      | first is                                                                |
|---------------|--------------------------------------------------------------------------|
| `adaptive`    | drawn by lot in proportion to the scores; without conversion before with |
| `failover`    | the first one named in the profile's `channels`, else in the file        |
| `round-robin` | whose turn it is, by weight; without conversion before with              |
| `least-cost`  | the cheapest one; those of unknown price last                            |
| `fastest`     | whose first events come soonest; one not measured lately is tried        |

Equal ones are drawn by score. A session's lots are a hash of its id, so that it always draws the
same ones (`lots`); a request without a session draws anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from axonhub_cli.config.schema import Strategy
from axonhub_cli.routing.breaker import State
from axonhub_cli.routing.candidates import Candidate

Key = Callable[["Row"], tuple[Any, ...]]


class Row(Struct, gc=False):
    """A candidate with all that its place depends on."""

    candidate: Candidate
    channel: str
    weight: float
    position: int
    spare: bool
    score: float
    lot: float = 1.0
    tier: int = 0
    headroom: float | None = None
    quota: float | None = None
    in_flight: int = 0
    first_event_ms: float | None = None
    failures: int = 0
    state: State = "closed"
    wait: float = 0.0
    """Seconds until it may be tried again."""
    probed: bool = False
    """A probe is under way."""
    cause: str | None = None
    price: float | None = None
    turn: float | None = None
    by_health: float = 1.0
    by_latency: float = 1.0
    by_load: float = 1.0
    by_headroom: float = 1.0
    by_quota: float = 1.0


def _adaptive(row: Row) -> tuple[Any, ...]:
    return not row.candidate.native, -row.score * row.lot


def _by_weight(row: Row) -> tuple[Any, ...]:
    return not row.candidate.native, -row.weight * row.lot


def _failover(row: Row) -> tuple[Any, ...]:
    return (row.position,)


def _round_robin(row: Row) -> tuple[Any, ...]:
    if row.turn is None:
        return _by_weight(row)
    return not row.candidate.native, row.turn, row.position


def _least_cost(row: Row) -> tuple[Any, ...]:
    return row.price is None, row.price or 0.0, *_adaptive(row)


def _cheapest(row: Row) -> tuple[Any, ...]:
    return row.price is None, row.price or 0.0, *_by_weight(row)


def _fastest(row: Row) -> tuple[Any, ...]:
    return row.first_event_ms or 0.0, *_adaptive(row)


KEYS: dict[Strategy, Key] = {
    "adaptive": _adaptive,
    "failover": _failover,
    "round-robin": _round_robin,
    "least-cost": _least_cost,
    "fastest": _fastest,
}

HOMES: dict[Strategy, Key] = {
    "adaptive": _by_weight,
    "failover": _failover,
    "round-robin": _by_weight,
    "least-cost": _cheapest,
    "fastest": _fastest,
}
"""The same with what changes from hour to hour left out: a session's first choice."""
