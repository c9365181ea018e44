"""Read what was used: sums by day, model and so on, of traces, and of one key's window of time.

All but traces and the last hour come from the table `usage`. Days are days of local time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from msgspec.structs import replace

from axonhub_cli.jsonio import Json
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.sums import COUNTS, Sums, sums_of, total
from axonhub_cli.tracing.trace_usage import trace_sums
from axonhub_cli.tracing.usage_migration import QUARTER_S

Group = Literal["day", "model", "channel", "key", "profile", "client", "trace"]
GROUPS: tuple[str, ...] = get_args(Group)
_HIGH = 10**9
"""Money is summed up in two parts: SQLite's sums end at nine million dollars, with an error."""
_SUMS = ", ".join(
    [f"sum({name})" for name in COUNTS[:-1]]
    + [f"sum({COUNTS[-1]} / {_HIGH})", f"sum({COUNTS[-1]} % {_HIGH})"]
)

_SESSION = (
    *("requests", "cost_usd", "unpriced", "input", "cache_read", "cache_write"),
    *("model", "channel", "key", "profile"),
)

Use = tuple[float, int, int, int]
"""When, and how many requests, tokens and picodollars."""


class UsageReader:
    """Reads one trace file. Every method raises `StoreError` when the file cannot be read."""

    def __init__(self, db: Path) -> None:
        self._reader = TraceReader(db)

    def close(self) -> None:
        self._reader.close()

    def sums(
        self,
        group: Group,
        *,
        since: float | None = None,
        where: dict[str, str] | None = None,
        limit: int | None = None,
    ) -> list[Sums]:
        """The sums since a moment (seconds since the epoch, give or take a quarter of an hour):
        days in order, traces newest first, all else by cost, then tokens.
        `where`: only with this `key`, `profile`, `channel`, `model`, `client`. `limit`: at most
        so many traces."""
        if group == "trace":
            return trace_sums(self._reader, since, limit)
        if group == "day":
            return _by_day(self._grouped("quarter", since, where or {}))
        found = [sums_of(*row) for row in self._grouped(group, since, where or {})]
        return sorted(found, key=lambda sums: (-sums.cost_pico, -sums.sent, sums.name))

    def session(self, trace: str) -> dict[str, Json] | None:
        """What a status line shows of a trace (its whole id): sums, and model, channel, key
        and profile of the last request that reached a channel: the main agent's own, where there
        is one. None: nothing is recorded."""
        query = """SELECT traces.requests, traces.cost_usd, traces.unpriced, traces.input,
            traces.cache_read, traces.cache_write, upstream_model, channel, key, profile
            FROM traces JOIN requests ON requests.trace = traces.seq
            WHERE traces.id = ? AND operation = 'generate'
            ORDER BY channel IS NULL, agent_id IS NOT NULL, request_class IS 'auxiliary', at DESC
            LIMIT 1"""
        rows = self._reader.query(query, [trace])
        return dict(zip(_SESSION, rows[0], strict=True)) if rows else None

    def history(
        self, scope: Literal["key", "profile"], name: str, *, per: str, sliding: bool, since: float
    ) -> list[Use]:
        """What a quota of this period has to know."""
        fine = per == "minute" or (per == "hour" and sliding)
        find = self.recent_uses if fine else self.uses
        return find(scope, name, since=since)

    def uses(self, scope: Literal["key", "profile"], name: str, *, since: float) -> list[Use]:
        """What a key or a profile used, by quarters of an hour."""
        query = f"""SELECT quarter * {QUARTER_S}, sum(served),
            sum(input + cache_read + cache_write + output), sum(cost_pico) FROM usage
            WHERE quarter >= ? AND {scope} = ? GROUP BY quarter"""
        return self._uses(query, since // QUARTER_S, name)

    def recent_uses(
        self, scope: Literal["key", "profile"], name: str, *, since: float
    ) -> list[Use]:
        """The same request by request: for the last minutes, which quarters are too coarse for."""
        query = f"""SELECT at, 1, coalesce(input, 0) + coalesce(cache_read, 0)
            + coalesce(cache_write, 0) + coalesce(output, 0), round(coalesce(cost_usd, 0) * 1e12)
            FROM requests WHERE at >= ? AND {scope} = ? AND source = 'api'
            AND operation = 'generate' AND (status <> 'failed' OR output IS NOT NULL)"""
        return self._uses(query, since, name)

    def _uses(self, query: str, since: float, name: str) -> list[Use]:
        rows = self._reader.query(query, [since, name])
        return [(float(row[0]), int(row[1]), int(row[2]), int(row[3])) for row in rows]

    def _grouped(
        self, column: str, since: float | None, where: dict[str, str]
    ) -> list[tuple[Json, ...]]:
        tests = [f"{name} = ?" for name in where]
        values: list[Json] = list(where.values())
        if since is not None:
            tests.append("quarter >= ?")
            values.append(since // QUARTER_S)
        only = f"WHERE {' AND '.join(tests)}" if tests else ""
        query = f"SELECT {column}, {_SUMS} FROM usage {only} GROUP BY {column} ORDER BY {column}"
        rows = self._reader.query(query, values)
        return [(*rest, high * _HIGH + low) for *rest, high, low in rows]


def _by_day(quarters: Sequence[tuple[Json, ...]]) -> list[Sums]:
    days: dict[str, list[Sums]] = {}
    for quarter, *counts in quarters:
        moment = datetime.fromtimestamp(quarter * QUARTER_S, UTC).astimezone()
        days.setdefault(f"{moment:%Y-%m-%d}", []).append(sums_of("", *counts))
    return [replace(total(parts), name=day) for day, parts in days.items()]
