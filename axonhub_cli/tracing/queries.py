"""Read the trace file, by a connection that cannot write; no daemon needs to run.

Where there is no file yet, there is nothing to list. Ids may be cut short as long as one remains.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from zstandard import ZstdError

from axonhub_cli import jsonio
from axonhub_cli.errors import StoreError
from axonhub_cli.jsonio import Json
from axonhub_cli.tracing.blobs import fill, read_numbers, split_addresses
from axonhub_cli.tracing.identity import recorded_id
from axonhub_cli.tracing.opening import open_to_read, unreadable
from axonhub_cli.tracing.packer import Packer
from axonhub_cli.tracing.picking import Conditions, pick_requests, pick_traces
from axonhub_cli.tracing.rows import SENT_DROPPED, AttemptRow, RequestRow, Tokens, TraceRow

_PARTS_REMEMBERED = 2048
"""A session's requests share most of their parts: each is unpacked once."""
_FEW_REQUESTS = 5000
"""Their traces are gone through faster than the index of all requests."""


class NotRecorded(StoreError):
    """There is no such trace or request, or more than one."""


class TraceReader:
    """Reads one file. Every method raises `StoreError` when the file cannot be read."""

    def __init__(self, db: Path) -> None:
        self._path = db
        self._packer = Packer()
        self._db = open_to_read(db)
        self._part = lru_cache(maxsize=_PARTS_REMEMBERED)(self._read_part)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def list_traces(
        self, *, limit: int | None = None, offset: int = 0, **filters: Any
    ) -> list[TraceRow]:
        """Traces, the one that changed last first; `filters` are those of `pick_traces`."""
        found = pick_traces(**filters)
        order = f"{found} ORDER BY updated_at DESC, seq DESC"
        return self._traces(order, found.values, limit, offset)

    def trace(self, given: str) -> TraceRow:
        """The trace of an id or of the beginning of one. Raises `NotRecorded`."""
        seq = self._find("traces", recorded_id(given), "trace")
        return self._traces("WHERE seq = ?", [seq])[0]

    def thread(self, given: str) -> str:
        """The whole id of a thread, or of the beginning of one. Raises `NotRecorded`."""
        seq = self._find("threads", recorded_id(given), "thread")
        (row,) = self._query("SELECT id FROM threads WHERE seq = ?", [seq])
        return str(row[0])

    def list_requests(
        self,
        *,
        source: str | None = "api",
        limit: int | None = None,
        offset: int = 0,
        **filters: Any,
    ) -> list[RequestRow]:
        """Requests, newest first; `filters` are those of `pick_requests`. `source` is `api`,
        `test` for channel tests, None for both."""
        found = pick_requests(source=source, **filters)
        if source == "api":
            self._narrow_to_traces(found, **filters)
        order = f"{found} ORDER BY at DESC, seq DESC"
        return self._requests(order, found.values, limit, offset)

    def requests_after(
        self, seq: int, *, since: float | None = None, source: str | None = "api", limit: int
    ) -> list[RequestRow]:
        """Requests recorded after that number, in order of their numbers."""
        found = Conditions()
        found.add("seq > ?", seq)
        found.add("at >= ?", since)
        found.add("source = ?", source)
        return self._requests(f"{found} ORDER BY seq", found.values, limit)

    def request(self, given: str) -> RequestRow:
        """The request of an id or of the beginning of one. Raises `NotRecorded`."""
        return self._requests("WHERE seq = ?", [self._find("requests", given, "request")])[0]

    def thread_of(self, request: RequestRow) -> str | None:
        """The thread of its trace, if that has one."""
        query = """SELECT threads.id FROM requests JOIN traces ON traces.seq = requests.trace
            JOIN threads ON threads.seq = traces.thread WHERE requests.seq = ?"""
        found = self._query(query, [request.seq])
        return str(found[0][0]) if found else None

    def headers(self, request: RequestRow) -> list[tuple[str, str]]:
        """What the client sent, in order, credentials hidden."""
        document = self._document(request.seq, "headers")
        return [(name, value) for name, value in document or ()]

    def decision(self, request: RequestRow) -> dict[str, Json]:
        """How the request was routed."""
        document = self._document(request.seq, "decision")
        return document if isinstance(document, dict) else {}

    def request_body(self, given: str) -> bytes | None:
        """What the client sent, byte for byte; None when it was not stored."""
        return self._body(self._find("requests", given, "request"), 0, "request")

    def upstream_body(self, given: str, attempt: int | None = None) -> bytes | None:
        """What went upstream in an attempt (counted from 1; None: the last); None when it was not
        stored."""
        seq = self._find("requests", given, "request")
        number = self._attempt(seq, attempt)
        sent = self._body(seq, number, "request")
        if sent is None and number not in self._dropped(seq):
            return self._body(seq, 0, "request")
        return sent

    def answer_body(self, given: str, attempt: int | None = None) -> bytes | None:
        """What came back in an attempt (counted from 1; None: the last), as it was received."""
        seq = self._find("requests", given, "request")
        return self._body(seq, self._attempt(seq, attempt), "answer")

    def answers(self, seq: int) -> Iterator[tuple[str, bytes]]:
        """What came back in each attempt of a request, as it was received, and its protocol."""
        query = "SELECT n, upstream_protocol FROM attempts WHERE request = ? ORDER BY n DESC"
        for attempt, protocol in self._query(query, [seq]):
            if body := self._body(seq, attempt, "answer"):
                yield protocol, body

    def pieces(self, seq: int) -> tuple[bytes, list[int | bytes]]:
        """A client's body as it is stored: what is its own, and the names of its parts."""
        query = """SELECT parts, data, blobs FROM bodies
            WHERE request = ? AND attempt = 0 AND kind = 'request'"""
        for addresses, data, numbers in self._query(query, [seq]):
            names = self._names(addresses, numbers)
            return self._unpack(data) or b"", names if names is not None else []
        return b"", []

    def part(self, name: int | bytes) -> bytes | None:
        """One of the `pieces`; not remembered."""
        return self._read_part(name)

    def query(self, statement: str, values: Sequence[Json]) -> list[tuple[Json, ...]]:
        """The rows of any other question."""
        return self._query(statement, values)

    def _traces(
        self, rest: str, values: Sequence[Json], limit: int | None = None, offset: int = 0
    ) -> list[TraceRow]:
        query = f"SELECT {_TRACE_COLUMNS} FROM traces {rest} LIMIT ? OFFSET ?"
        rows = self._query(query, [*values, -1 if limit is None else limit, offset])
        return [TraceRow(**_named(_TRACE, row), tokens=Tokens(*row[len(_TRACE) :])) for row in rows]

    def _requests(
        self, rest: str, values: Sequence[Json], limit: int | None = None, offset: int = 0
    ) -> list[RequestRow]:
        query = f"SELECT {_REQUEST_COLUMNS} FROM requests {rest} LIMIT ? OFFSET ?"
        rows = self._query(query, [*values, -1 if limit is None else limit, offset])
        attempts = self._attempts([row[0] for row in rows])
        return [
            RequestRow(
                **_named(_REQUEST, row),
                tokens=Tokens(*row[len(_REQUEST) :]),
                attempts=tuple(attempts[row[0]]),
            )
            for row in rows
        ]

    def _narrow_to_traces(
        self,
        found: Conditions,
        *,
        channel: str | None = None,
        min_cost: float | None = None,
        **_others: Any,
    ) -> None:
        """Look in the traces alone that may hold such requests, where those are few.

        A trace has all channels that were tried and the sum of all costs, and there are far fewer
        traces than requests. Every request but a channel test or a replay is in one.
        """
        if channel is None and min_cost is None:
            return
        # A sum of rounded numbers may fall short by a little.
        least = None if min_cost is None else min_cost * (1 - 1e-9)
        traces = pick_traces(channel=channel, min_cost=least)
        query = f"SELECT seq, requests FROM traces {traces} LIMIT ?"
        rows = self._query(query, [*traces.values, _FEW_REQUESTS + 1])
        if sum(max(1, requests) for _, requests in rows) <= _FEW_REQUESTS:
            few = jsonio.encode([seq for seq, _ in rows]).decode()
            found.add("trace IN (SELECT value FROM json_each(?))", few)

    def _attempts(self, requests: list[Json]) -> dict[int, list[AttemptRow]]:
        query = f"""SELECT request, {_ATTEMPT_COLUMNS} FROM attempts
            WHERE request IN (SELECT value FROM json_each(?)) ORDER BY request, n"""
        found: dict[int, list[AttemptRow]] = defaultdict(list)
        for request, *row in self._query(query, [jsonio.encode(requests).decode()]):
            tokens = Tokens(*row[len(_ATTEMPT) :])
            found[request].append(AttemptRow(**_named(_ATTEMPT, row), tokens=tokens))
        return found

    def _find(self, table: str, given: str, noun: str) -> int:
        exact = self._query(f"SELECT seq FROM {table} WHERE id = ?", [given])
        if exact:
            return int(exact[0][0])
        query = f"SELECT seq, id FROM {table} WHERE id > ? AND id < ? LIMIT 4"
        begun = self._query(query, [given, given + "\U0010ffff"]) if given else []
        if not begun:
            raise NotRecorded(
                f"no {noun} {given!r} is recorded", hint=f"axonhub {_LISTED[noun]} list"
            )
        if len(begun) > 1:
            some = ", ".join(row[1] for row in begun[:3])
            raise NotRecorded(
                f"several {noun}s begin with {given!r}: {some}{', …' if len(begun) > 3 else ''}",
                hint="give more of the id",
            )
        return int(begun[0][0])

    def _attempt(self, seq: int, attempt: int | None) -> int:
        if attempt is not None:
            return attempt
        query = "SELECT coalesce(max(n), 1) FROM attempts WHERE request = ?"
        return int(self._query(query, [seq])[0][0])

    def _dropped(self, seq: int) -> tuple[Json, ...]:
        """The attempts of which it is not known what they sent."""
        document = self._document(seq, "decision")
        found = document.get(SENT_DROPPED) if isinstance(document, dict) else None
        return tuple(found) if isinstance(found, list) else ()

    def _document(self, seq: int, column: str) -> Json:
        (row,) = self._query(f"SELECT {column} FROM requests WHERE seq = ?", [seq])
        stored = self._part(row[0]) if row[0] is not None else None
        return None if stored is None else _read_json(stored)

    def _body(self, seq: int, attempt: int, kind: str) -> bytes | None:
        query = """SELECT base_start, base_end, parts, data, blobs FROM bodies
            WHERE request = ? AND attempt = ? AND kind = ?"""
        rows = self._query(query, [seq, attempt, kind])
        if not rows:
            return None
        start, end, addresses, data, numbers = rows[0]
        data = self._unpack(data)
        if data is None:
            return None
        if start is not None:
            base = self._body(seq, 0, "request")
            return None if base is None else base[:start] + data + base[end:]
        names = self._names(addresses, numbers)
        whole = [part for name in names or () if (part := self._part(name)) is not None]
        return fill(data, whole) if names is not None and len(whole) == len(names) else None

    def _names(self, addresses: bytes | None, numbers: bytes | None) -> list[int | bytes] | None:
        if numbers is None:
            return [*split_addresses(addresses or b"")]
        unpacked = self._unpack(numbers)
        return None if unpacked is None else [*read_numbers(unpacked)]

    def _unpack(self, data: bytes) -> bytes | None:
        """None for what cannot be unpacked: one spoilt body must not spoil a list."""
        try:
            return self._packer.unpack(data)
        except ZstdError:
            return None

    def _read_part(self, name: int | bytes) -> bytes | None:
        """By its hash or its number."""
        column = "hash" if isinstance(name, bytes) else "seq"
        rows = self._query(f"SELECT data FROM blobs WHERE {column} = ?", [name])
        return self._unpack(rows[0][0]) if rows else None

    def _query(self, query: str, values: Sequence[Json]) -> list[tuple[Json, ...]]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise unreadable(self._path, error) from error


