"""Rules of routing: conditions, model mappings, quotas, and the `[routing]` section."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from axonhub_cli.config.schema.server import Duration

Strategy = Literal["adaptive", "failover", "round-robin", "least-cost", "fastest"]
Action = Literal["same", "next", "give_up"]
"""What follows a failed attempt: the same channel again, the next one, or the client is told."""
Period = Literal["minute", "hour", "day", "month", "all"]


class When(Struct, frozen=True, forbid_unknown_fields=True):
    """Conditions beside the model's name; all that are given must hold."""

    background: bool | None = None
    """A coding agent's small side requests (titles, summaries, topic checks)."""
    thinking: bool | None = None
    over_tokens: int | None = None
    """The request's input is larger than this many tokens (estimated: a token is 4 bytes)."""
    up_to_tokens: int | None = None
    """It is not larger than this."""
    images: bool | None = None
    web_search: bool | None = None
    subagent: bool | None = None
    client: tuple[str, ...] = ()
    """One of these clients (`claude-code`, `codex`, …)."""
    time: str | None = None
    """Local time of day, `22:00-06:00`, optionally after days: `mon-fri 09:00-17:00`; a time that
    passes midnight belongs to the day on which it begins."""


class Mapping(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from", "target": "to"}
):
    """One rule `from → to`; `from` is exact, or a regular expression (see `routing.mapping`)."""

    source: str
    target: str
    when: When | None = None


class Quota(Struct, frozen=True, forbid_unknown_fields=True):
    """A limit of use; at least one of the three amounts is given."""

    requests: int | None = None
    tokens: int | None = None
    """Of input (cached ones included) and output together."""
    cost: float | None = None
    """US dollars."""
    per: Period = "day"
    sliding: bool = False
    """The last minute, hour, day or 30 days; else the calendar's current one (local time)."""


class Routing(Struct, frozen=True, forbid_unknown_fields=True):
    """`[routing]`: what holds where neither profile nor channel says otherwise."""

    strategy: Strategy = "adaptive"
    affinity: bool = True
    """The requests of one session stay with the channel and the token that hold its cache."""
    budget: Duration = "300s"
    """No new attempt begins later than this after the request came."""
    retries: int = 1
    """How often the same channel is asked again when its failure may be a passing one."""
    retry_delay: Duration = "500ms"
    """Before the first repetition; doubled with each further one, with jitter."""
    breaker_failures: int = 3
    """So many failures in a row open a channel's breaker for a model."""
    breaker_probe: Duration = "15s"
    """How long a breaker stays open the first time; doubled each time its probe fails."""
    breaker_longest: Duration = "15m"
