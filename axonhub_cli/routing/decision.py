"""The decision on one request, as one record: rule, candidates in order with scores, rejections.

The same record is followed by the proxy, kept with the trace and shown by `axonhub explain`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec import Struct

from axonhub_cli.config.schema import Profile, Strategy
from axonhub_cli.routing.balance import AVOIDED, Ranking, Sources, View, rank
from axonhub_cli.routing.candidates import Candidate, Found
from axonhub_cli.routing.conditions import NO_TRAITS, Traits
from axonhub_cli.routing.mapping import Resolved
from axonhub_cli.routing.pools import DENIED, Pools
from axonhub_cli.routing.scope import allows
from axonhub_cli.routing.state import RoutingState
from axonhub_cli.routing.strategies import Row

_FACTORS = ("health", "latency", "load", "headroom", "quota")


class Question(Struct, frozen=True):
    """What routing has to know of a request."""

    model: str
    """As the client wrote it."""
    protocol: str
    lot: str | None
    """Unique to the request; None: see `balance.View`."""
    profile: Profile | None = None
    session: str | None = None
    """The session it belongs to, if it does."""
    convertible: Collection[str] = ()
    """The protocols it may be converted to."""
    traits: Traits = NO_TRAITS
    """At least those that `Pools.asked` names."""


class Decision(Struct, frozen=True):
    """Who is to be asked, in which order, and why."""

    model: str
    """To be looked for among the channels' models."""
    rule: str | None
    """Of the profile; None: no rule matched."""
    strategy: Strategy
    session: str | None
    """None where affinity is off, or there is no session."""
    stays: str | None
    """The channel that holds the session's prompt cache."""
    ranking: Ranking
    found: Found

    @property
    def candidates(self) -> list[Candidate]:
        """In the order in which they are to be tried."""
        return [row.candidate for row in self.ranking.rows]

    def answered(self, state: RoutingState, channel: str, now: float) -> None:
        """To be called when `channel` has answered: the session's prompt cache is there now."""
        if self.session is not None:
            moved = channel != self.ranking.home
            state.affinity.answered(self.session, self.model, channel, now, moved=moved)

    def as_json(self) -> dict[str, Any]:
        """The record as it is kept with a trace (`request show --json`, `explain --json`)."""
        return {
            "rule": self.rule,
            "model": self.model,
            "strategy": self.strategy,
            "affinity": {"first_choice": self.ranking.home, "stays": self.stays}
            if self.session is not None
            else None,
            "candidates": [
                _row_json(row, position == 0 and row.channel == self.stays)
                for position, row in enumerate(self.ranking.rows)
            ],
            "rejected": [
                {"channel": rejection.channel, "reason": rejection.reason}
                for rejection in self.found.rejected
            ],
        }


def decide(
    question: Question,
    pools: Pools,
    state: RoutingState,
    now: float,
    sources: Sources = Sources(),
) -> Decision:
    """Decide. Changes nothing: whoever follows the decision reports to `state` what became of it.

    Without any candidate, `candidates.refuse` says why.
    """
    profile = question.profile
    if allows(profile, question.model):
        resolved = pools.resolve(profile, question.model, question.traits)
        pool = pools.find(
            profile, resolved.model, question.protocol, question.convertible, question.traits
        )
    else:
        resolved, pool = Resolved(question.model), DENIED
    session = question.session if pools.has_affinity(profile) else None
    stays = None
    if session is not None:
        stays = state.affinity.channel_of(session, resolved.model, now)
    view = View(
        state.health,
        state.turns,
        now,
        (profile.name if profile is not None else None, resolved.model),
        session,
        question.lot,
        stays,
        sources,
    )
    strategy = pools.strategy(profile)
    ranking = rank(pool.members, strategy, view)
    return Decision(resolved.model, resolved.rule, strategy, session, stays, ranking, pool.found)


def take_turn(decision: Decision, state: RoutingState, profile: Profile | None) -> None:
    """The decision is followed: under `round-robin` it is the next one's turn afterwards."""
    rows = decision.ranking.rows
    if rows and rows[0].turn is not None:
        group = (profile.name if profile is not None else None, decision.model)
        waiting = [row.channel for row in rows]
        state.turns.take(group, rows[0].channel, rows[0].weight, waiting)


def _row_json(row: Row, stays: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "channel": row.channel,
        "model": row.candidate.upstream_model,
        "protocol": row.candidate.protocol,
        "priority": row.candidate.channel.priority,
        "score": round(row.score, 2),
        "weight": row.weight if not row.spare else 0.0,
        **{
            name: round(value, 3)
            for name in _FACTORS
            if (value := getattr(row, f"by_{name}")) != 1.0
        },
        "state": row.state,
    }
    facts = {
        "first_event_ms": row.first_event_ms and round(row.first_event_ms),
        "in_flight": row.in_flight,
        "failures": row.failures,
        "wait_s": round(row.wait, 1) if row.tier == AVOIDED and row.wait < 1e8 else None,
        "price": row.price,
        "notes": notes(row, stays),
    }
    return entry | {name: value for name, value in facts.items() if value}


def notes(row: Row, stays: bool = False) -> list[str]:
    """What there is to say about its place, in words."""
    said = ["holds the session's prompt cache"] if stays else []
    if not row.candidate.native:
        said.append(f"needs conversion to {row.candidate.protocol}")
    if row.spare:
        said.append("has weight 0: only when nothing else is left")
    if row.state == "open":
        said.append(f"rests for {row.wait:.0f} s" + (f" ({row.cause})" if row.cause else ""))
    elif row.state == "half-open":
        said.append("is being tried out" if row.probed else "is tried out with the next request")
    elif row.failures:
        said.append(f"failed {row.failures} time{'' if row.failures == 1 else 's'} in a row")
    if row.headroom is not None and row.headroom <= 0:
        said.append("its rate limit is used up")
    if row.quota is not None and row.quota <= 0:
        said.append("its allowance is used up")
    return said
