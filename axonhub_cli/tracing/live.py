"""What happens now, for whoever listens: requests as they begin and as they end.

A beginning is told by the request path at once, an end by the writer thread when it has read the
answer (within its batch, 0.2 s), so that tokens and cost are in it. While nobody listens, neither
costs more than a look at an empty set.
"""

from __future__ import annotations

import asyncio
from typing import Any

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json
from axonhub_cli.tracing.entries import Entry
from axonhub_cli.tracing.recorder import RequestRecord
from axonhub_cli.tracing.redact import Redactor
from axonhub_cli.tracing.rows import AttemptRow, RequestRow, Tokens

MOST_WAITING = 1000
"""Events; a listener that is so far behind misses some, and is told how many."""

Event = dict[str, Json]


class Listener:
    """One who listens: `take` waits for the next event, None when the feed has closed."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(MOST_WAITING)
        self._missed = 0

    async def take(self) -> Event | None:
        if self._missed and self._events.empty():
            missed, self._missed = self._missed, 0
            return {"event": "missed", "count": missed}
        return await self._events.get()

    def put(self, event: Event | None) -> None:
        if self._events.full():
            if event is not None:
                self._missed += 1
                return
            self._events.get_nowait()
        self._events.put_nowait(event)


class Feed:
    """Belongs to one event loop; `finished` alone may be called by another thread."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def listen(self) -> Listener:
        """A new listener; `leave` when it is done."""
        self._loop = asyncio.get_running_loop()
        listener = Listener()
        if self._closed:
            listener.put(None)
        else:
            self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    def close(self) -> None:
        """The daemon ends: so do all who listen."""
        self._closed = True
        self._publish(None)
        self._listeners.clear()

    def started(self, record: RequestRecord) -> None:
        if self._listeners:
            self._publish({"event": "started"} | _begun(record).as_json())

    def finished(self, entry: Entry) -> None:
        loop = self._loop
        if not self._listeners or loop is None or loop.is_closed():
            return
        row = row_of(entry).as_json()
        loop.call_soon_threadsafe(self._publish, {"event": "finished"} | row)

    def _publish(self, event: Event | None) -> None:
        for listener in list(self._listeners):
            listener.put(event)


def row_of(entry: Entry) -> RequestRow:
    """An entry as the store will give it back (its number aside)."""
    columns: dict[str, Any] = {
        name: entry.request.get(name) for name in RequestRow.__struct_fields__
    }
    losses = columns["losses"]
    columns |= {
        "seq": 0,
        "trace_id": entry.trace_id,
        "losses": tuple(jsonio.decode(losses.encode())) if losses else (),
        "tokens": _tokens(entry.request),
        "attempts": tuple(
            AttemptRow(**_attempt(row), n=n, tokens=_tokens(row))
            for n, row in enumerate(entry.attempts, 1)
        ),
    }
    return RequestRow(**columns)


def _begun(record: RequestRecord) -> RequestRow:
    columns: dict[str, Any] = dict.fromkeys(RequestRow.__struct_fields__)
    columns |= {name: getattr(record, name) for name in _AT_THE_BEGINNING}
    clean = Redactor().text
    for name in ("model", "trace_id", "agent_id", "parent_agent_id"):
        columns[name] = None if columns[name] is None else clean(columns[name])
    none = {"seq": 0, "losses": (), "tokens": Tokens(), "attempts": (), "unpriced": 0}
    return RequestRow(**(columns | none))


_AT_THE_BEGINNING = (
    *("id", "trace_id", "at", "source", "key", "profile", "client", "protocol", "operation"),
    *("model", "stream", "status", "agent_id", "parent_agent_id"),
)


def _attempt(row: dict[str, Any]) -> dict[str, Any]:
    given = ("n", "tokens")
    return {name: row.get(name) for name in AttemptRow.__struct_fields__ if name not in given}


def _tokens(row: dict[str, Any]) -> Tokens:
    return Tokens(*(row.get(name) for name in Tokens.__struct_fields__))
