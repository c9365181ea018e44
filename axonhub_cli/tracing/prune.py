"""Forget the oldest requests, in steps so small that a writer never waits long for the file.

    parts nobody refers to ──▶ gone      at most 500 a step
    requests too old, or too many ──▶ gone with their bodies, at most 100 a step
    free pages ──▶ given back to the system, at most 256 a step

A step takes some megabytes at most, and gives pages back when nothing else is to do. A trace goes
with its last request; the sums of use and cost stay. Of a file that grew too large those go
that were written first, era by era (see `eras.py`), until nine tenths of the limit are left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from msgspec import Struct

from axonhub_cli.config.durations import seconds
from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.config.sizes import size
from axonhub_cli.tracing.eras import (
    ROW_BYTES,
    forget_before,
    keep_running,
    next_begin,
    oldest_era,
    oldest_request,
)
from axonhub_cli.tracing.transaction import transaction

REQUESTS = 100
PARTS = 500
PAGES = 256
STEP_BYTES = 4 * 1024 * 1024
"""A step with so many ends, whatever else it could take with it."""
ENOUGH = 0.9
"""Of the largest size: so far is shrunk what grew over it, so that it is not at once again."""

_OWN_BYTES = f"""SELECT seq, {ROW_BYTES} + (
        SELECT coalesce(sum(length(data)), 0) FROM bodies WHERE request = requests.seq
    ) FROM requests WHERE status <> 'running'"""


class Limits(Struct, frozen=True):
    """What may stay; None: any age, any size."""

    keep_s: float | None = None
    max_bytes: int | None = None


class Step(Struct, frozen=True):
    """What a step did. `more`: another one has something to do."""

    requests: int = 0
    parts: int = 0
    pages: int = 0

    @property
    def more(self) -> bool:
        return bool(self.requests or self.parts or self.pages)


def limits_of(settings: TraceSettings) -> Limits:
    """The limits of a configuration that was checked."""
    return Limits(
        None if settings.keep == "forever" else seconds(settings.keep),
        None if settings.max_size == "unlimited" else size(settings.max_size),
    )


class _Room(Struct):
    """What one step may still take."""

    requests: int = REQUESTS
    parts: int = PARTS
    size: int = STEP_BYTES

    def is_left(self) -> bool:
        return self.requests > 0 and self.parts > 0 and self.size > 0


class Pruner:
    """Takes step after step; knows whether a file that grew too large is being shrunk.

    `unpack`: what the numbers of a body's parts were packed with.
    """

    def __init__(self, unpack: Callable[[bytes], bytes]) -> None:
        self._shrinking = False
        self._unpack = unpack

    def step(self, db: sqlite3.Connection, limits: Limits, now: float) -> Step:
        """One step, in a transaction of its own. `now` is seconds since the epoch."""
        room = _Room()
        with transaction(db):
            while room.is_left():
                if not (
                    _drop_parts(db, self._unpack, room)
                    or self._drop_requests(db, limits, now, room)
                ):
                    break
        done = Step(REQUESTS - room.requests, PARTS - room.parts)
        return done if done.more else Step(pages=_give_back(db))

    def _drop_requests(
        self, db: sqlite3.Connection, limits: Limits, now: float, room: _Room
    ) -> int:
        gone: list[int] = []
        if limits.keep_s is not None:
            query = f"{_OWN_BYTES} AND at < ? ORDER BY at LIMIT ?"
            found = db.execute(query, (now - limits.keep_s, room.requests))
            gone = _take(found, room, room.size)
        over = 0 if gone else self._too_much(db, limits.max_bytes)
        if over > 0:
            gone = _oldest(db, room, over)
        room.requests -= len(gone)
        _forget(db, gone)
        return len(gone)

    def _too_much(self, db: sqlite3.Connection, most: int | None) -> int:
        """So many bytes are to go."""
        if most is None:
            return 0
        used = used_bytes(db)
        self._shrinking = used > (most * ENOUGH if self._shrinking else most)
        return used - int(most * ENOUGH) if self._shrinking else 0


def file_bytes(db: sqlite3.Connection) -> int:
    """The file, as it is with what its log brings."""
    return _pragma(db, "page_count") * _pragma(db, "page_size")


def used_bytes(db: sqlite3.Connection) -> int:
    """What is in the file, without its free pages."""
    return file_bytes(db) - _free_pages(db) * _pragma(db, "page_size")


def _forget(db: sqlite3.Connection, requests: list[int]) -> None:
    if not requests:
        return
    marks = _marks(requests)
    query = f"SELECT DISTINCT trace FROM requests WHERE seq IN ({marks}) AND trace IS NOT NULL"
    traces = [trace for (trace,) in db.execute(query, requests)]
    db.execute(f"DELETE FROM bodies WHERE request IN ({marks})", requests)
    db.execute(f"DELETE FROM attempts WHERE request IN ({marks})", requests)
    db.execute(f"DELETE FROM requests WHERE seq IN ({marks})", requests)
    marks = _marks(traces)
    query = f"SELECT DISTINCT thread FROM traces WHERE seq IN ({marks}) AND thread IS NOT NULL"
    threads = [thread for (thread,) in db.execute(query, traces)]
    db.execute(
        f"""DELETE FROM traces WHERE seq IN ({marks})
            AND NOT EXISTS (SELECT 1 FROM requests WHERE trace = traces.seq)""",
        traces,
    )
    marks = _marks(threads)
    db.execute(
        f"""DELETE FROM threads WHERE seq IN ({marks})
            AND NOT EXISTS (SELECT 1 FROM traces WHERE thread = threads.seq)""",
        threads,
    )


def _oldest(db: sqlite3.Connection, room: _Room, size: int) -> list[int]:
    """The requests written first that brought so many bytes, and are of one era: what its parts
    took is known once they are gone."""
    oldest = oldest_request(db)
    if oldest is None:
        return []
    end = next_begin(db, oldest)
    query = f"{_OWN_BYTES} AND seq < coalesce(?, 9e18) ORDER BY seq LIMIT ?"
    return _take(db.execute(query, (end, room.requests)), room, size)


def _take(rows: sqlite3.Cursor, room: _Room, size: int) -> list[int]:
    """The first numbers of rows that sum to so many bytes, or a little more."""
    taken: list[int] = []
    left = min(size, room.size)
    for number, own in rows:
        taken.append(number)
        left -= own
        room.size -= own
        if left <= 0:
            break
    rows.close()
    return taken


def _drop_parts(db: sqlite3.Connection, unpack: Callable[[bytes], bytes], room: _Room) -> int:
    """Delete parts that no request refers to any more."""
    era = oldest_era(db)
    if era is None:
        return 0
    query = "SELECT seq, length(data) FROM blobs WHERE used < ? ORDER BY used LIMIT ?"
    if db.execute(query, (era, 1)).fetchone() is None:
        forget_before(db, era)
        return 0
    keep_running(db, era, unpack)
    unused = _take(db.execute(query, (era, room.parts)), room, room.size)
    room.parts -= len(unused)
    db.execute(f"DELETE FROM blobs WHERE seq IN ({_marks(unused)})", unused)
    return len(unused)


def _give_back(db: sqlite3.Connection) -> int:
    """Give free pages back to the system; how many. None of a file that another program rebuilt:
    only one that was made for it can do that."""
    free = _free_pages(db)
    if free < PAGES:
        return 0
    # `execute` would take one step of it, which is one page.
    db.executescript(f"PRAGMA incremental_vacuum({PAGES})")
    return free - _free_pages(db)


def _free_pages(db: sqlite3.Connection) -> int:
    return _pragma(db, "freelist_count")


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _marks(values: list[int]) -> str:
    return ", ".join("?" * len(values))
