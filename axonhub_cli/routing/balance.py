"""The order in which candidates are tried, and the scores it comes from.

1. Who can be used now comes first; then, where the profile allows it, channels of weight 0; last
   those whose breaker is open or whose allowance is used up, the one nearest its recovery first.
   Nobody is refused.
2. Of those: the channel that holds the session's prompt cache (`affinity`); where none is known to,
   the session's first choice.
3. Then by priority, and in each priority group by the strategy (`strategies`).

A score is the channel's weight times these factors, each of which is 1 when nothing speaks against
the channel:

| factor   | what lowers it                                                     | at least |
|----------|---------------------------------------------------------------------|----------|
| health   | each failure in a row halves it                                     | 0.1      |
| latency  | first events that take over 1.5 times as long as the fastest's      | 0.25     |
| load     | more requests in flight, for its weight, than the least loaded has  | 0.25     |
| headroom | less than half of its rate limit (per minute) left                  | 0.05     |
| quota    | less than a fifth of its allowance (hours, days) left               | 0.05     |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from axonhub_cli.config.schema import Strategy
from axonhub_cli.routing.breaker import Breaker
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.health import Health
from axonhub_cli.routing.lots import Lots
from axonhub_cli.routing.strategies import HOMES, KEYS, Row
from axonhub_cli.routing.turns import Group, Turns

USABLE, LAST_RESORT, AVOIDED = 0, 1, 2
"""Tiers: no score lifts a candidate out of its own."""

_AS_FAST = 1.5
_AS_LOADED = 8.0
_ENOUGH_HEADROOM = 0.5
_ENOUGH_QUOTA = 0.2
_LONGEST_WAIT_S = 1e9


class Sources(Struct, frozen=True):
    """What others know of a channel; where they do not, None: nothing speaks against it then."""

    headroom: Callable[[str, str, float], float | None] | None = None
    """Which share of its rate limit (channel, upstream model) has left at a time, 0 to 1."""
    quota: Callable[[str, str, float], float | None] | None = None
    """Which share of its allowance, 0 to 1."""
    price: Callable[[str, str], float | None] | None = None
    """US dollars for a typical request to (channel, upstream model)."""
    context: Callable[[str, str], int | None] | None = None
    """How many tokens (channel, upstream model) takes at most; may block."""


class Member(Struct, frozen=True):
    """A candidate with what the configuration says of its place."""

    candidate: Candidate
    channel: str
    encoded: bytes
    """The channel's name, as lots are drawn for it."""
    weight: float
    position: int
    """In the order of the profile, else of the file."""
    spare: bool = False
    """Its weight is 0: only when nothing else is left."""


class View(Struct, frozen=True):
    """What a ranking looks at beside the candidates."""

    health: Health
    turns: Turns
    now: float
    group: Group
    session: str | None
    """Of the request, when affinity is on and it belongs to one."""
    lot: str | None
    """Unique to the request: what is drawn by where it belongs to no session. None: no lots are
    drawn, the score alone counts, for who wants to see the usual order."""
    stays: str | None = None
    """The channel that holds the session's prompt cache."""
    sources: Sources = Sources()


class Ranking(Struct, frozen=True):
    rows: tuple[Row, ...]
    """Best first."""
    home: str | None
    """The session's first choice, were nothing to speak against anybody."""


def rank(members: Sequence[Member], strategy: Strategy, view: View) -> Ranking:
    """Put the candidates in the order in which they are to be tried."""
    rows = [_row(member, view) for member in members]
    if len(rows) < 2:
        return Ranking(tuple(rows), rows[0].channel if rows else None)
    _draw(rows, members, view)
    _score(rows, view)
    if strategy == "least-cost" and view.sources.price is not None:
        for row in rows:
            row.price = view.sources.price(row.channel, row.candidate.upstream_model)
    if strategy == "round-robin" and view.session is None:
        for row in rows:
            row.turn = view.turns.due(view.group, row.channel, row.weight)
    home = _find_home(rows, strategy) if view.session is not None else None
    # What changes from hour to hour must not move a session that a restart has made us forget.
    key, stays = KEYS[strategy], view.stays or home
    # Four keys of a place, then the strategy's own.
    rows.sort(
        key=lambda row: (
            row.tier,
            row.wait if row.tier == AVOIDED else 0.0,
            row.channel != stays,
            row.candidate.channel.priority,
            key(row),
        )
    )
    return Ranking(tuple(rows), home)


def _find_home(rows: list[Row], strategy: Strategy) -> str:
    key = HOMES[strategy]
    return min(rows, key=lambda r: (r.spare, r.candidate.channel.priority, key(r))).channel


def _row(member: Member, view: View) -> Row:
    candidate, name = member.candidate, member.channel
    row = Row(candidate, name, member.weight, member.position, member.spare, member.weight)
    if member.spare:
        row.tier = LAST_RESORT
    standing = view.health.standing(name, candidate.upstream_model)
    if standing is not None:
        row.in_flight = standing.in_flight
        row.first_event_ms = standing.first_event_ms(view.now)
        row.failures = standing.breaker.failures
        if standing.breaker.until:
            _note_breaker(row, standing.breaker, view.now)
    sources = view.sources
    if sources.headroom is not None:
        row.headroom = sources.headroom(name, candidate.upstream_model, view.now)
    if sources.quota is not None:
        row.quota = sources.quota(name, candidate.upstream_model, view.now)
    if _is_used_up(row.headroom) or _is_used_up(row.quota):
        row.tier, row.wait = AVOIDED, _LONGEST_WAIT_S
    return row


def _note_breaker(row: Row, breaker: Breaker, now: float) -> None:
    row.state, row.wait = breaker.state(now), breaker.wait(now)
    row.cause, row.probed = breaker.cause, breaker.is_probed(now)
    if not breaker.admits(now):
        row.tier = AVOIDED


def _is_used_up(share: float | None) -> bool:
    return share is not None and share <= 0


def _draw(rows: list[Row], members: Sequence[Member], view: View) -> None:
    key = view.session if view.session is not None else view.lot
    if key is None:
        return
    lots = Lots(key)
    for row, member in zip(rows, members, strict=True):
        row.lot = lots.draw(member.encoded)


def _score(rows: list[Row], view: View) -> None:
    """Weigh what differs between them."""
    fastest = min((r.first_event_ms for r in rows if r.first_event_ms is not None), default=0.0)
    heaviest = max(row.weight for row in rows)
    lightest = min(row.in_flight * heaviest / row.weight for row in rows)
    for row in rows:
        if row.failures and row.state == "closed":
            row.by_health = max(0.5**row.failures, 0.1)
        if row.first_event_ms is not None and row.first_event_ms > _AS_FAST * fastest:
            row.by_latency = max(_AS_FAST * fastest / row.first_event_ms, 0.25)
        if row.in_flight:
            load = row.in_flight * heaviest / row.weight
            row.by_load = max((lightest + _AS_LOADED) / (load + _AS_LOADED), 0.25)
        if row.headroom is not None:
            row.by_headroom = _left(row.headroom, _ENOUGH_HEADROOM)
        if row.quota is not None:
            row.by_quota = _left(row.quota, _ENOUGH_QUOTA)
        row.score = (
            row.weight
            * row.by_health
            * row.by_latency
            * row.by_load
            * row.by_headroom
            * row.by_quota
        )


def _left(share: float, enough: float) -> float:
    return 1.0 if share >= enough else max(share / enough, 0.05)
