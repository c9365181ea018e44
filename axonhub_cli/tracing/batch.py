"""One transaction's work: the rows of some requests, their attempts and bodies, and their traces.

Row numbers are given out here, so that each table takes its rows in one `executemany`. A trace's
row is read inside the transaction, added to, and written once at its end, so that it is right
whoever else writes to the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter

from axonhub_cli import jsonio
from axonhub_cli.ir.response import Usage
from axonhub_cli.jsonio import Envelope
from axonhub_cli.tracing import blobs, usage_table
from axonhub_cli.tracing.blob_table import BlobTable
from axonhub_cli.tracing.entries import Body, Entry
from axonhub_cli.tracing.eras import (
    ROW_BYTES,
    SECONDS_AN_HOUR,
    SMALLEST,
    Eras,
)
from axonhub_cli.tracing.last_bodies import Cut, Known, compare
from axonhub_cli.tracing.pace import no_rest
from axonhub_cli.tracing.spans import NO_ITEMS, SMALLEST_BODY, Items, find_items, read_arrays
from axonhub_cli.tracing.spent import sum_usage
from axonhub_cli.tracing.summary import Seen, Summary

Values = tuple[str | int | float | bytes | None, ...]
Redact = Callable[[bytes], bytes]

_LONGEST_EDIT = 4096
"""Bytes; a body that differs from the client's in more is stored like one of its own."""