def _named(fields: Sequence[str], row: Sequence[Json]) -> dict[str, Json]:
    return {
        field: _READ[field](value) if field in _READ else value
        for field, value in zip(fields, row, strict=False)
    }


def _read_list(text: str | None) -> tuple[Json, ...]:
    return tuple(_read_json(text.encode()) or ()) if text is not None else ()


def _read_json(stored: bytes) -> Json:
    """None for what is none: one spoilt row must not spoil a list."""
    try:
        return jsonio.decode(stored)
    except jsonio.InvalidJson:
        return None


def _columns(fields: Sequence[str], tokens: Sequence[str], expressions: Mapping[str, str]) -> str:
    return ", ".join([*(expressions.get(field, field) for field in fields), *tokens])


_READ: dict[str, Callable[[Json], Json]] = {
    "models": _read_list,
    "channels": _read_list,
    "losses": _read_list,
    "stream": bool,
}
_LISTED = {"trace": "trace", "request": "request", "thread": "trace"}
"""Which list has the ids."""
_TRACE = tuple(f for f in TraceRow.__struct_fields__ if f != "tokens")
_ATTEMPT = tuple(f for f in AttemptRow.__struct_fields__ if f != "tokens")
_REQUEST = tuple(f for f in RequestRow.__struct_fields__ if f not in ("tokens", "attempts"))
_TOKENS = Tokens.__struct_fields__

_TRACE_COLUMNS = _columns(
    _TRACE,
    # How long a cache entry lives is not summed up over a trace.
    [name for name in _TOKENS if not name.startswith("cache_write_")],
    {
        "thread_id": "(SELECT id FROM threads WHERE threads.seq = traces.thread)",
        "status": """CASE WHEN EXISTS (
            SELECT 1 FROM requests WHERE trace = traces.seq AND requests.status = 'running'
            ) THEN 'running' ELSE status END AS status_now""",
    },
)
_REQUEST_COLUMNS = _columns(
    _REQUEST,
    _TOKENS,
    {"trace_id": "(SELECT id FROM traces WHERE traces.seq = requests.trace)"},
)
_ATTEMPT_COLUMNS = _columns(_ATTEMPT, _TOKENS, {})
