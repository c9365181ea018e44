"""What traces used, since a moment or in all, and which of them miss the cache.

Each agent's first request to a model finds nothing of its own in a cache, and side requests use
none: what comes after them is looked at. A trace that sent much of it, and had too little of that
from the cache although there is one, pays for what it sent before.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.rows import TraceRow
from axonhub_cli.tracing.sums import PICO, Sums, sums_of

LOW_HIT = 0.8
LOW_HIT_TOKENS = 40_000
_FEWEST = 3
"""Requests, from which on it can be told."""


def trace_sums(reader: TraceReader, since: float | None, limit: int | None) -> list[Sums]:
    """The traces that changed since that moment (epoch seconds), at most so many, the newest
    first: what they used since then. Counts of tokens are no requests here."""
    rows = reader.list_traces(since=since, limit=limit)
    begun = {row.seq for row in rows if since is not None and row.started_at < since}
    whole = _whole(reader, [row for row in rows if row.seq not in begun])
    parts = _since(reader, sorted(begun), since or 0.0)
    found = [
        (row.seq, replace(whole.get(row.seq) or parts[row.seq], name=row.id, title=row.title))
        for row in rows
        if row.seq in whole or row.seq in parts
    ]
    return [
        replace(sums, low_hit=_is_low(reader, seq, sums, since))
        for seq, sums in found
        if sums.requests
    ]


def _whole(reader: TraceReader, rows: Sequence[TraceRow]) -> dict[int, Sums]:
    query = """SELECT trace, count(*) FROM requests
        WHERE trace IN (SELECT value FROM json_each(?)) AND operation <> 'generate'
        GROUP BY trace"""
    listed = jsonio.encode([row.seq for row in rows]).decode()
    beside: dict[Json, Json] = dict(reader.query(query, [listed]))
    return {row.seq: _of_trace(row, beside.get(row.seq, 0)) for row in rows}


def _since(reader: TraceReader, traces: Sequence[int], since: float) -> dict[int, Sums]:
    """Of traces that began before: their requests since then."""
    query = """SELECT trace, count(*), 0, sum(unpriced), sum(coalesce(input, 0)),
        sum(coalesce(cache_read, 0)), sum(coalesce(cache_write, 0)), sum(coalesce(output, 0)),
        sum(coalesce(reasoning, 0)), sum(CAST(round(coalesce(cost_usd, 0) * 1e12) AS INTEGER))
        FROM requests WHERE trace IN (SELECT value FROM json_each(?)) AND at >= ?
        AND operation = 'generate' GROUP BY trace"""
    listed = jsonio.encode(traces).decode()
    found = reader.query(query, [listed, since]) if traces else []
    return {seq: replace(sums_of("", *counts), failed=None) for seq, *counts in found}


def _is_low(reader: TraceReader, trace: int, sums: Sums, since: float | None) -> bool:
    cached = sums.cache_read or sums.cache_write
    if not cached or sums.requests < _FEWEST or sums.sent < LOW_HIT_TOKENS:
        return False
    if (sums.hit_rate or 0.0) >= LOW_HIT:
        return False
    query = """SELECT coalesce(agent_id, ''), coalesce(upstream_model, ''), at >= ?,
        coalesce(cache_read, 0), coalesce(input, 0) + coalesce(cache_read, 0)
        + coalesce(cache_write, 0)
        FROM requests WHERE trace = ? AND operation = 'generate'
        AND request_class IS NOT 'auxiliary' AND status <> 'failed' ORDER BY at"""
    known: set[tuple[str, str]] = set()
    requests = read = sent = 0
    for agent, model, asked, cache_read, size in reader.query(query, [since or 0.0, trace]):
        if (agent, model) in known and asked:
            requests, read, sent = requests + 1, read + cache_read, sent + size
        known.add((agent, model))
    return requests >= _FEWEST - 1 and sent >= LOW_HIT_TOKENS and read / sent < LOW_HIT


def _of_trace(row: TraceRow, beside: int) -> Sums:
    tokens = row.tokens
    return Sums(
        name=row.id,
        requests=row.requests - beside,
        failed=None,
        unpriced=row.unpriced,
        input=tokens.input or 0,
        cache_read=tokens.cache_read or 0,
        cache_write=tokens.cache_write or 0,
        output=tokens.output or 0,
        reasoning=tokens.reasoning or 0,
        cost_pico=round((row.cost_usd or 0.0) * PICO),
    )
