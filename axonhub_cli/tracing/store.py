"""The seam: what a store of traces can do, and the one there is, in SQLite.

One process, one thread, one connection writes; any number read (`queries.py`). A batch is one
transaction. WAL with `synchronous = NORMAL` means that a killed process loses nothing committed,
a power cut at most the last commits, and neither breaks the file.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import sleep
from typing import NamedTuple, Protocol

from axonhub_cli.errors import StoreError
from axonhub_cli.tracing.batch import Batch, Redact
from axonhub_cli.tracing.blob_table import BlobTable
from axonhub_cli.tracing.broken_files import move_aside, take_over_usage
from axonhub_cli.tracing.entries import Entry
from axonhub_cli.tracing.eras import largest_era
from axonhub_cli.tracing.fingerprint import Keys, split_keys
from axonhub_cli.tracing.pace import no_rest
from axonhub_cli.tracing.prune import Limits, Pruner, Step, file_bytes, used_bytes
from axonhub_cli.tracing.schema import check_version, migrate
from axonhub_cli.tracing.transaction import transaction

BUSY_SECONDS = 2.0
TRIES = 3
OPEN_TRIES = 20
OPEN_PAUSE_S = 0.02
LARGEST_IDLE_LOG = 16 * 1024 * 1024
"""Bytes that the write-ahead log may keep after it grew in one long read or large batch."""

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BAD_VALUES = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
)

logger = logging.getLogger("axonhub")


class StoreBroken(StoreError):
    """The file is damaged: no use to try again."""


class _File(NamedTuple):
    device: int
    inode: int
    is_empty: bool
    """Not asked of a log, which is empty now and then."""


class TraceStore(Protocol):
    """What a store can do. Each method raises `StoreError` when it could not."""

    def open(self) -> None: ...

    def write(
        self, entries: Sequence[Entry], redact: Redact, rest: Callable[[], None] = no_rest
    ) -> None:
        """All or nothing. Any other exception than `StoreError` means that an entry is at fault.

        `rest` is called between pieces of work, for others to go first.
        """

    def fail_running(self, reason: str) -> int:
        """End all requests that were left running; returns how many."""

    def recent_links(self, most: int) -> list[tuple[Keys, str]]:
        """Keys of the last answers and the traces they are in, oldest first; of at most so many
        requests."""

    def prune(self, limits: Limits, now: float) -> Step:
        """Forget a little of what is beyond the limits; call again while there is more.

        `now` is seconds since the epoch.
        """

    def check(self) -> None:
        """Raise `StoreError` where readers would fail. Takes a few milliseconds."""

    def set_aside(self) -> None:
        """Move a broken store away, so that `open` begins a new one."""

    def close(self) -> None: ...


class SqliteStore:
    """A `TraceStore` in one file, for the thread that calls `open`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._blobs = BlobTable()
        self._pruner = Pruner(self._blobs.packer.unpack)
        self._limit: int | None = None
        self._pruned = False
        self._version: int | None = None
        self._files: list[_File | None] = []
        self._damaged: Path | None = None
        """What was set aside, and holds sums that the new file is to have."""

    def open(self) -> None:
        """Open, creating what is missing; also again, when the file or its log was moved or
        deleted."""
        if self._db is not None:
            files = _look_at(self._path)
            if files == self._files:
                return
            if (emptied := files[0]) is not None and emptied.is_empty:
                raise StoreBroken(f"the trace file {self._path} was emptied")
        for remaining in reversed(range(OPEN_TRIES)):
            self.close()
            try:
                self._begin()
                return
            except (OSError, sqlite3.Error, StoreError) as error:
                self.close()
                is_busy = isinstance(error, sqlite3.Error) and _code(error) in _BUSY
                if not is_busy or not remaining:
                    raise _explain(error, self._path) from error
            # A file's first opener makes it a log, and for that moment nobody is let to wait.
            sleep(OPEN_PAUSE_S)

    def _begin(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its side files the mode of this one.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(self._path, isolation_level=None, timeout=BUSY_SECONDS)
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(f"PRAGMA journal_size_limit = {LARGEST_IDLE_LOG}")
        migrate(self._db)
        check_version(self._db)
        self._files = _look_at(self._path)
        if self._damaged is not None:
            damaged, self._damaged = self._damaged, None
            rows = take_over_usage(damaged, self._db)
            logger.warning("sums of use and cost taken over from %s: %d rows", damaged.name, rows)

    def write(
        self, entries: Sequence[Entry], redact: Redact, rest: Callable[[], None] = no_rest
    ) -> None:
        def put(db: sqlite3.Connection) -> None:
            Batch(db, self._blobs, redact, partial(self._largest_era, db), rest).write(entries)
            rest()

        self._transact(put)

    def _largest_era(self, db: sqlite3.Connection) -> int:
        return largest_era(used_bytes(db), self._limit)

    def fail_running(self, reason: str) -> int:
        ended = 0

        def end(db: sqlite3.Connection) -> None:
            nonlocal ended
            for statement in _FAIL_RUNNING:
                ended = db.execute(statement, {"reason": reason}).rowcount

        self._transact(end)
        return ended

    def recent_links(self, most: int) -> list[tuple[Keys, str]]:
        assert self._db is not None, "open() comes first"
        try:
            rows = self._db.execute(_RECENT_LINKS, (most,)).fetchall()
        except sqlite3.Error as error:
            raise _explain(error, self._path) from error
        return [(split_keys(link), trace) for link, trace in reversed(rows)]

    def prune(self, limits: Limits, now: float) -> Step:
        assert self._db is not None, "open() comes first"
        self._limit = limits.max_bytes
        try:
            step = self._pruner.step(self._db, limits, now)
            if self._pruned and not step.more:
                # What was freed is given back when the log is written into the file.
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._pruned = step.more
        except sqlite3.Error as error:
            raise _explain(error, self._path) from error
        if step.parts:
            self._blobs.forget()
        return step

    def check(self) -> None:
        # The writer's own connection may know by heart what is damaged in the file.
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS)) as db:
                for question in _QUESTIONS:
                    db.execute(question).fetchall()
        except sqlite3.Error as error:
            if _code(error) in _BROKEN:
                raise _explain(error, self._path) from error

    def size(self) -> int:
        """Bytes of the file, once its log is written into it."""
        assert self._db is not None, "open() comes first"
        try:
            return file_bytes(self._db)
        except sqlite3.Error as error:
            raise _explain(error, self._path) from error

    def count_older(self, before: float) -> tuple[int, int]:
        """How many requests began before a time, and how many did not."""
        assert self._db is not None, "open() comes first"
        query = "SELECT coalesce(sum(at < ?), 0), count(*) FROM requests"
        try:
            older, all_of_them = self._db.execute(query, (before,)).fetchone()
        except sqlite3.Error as error:
            raise _explain(error, self._path) from error
        return older, all_of_them - older

    def compact(self) -> None:
        """Give what pruning freed back to the system, as far as no reader is in the way."""
        assert self._db is not None, "open() comes first"
        with contextlib.suppress(sqlite3.Error):
            self._db.executescript("PRAGMA incremental_vacuum")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def set_aside(self) -> None:
        self.close()
        try:
            self._damaged = move_aside(self._path)
        except OSError as error:
            raise _explain(error, self._path) from error

    def close(self) -> None:
        db, self._db = self._db, None
        self._blobs.forget()
        if db is not None:
            with contextlib.suppress(sqlite3.Error):
                db.close()

    def _transact(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do the work in one transaction, again when another process held the file."""
        assert self._db is not None, "open() comes first"
        for remaining in reversed(range(TRIES)):
            try:
                with transaction(self._db):
                    self._notice_others(self._db)
                    work(self._db)
                return
            except BaseException as error:
                self._blobs.forget()
                if isinstance(error, _BAD_VALUES) or not isinstance(error, sqlite3.Error):
                    raise
                if _code(error) not in _BUSY or not remaining:
                    raise _explain(error, self._path) from error

    def _notice_others(self, db: sqlite3.Connection) -> None:
        """What another process has written or pruned, nothing here knows of."""
        (version,) = db.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version = version
            self._blobs.forget()


def _explain(error: Exception, path: Path) -> StoreError:
    if isinstance(error, StoreError):
        return error
    hint = "requests go on without being recorded; see that the folder is writable and has room"
    if isinstance(error, sqlite3.Error) and _code(error) in _BROKEN:
        return StoreBroken(f"the trace file {path} is damaged: {error}")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return StoreError(f"cannot write the trace file {path}: {reason}", hint=hint)


def _code(error: sqlite3.Error) -> int:
    """The primary result code, without the details in the upper bytes."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _look_at(path: Path) -> list[_File | None]:
    """The file, its log and the log's index: what is written to one that somebody deleted is lost,
    and nobody would be told."""
    found: list[_File | None] = []
    for suffix in ("", "-wal", "-shm"):
        try:
            stat = os.stat(f"{path}{suffix}")
        except OSError:
            found.append(None)
        else:
            found.append(_File(stat.st_dev, stat.st_ino, not (suffix or stat.st_size)))
    return found


_RECENT_LINKS = """
    SELECT last.link, traces.id FROM
        (SELECT seq, link, trace FROM requests ORDER BY seq DESC LIMIT ?) AS last
    JOIN traces ON traces.seq = last.trace
    WHERE last.link IS NOT NULL ORDER BY last.seq DESC"""
_QUESTIONS = (
    "SELECT * FROM traces ORDER BY updated_at DESC LIMIT 20",
    "SELECT * FROM requests ORDER BY at DESC LIMIT 20",
    "SELECT * FROM attempts WHERE request > (SELECT max(seq) - 20 FROM requests)",
    "SELECT sum(length(data)) FROM bodies WHERE request > (SELECT max(seq) - 20 FROM requests)",
    "SELECT sum(requests) FROM usage",
    "SELECT max(seq), max(used), max(hash) FROM blobs",
)
_FAIL_RUNNING = (
    """UPDATE attempts SET status = 'failed', error = coalesce(error, :reason)
       WHERE status = 'running'
       AND request IN (SELECT seq FROM requests WHERE status = 'running')""",
    """UPDATE traces SET status = 'failed' WHERE status = 'running'
       AND seq IN (SELECT trace FROM requests WHERE status = 'running')""",
    """UPDATE requests SET status = 'failed', error = coalesce(error, :reason)
       WHERE status = 'running'""",
)
