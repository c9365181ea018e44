"""Read what was used: sums by day, model and so on, of traces, and of one key's window of time.

All but traces and the last hour come from the table `usage`. Days are days of local time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from axonhub_cli.jsonio import Json
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.rows import TraceRow
from axonhub_cli.tracing.usage_migration import QUARTER_S

Group = Literal["day", "model", "channel", "key", "profile", "client", "trace"]
GROUPS: tuple[str, ...] = get_args(Group)
PICO = 10**12
LOW_HIT = 0.8
LOW_HIT_TOKENS = 40_000
"""A trace with so much input and less of it from the cache pays for what it sent before."""

_COUNTS = (
    *("requests", "failed", "unpriced", "input", "cache_read", "cache_write", "output"),
    *("reasoning", "cost_pico"),
)
_SUMS = ", ".join(f"sum({name})" for name in _COUNTS)

_SESSION = (
    *("requests", "cost_usd", "unpriced", "input", "cache_read", "cache_write"),
    *("model", "channel", "key", "profile"),
)

Use = tuple[float, int, int, int]
"""When, and how many requests, tokens and picodollars."""


class Sums(Struct, frozen=True):
    """What was used by all that is called `name`: a day (`2026-11-24`), a model, …"""

    name: str
    requests: int
    failed: int | None
    """Of them, those that were not completed; None: not counted."""
    unpriced: int
    """Answers whose cost is not known, or not all of it."""
    input: int
    cache_read: int
    cache_write: int
    output: int
    reasoning: int
    cost_pico: int
    title: str | None = None
    """Of a trace."""

    @property
    def sent(self) -> int:
        """All input tokens, cached or not."""
        return self.input + self.cache_read + self.cache_write

    @property
    def hit_rate(self) -> float | None:
        """The share of the input that came from the cache, 0 to 1; None without any input."""
        return self.cache_read / self.sent if self.sent else None

    @property
    def low_hit(self) -> bool:
        """Much was sent, and too little of it came from the cache."""
        return self.sent >= LOW_HIT_TOKENS and self.hit_rate is not None and self.hit_rate < LOW_HIT

    @property
    def usd(self) -> float | None:
        """What is known of the cost; None where nothing is, though there was something to pay."""
        return None if self.unpriced and not self.cost_pico else self.cost_pico / PICO

    def as_json(self, group: str) -> dict[str, Json]:
        shown: dict[str, Json] = {
            group: self.name or None,
            "requests": self.requests,
            "failed": self.failed,
            "tokens": {
                "input": self.input,
                "cache_read": self.cache_read,
                "cache_write": self.cache_write,
                "output": self.output,
                "reasoning": self.reasoning,
            },
            "cost_usd": self.usd,
            "unpriced": self.unpriced,
            "cache_hit_rate": None if self.hit_rate is None else round(self.hit_rate, 4),
        }
        return shown | ({"title": self.title, "low_hit": self.low_hit} if group == "trace" else {})


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
            rows = self._reader.list_traces(since=since, limit=limit)
            return [_of_trace(row) for row in rows]
        if group == "day":
            return _by_day(self._grouped("quarter", since, where or {}))
        found = [_sums(*row) for row in self._grouped(group, since, where or {})]
        return sorted(found, key=lambda sums: (-sums.cost_pico, -sums.sent, sums.name))

    def session(self, trace: str) -> dict[str, Json] | None:
        """What a status line shows of a trace (its whole id): sums, and model, channel, key
        and profile of the last request that reached a channel. None: nothing is recorded."""
        query = """SELECT traces.requests, traces.cost_usd, traces.unpriced, traces.input,
            traces.cache_read, traces.cache_write, upstream_model, channel, key, profile
            FROM traces JOIN requests ON requests.trace = traces.seq
            WHERE traces.id = ? AND operation = 'generate'
            ORDER BY channel IS NULL, at DESC LIMIT 1"""
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
        return self._reader.query(query, values)


def total(rows: Sequence[Sums]) -> Sums:
    """The sum of all rows."""
    return _sums("", *[sum(getattr(row, name) or 0 for row in rows) for name in _COUNTS])


def nothing(name: str) -> Sums:
    """Of what was not used."""
    return replace(total([]), name=name)


def _by_day(quarters: Sequence[tuple[Json, ...]]) -> list[Sums]:
    days: dict[str, list[Sums]] = {}
    for quarter, *counts in quarters:
        moment = datetime.fromtimestamp(quarter * QUARTER_S, UTC).astimezone()
        days.setdefault(f"{moment:%Y-%m-%d}", []).append(_sums("", *counts))
    return [replace(total(parts), name=day) for day, parts in days.items()]


def _sums(name: str, *counts: int) -> Sums:
    named: dict[str, Any] = dict(zip(_COUNTS, counts, strict=True))
    return Sums(name, **named)


def _of_trace(row: TraceRow) -> Sums:
    tokens = row.tokens
    return Sums(
        name=row.id,
        requests=row.requests,
        failed=None,
        unpriced=row.unpriced,
        input=tokens.input or 0,
        cache_read=tokens.cache_read or 0,
        cache_write=tokens.cache_write or 0,
        output=tokens.output or 0,
        reasoning=tokens.reasoning or 0,
        cost_pico=round((row.cost_usd or 0.0) * PICO),
        title=row.title,
    )
