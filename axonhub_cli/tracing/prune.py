"""Forget the oldest requests, in steps so small that a writer never waits long for the file.

    parts nobody refers to ──▶ gone      at most 500 a step
    requests too old, or too many ──▶ gone with their bodies, at most 100 a step
    free pages ──▶ given back to the system, at most 256 a step

A step does the first of these that there is to do. A trace goes with its last request; the sums of
use and cost stay. Parts know the last hour in which a request referred to them, so whatever was
used before the oldest request's hour is nobody's.
"""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from axonhub_cli.config.durations import seconds
from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.config.sizes import size

SECONDS_AN_HOUR = 3600
REQUESTS = 100
PARTS = 500
PAGES = 256
ENOUGH = 0.9
"""Of the largest size: so far is shrunk what grew over it, so that it is not at once again."""


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


class Pruner:
    """Takes step after step; knows whether a file that grew too large is being shrunk."""

    def __init__(self) -> None:
        self._shrinking = False

    def step(self, db: sqlite3.Connection, limits: Limits, now: float) -> Step:
        """One step, in a transaction of its own. `now` is seconds since the epoch."""
        db.execute("BEGIN IMMEDIATE")
        try:
            if parts := _drop_parts(db):
                done = Step(parts=parts)
            else:
                done = Step(requests=self._drop_requests(db, limits, now))
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
        return done if done.more else Step(pages=_give_back(db))

    def _drop_requests(self, db: sqlite3.Connection, limits: Limits, now: float) -> int:
        before = None if limits.keep_s is None else now - limits.keep_s
        if self._is_too_large(db, limits.max_bytes):
            before = None
        elif before is None:
            return 0
        query = """SELECT seq FROM requests WHERE status <> 'running' AND at < ?
            ORDER BY at LIMIT ?"""
        until = float("inf") if before is None else before
        return _forget(db, [seq for (seq,) in db.execute(query, (until, REQUESTS))])

    def _is_too_large(self, db: sqlite3.Connection, most: int | None) -> bool:
        if most is None:
            return False
        used = used_bytes(db)
        self._shrinking = used > (most * ENOUGH if self._shrinking else most)
        return self._shrinking


def used_bytes(db: sqlite3.Connection) -> int:
    """What is in the file, without its free pages."""
    pages, free, each = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * each


def _forget(db: sqlite3.Connection, requests: list[int]) -> int:
    if not requests:
        return 0
    marks = ", ".join("?" * len(requests))
    query = f"SELECT DISTINCT trace FROM requests WHERE seq IN ({marks}) AND trace IS NOT NULL"
    traces = [trace for (trace,) in db.execute(query, requests)]
    db.execute(f"DELETE FROM bodies WHERE request IN ({marks})", requests)
    db.execute(f"DELETE FROM attempts WHERE request IN ({marks})", requests)
    db.execute(f"DELETE FROM requests WHERE seq IN ({marks})", requests)
    marks = ", ".join("?" * len(traces))
    query = f"SELECT DISTINCT thread FROM traces WHERE seq IN ({marks}) AND thread IS NOT NULL"
    threads = [thread for (thread,) in db.execute(query, traces)]
    db.execute(
        f"""DELETE FROM traces WHERE seq IN ({marks})
            AND NOT EXISTS (SELECT 1 FROM requests WHERE trace = traces.seq)""",
        traces,
    )
    marks = ", ".join("?" * len(threads))
    db.execute(
        f"""DELETE FROM threads WHERE seq IN ({marks})
            AND NOT EXISTS (SELECT 1 FROM traces WHERE thread = threads.seq)""",
        threads,
    )
    return len(requests)


def _drop_parts(db: sqlite3.Connection) -> int:
    """Delete parts that no request refers to any more."""
    (oldest,) = db.execute("SELECT min(at) FROM requests").fetchone()
    # A request counts for the hour in which it ended, and that is never before it began.
    hour = None if oldest is None else int(oldest // SECONDS_AN_HOUR)
    return db.execute(
        """DELETE FROM blobs WHERE seq IN
            (SELECT seq FROM blobs WHERE used < coalesce(?, 9e9) ORDER BY used LIMIT ?)""",
        (hour, PARTS),
    ).rowcount


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
    return int(db.execute("PRAGMA freelist_count").fetchone()[0])
