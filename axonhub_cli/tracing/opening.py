"""Open the trace file to read it, by a connection that cannot write; no daemon needs to run.

Where there is no file yet, there is nothing to list.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from axonhub_cli.errors import StoreError
from axonhub_cli.tracing.schema import check_readable, is_empty, migrate


def open_to_read(path: Path) -> sqlite3.Connection:
    """Raises `StoreError` for a file that cannot be read."""
    try:
        return _open_existing(path) if path.exists() else _empty()
    except (sqlite3.Error, OSError) as error:
        raise unreadable(path, error) from error


def _open_existing(path: Path) -> sqlite3.Connection:
    """A connection that reads.

    Reading in WAL mode needs side files. Where they cannot be made or opened, and hold nothing,
    whoever reads cannot write, and the file is read as it stands.
    """
    uri = f"file:{quote(str(path))}?mode=ro"
    try:
        return _checked(uri)
    except sqlite3.OperationalError:
        log = Path(f"{path}-wal")
        if log.exists() and log.stat().st_size:
            raise
        return _checked(f"{uri}&immutable=1")


def _checked(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(uri, uri=True, isolation_level=None)
    try:
        empty = is_empty(db)
        if not empty:
            check_readable(db)
    except BaseException:
        db.close()
        raise
    if empty:
        db.close()
        return _empty()
    return db


def _empty() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    return db


def unreadable(path: Path, error: Exception) -> StoreError:
    """What to tell of an error that SQLite raised, or the file system."""
    reason = error.strerror if isinstance(error, OSError) else error
    # A `DatabaseError` of no finer kind tells of damage: not a database, a malformed image.
    damaged = type(error) is sqlite3.DatabaseError
    hint = "a daemon sets a damaged file aside and begins a new one: axonhub restart"
    message = f"cannot read the trace file {path}: {reason}"
    return StoreError(message, hint=hint if damaged else None)