_COUNTS = (
    *("input", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h"),
    *("output", "reasoning"),
)
_REQUEST = (
    *("seq", "id", "trace", "at", "source", "key", "profile", "client", "user_agent", "protocol"),
    *("operation", "model", "stream", "channel", "upstream_model", "upstream_protocol", "status"),
    *("http_status", "error", "stop_reason", "first_token_ms", "total_ms", "agent_id"),
    *("parent_agent_id", "prompt_id", "request_class", "losses", "headers", "decision", "link"),
    *("traceparent", "cost_usd", "price", "unpriced", *_COUNTS),
)
_ATTEMPT = (
    *("request", "n", "channel", "label", "upstream_model", "upstream_protocol", "url", "status"),
    *("upstream_request_id", "http_status", "error", "stop_reason", "offset_ms", "delay_ms"),
    *("first_event_ms", "ms", "answer_dropped", "cost_usd", "price", "unpriced", *_COUNTS),
)
_BODY = ("request", "attempt", "kind", "size", "base_start", "base_end", "data", "blobs")
_TRACE = Summary.__struct_fields__

_INSERT = "INSERT INTO {} ({}) VALUES ({})"
_INSERT_REQUEST, _INSERT_ATTEMPT, _INSERT_BODY, _INSERT_TRACE = (
    _INSERT.format(table, ", ".join(columns), ", ".join("?" * len(columns)))
    for table, columns in (
        ("requests", _REQUEST),
        ("attempts", _ATTEMPT),
        ("bodies", _BODY),
        ("traces", _TRACE),
    )
)
# The number stands first in a row and is asked for by its position.
_UPDATE_TRACE = f"UPDATE traces SET {', '.join(f'{c} = ?{n}' for n, c in enumerate(_TRACE, 1))}"
_UPDATE_TRACE += " WHERE seq = ?1"

_request_values = itemgetter(*_REQUEST)
_attempt_values = itemgetter(*_ATTEMPT)
_INSERT_BODY = _INSERT_BODY.replace("INSERT", "INSERT OR IGNORE", 1)
_trace_values = attrgetter(*_TRACE)


class Batch:
    """For one use, inside a transaction that the caller opened and ends."""

    def __init__(
        self,
        db: sqlite3.Connection,
        table: BlobTable,
        redact: Redact,
        largest_era: Callable[[], int] = lambda: SMALLEST,
        rest: Callable[[], None] = no_rest,
    ) -> None:
        table.use(redact)
        self._db = db
        self._table = table
        self._redact = redact
        self._largest_era = largest_era
        self._rest = rest
        self._era = self._own_bytes = 0
        self._last_request = self._last("requests")
        self._last_trace = self._last("traces")
        self._old: dict[str, Summary] = {}
        self._new: dict[str, Summary] = {}
        self._requests: list[Values] = []
        self._attempts: list[Values] = []
        self._bodies: list[Values] = []

    def write(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        hour = int(max(map(_ended, entries)) // SECONDS_AN_HOUR)
        eras = Eras(self._db, self._last_request + 1, hour, self._largest_era)
        self._rest()
        self._load({entry.trace_id for entry in entries if entry.trace_id is not None})
        for entry in entries:
            self._era, before = eras.number, self._table.added + self._own_bytes
            self._add(entry)
            brought = self._table.added + self._own_bytes - before
            eras.add(brought + ROW_BYTES, self._last_request + 1)
            self._rest()
        put = self._db.executemany
        put(_UPDATE_TRACE, map(_trace_row, self._old.values()))
        put(_INSERT_TRACE, map(_trace_row, self._new.values()))
        put(_INSERT_REQUEST, self._requests)
        self._rest()
        put(_INSERT_ATTEMPT, self._attempts)
        put(_INSERT_BODY, self._bodies)
        self._rest()
        usage_table.add(self._db, entries)
        eras.save()

    def _add(self, entry: Entry) -> None:
        seq = self._take_out(entry) if entry.counted else None
        # Not so of a request that began before a damaged file was set aside.
        known = seq is not None
        if seq is None:
            self._last_request += 1
            seq = self._last_request
        row = entry.request | {
            "seq": seq,
            "trace": None if entry.trace_id is None else self._sum_up(entry.trace_id, entry, known),
            "headers": self._keep(entry.headers),
            "decision": self._keep(entry.decision),
        }
        self._requests.append(_request_values(row))
        for n, attempt in enumerate(entry.attempts, 1):
            self._attempts.append(_attempt_values(attempt | {"request": seq, "n": n}))
        for body in entry.bodies:
            if body.known and known:
                continue
            self._bodies.append((seq, body.attempt, body.kind, *self._cut(body)))
            self._rest()

    def _take_out(self, entry: Entry) -> int | None:
        """Remove the rows of a request that was running, but not its own body; its number."""
        found = self._db.execute("SELECT seq FROM requests WHERE id = ?", (entry.request["id"],))
        for (seq,) in found.fetchall():
            self._db.execute("DELETE FROM requests WHERE seq = ?", (seq,))
            self._db.execute("DELETE FROM attempts WHERE request = ?", (seq,))
            return int(seq)
        return None

    def _sum_up(self, trace_id: str, entry: Entry, known: bool) -> int:
        summary = self._old.get(trace_id) or self._new.get(trace_id)
        if summary is None:
            self._last_trace += 1
            summary = self._new[trace_id] = Summary(seq=self._last_trace, id=trace_id)
        summary.add(_seen(entry, known))
        summary.title = summary.title or entry.title()
        if summary.thread is None and entry.thread_id is not None:
            summary.thread = self._thread(entry.thread_id, summary.started_at)
        return summary.seq

    def _load(self, trace_ids: set[str]) -> None:
        """The rows that the traces have so far."""
        query = f"""SELECT {", ".join(_TRACE)} FROM traces
            WHERE id IN (SELECT value FROM json_each(?))"""
        for row in self._db.execute(query, (jsonio.encode(list(trace_ids)).decode(),)):
            named = dict(zip(_TRACE, row, strict=True))
            for name in ("models", "channels"):
                named[name] = jsonio.decode(named[name].encode())
            self._old[named["id"]] = Summary(**named)

    def _thread(self, thread_id: str, at: float) -> int:
        put = """INSERT INTO threads (id, started_at) VALUES (?, ?)
                 ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING seq"""
        (seq,) = self._db.execute(put, (thread_id, at)).fetchone()
        return int(seq)

    def _cut(self, body: Body) -> Values:
        """The columns from `size` on: an edit of the base, or a skeleton with parts, if any."""
        data, size = body.data, len(body.data)
        if body.base is not None:
            start, end, middle = blobs.difference(body.base, data)
            if len(middle) <= _LONGEST_EDIT:
                return size, start, end, self._pack(self._clean(data, start, len(middle))), None
        if body.kind != "request":
            return size, None, None, self._pack(data), None
        cut = self._store_parts(body)
        pairs = zip(cut.items.spans, cut.numbers, strict=True)
        holes = [span for span, number in pairs if number]
        numbers = blobs.write_numbers([number for number in cut.numbers if number])
        skeleton = self._pack(blobs.cut_out(data, holes))
        return size, None, None, skeleton, self._table.packer.pack(numbers) if holes else None

    def _store_parts(self, body: Body) -> Cut:
        """Where a body's items stand, with the numbers of those that are stored apart."""
        data, bodies = body.data, self._table.bodies
        if len(data) < SMALLEST_BODY:
            return Cut(data, NO_ITEMS, [], self._era)
        given = body.parts if body.parts is not None else body.envelope or read_arrays(data)
        old = bodies.like(data)
        known = compare(old, data, given) if old is not None else None
        if known is not None and old is not None and old.era != self._era:
            self._table.mark(self._db, known.numbers, self._era)
        self._rest()
        if known is None:
            items = (
                find_items(data, given)
                if isinstance(given, Envelope)
                else Items(given, (("", len(given)),))
            )
            known = Known(items, [None] * len(items.spans))
        view = memoryview(data)
        numbers = [
            self._number(view[start:end]) if number is None else number
            for (start, end), number in zip(known.items.spans, known.numbers, strict=True)
        ]
        cut = Cut(data, known.items, numbers, self._era)
        bodies.keep(cut, instead=old if old is not None and known.continues(old) else None)
        return cut

    def _number(self, part: memoryview) -> int:
        if len(part) < blobs.SMALLEST_PART:
            return 0
        self._rest()
        return self._table.number(self._db, part, self._era, self._redact)

    def _pack(self, data: bytes) -> bytes:
        packed = self._table.packer.pack(self._redact(data))
        self._own_bytes += len(packed)
        return packed

    def _clean(self, data: bytes, start: int, size: int) -> bytes:
        """A stretch of a body without secrets, also those of which a part lies beside it."""
        first = max(0, start - _LONGEST_EDIT)
        around = self._redact(data[first : start + size + _LONGEST_EDIT])
        return around[start - first :][:size]

    def _keep(self, part: bytes) -> bytes:
        # An entry's own documents are clean; done again as a body, they might be JSON no more.
        return self._table.keep(self._db, part, self._era, lambda clean: clean)

    def _last(self, table: str) -> int:
        return int(self._db.execute(f"SELECT coalesce(max(seq), 0) FROM {table}").fetchone()[0])


def _ended(entry: Entry) -> float:
    """When a request ended, or began if it goes on."""
    return _number(entry.request["at"]) + _number(entry.request["total_ms"]) / 1000


def _seen(entry: Entry, known: bool) -> Seen:
    row = entry.request
    return Seen(
        at=_number(row["at"]),
        until=_ended(entry),
        status=str(row["status"]),
        client=str(row["client"]),
        model=None if row["model"] is None else str(row["model"]),
        channels=tuple(str(attempt["channel"]) for attempt in entry.attempts),
        usage=sum_usage(entry.spent) if entry.spent else Usage(),
        usd=_optional_number(row["cost_usd"]),
        unpriced=sum(not one.whole for one in entry.spent),
        counted=known,
    )


def _trace_row(summary: Summary) -> Values:
    return tuple(
        [
            jsonio.encode(value).decode() if isinstance(value, list) else value
            for value in _trace_values(summary)
        ]
    )


def _optional_number(value: object) -> float | None:
    return None if value is None else _number(value)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
