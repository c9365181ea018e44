"""What is left of the quotas of keys and profiles, read from the trace store: no daemon needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING, Any

from axonhub_cli.errors import StoreError

if TYPE_CHECKING:
    from axonhub_cli.config.paths import Paths
    from axonhub_cli.config.schema import Key, Profile
    from axonhub_cli.routing.quota import Limit


def limits_of(paths: Paths, owners: Sequence[Key | Profile]) -> dict[str, list[Limit]]:
    """By name; keys and profiles without quotas are left out. A store that cannot be read counts
    as one in which nothing was used."""
    limited = [owner for owner in owners if owner.quotas]
    if not limited:
        return {}
    from axonhub_cli.tracing.usage_queries import UsageReader

    try:
        reader: UsageReader | None = UsageReader(paths.trace_db)
    except StoreError:
        reader = None
    try:
        return {owner.name: _limits(reader, owner, time()) for owner in limited}
    finally:
        if reader is not None:
            reader.close()


def _limits(reader: Any, owner: Key | Profile, now: float) -> list[Limit]:
    from axonhub_cli.config.schema import Key
    from axonhub_cli.routing.quota import Meter, window_start

    found: list[Limit] = []
    for quota in owner.quotas:
        meter = Meter(quota)
        if reader is not None:
            scope = "key" if isinstance(owner, Key) else "profile"
            since = window_start(quota, now)
            uses = reader.history(
                scope, owner.name, per=quota.per, sliding=quota.sliding, since=since
            )
            meter.seed(uses, now)
        found += meter.limits(now)
    return found


def as_json(limit: Limit) -> dict[str, Any]:
    reset = limit.resets_at
    return {
        "kind": limit.kind,
        "limit": limit.limit,
        "used": limit.used,
        "left": limit.left,
        "per": limit.per,
        "sliding": limit.sliding,
        "resets_at": None if reset is None else _timestamp(reset),
    }


def in_words(limit: Limit) -> str:
    """`requests: 3 of 100 today; it resets at 00:00 (in 3 h)`."""
    from axonhub_cli.routing import quota_words

    reset = quota_words.reset_in_words(limit.resets_at, time())
    return f"{limit.kind}: {quota_words.in_words(limit)}; {reset}"


def left_in_words(limit: Limit) -> str:
    """For a table: `97 requests today`, `$1.20 this month`."""
    from axonhub_cli.cli.figures import count
    from axonhub_cli.cli.money import money
    from axonhub_cli.routing.quota_words import period

    when = period(limit)
    if limit.kind == "cost":
        return f"{money(limit.left)} {when}"
    return f"{count(int(limit.left))} {limit.kind} {when}"


def _timestamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
