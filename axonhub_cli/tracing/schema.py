"""The tables of `traces.db`, as numbered migrations: functions that never change once released.

    threads ─< traces ─< requests ─< attempts
                            └─< bodies ─── holes filled from ──▶ blobs (content-addressed)
    usage: sums by quarter of an hour, which outlive the requests (see `usage_table.py`)

`attempt` 0 in `bodies` is what the client sent; n is what attempt n sent (`request`) or got
(`answer`). A blob's `used` is the last era in which a request referred to it (see `eras.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from axonhub_cli.errors import StoreError
from axonhub_cli.tracing.usage_migration import m003_usage

Migration = Callable[[sqlite3.Connection], None]


def m001_first_tables(db: sqlite3.Connection) -> None:
    for statement in _FIRST_TABLES.split(";"):
        db.execute(statement)


def m002_links(db: sqlite3.Connection) -> None:
    """`link`: the keys of a request's answer, by which a later one is known to continue it."""
    db.execute("ALTER TABLE requests ADD COLUMN link BLOB")
    db.execute("ALTER TABLE requests ADD COLUMN traceparent TEXT")


def m004_numbers(db: sqlite3.Connection) -> None:
    """`blobs`: the numbers of a body's parts, packed; `parts` has their hashes in older rows."""
    db.execute("ALTER TABLE bodies ADD COLUMN blobs BLOB")


def m005_hours(db: sqlite3.Connection) -> None:
    """`used` was a day: too coarse for a file that reaches its largest size within one."""
    db.execute("UPDATE blobs SET used = used * 24 + 23")
    db.execute("CREATE INDEX blobs_by_use ON blobs (used)")


def m006_filters(db: sqlite3.Connection) -> None:
    """What lists are narrowed by stands in the index they go through, so that they need no row
    but those they show: a million requests without a match cost a tenth of a second."""
    db.execute("DROP INDEX requests_by_time")
    db.execute(
        """CREATE INDEX requests_by_time ON requests
           (at, seq, status, source, channel, client, model, upstream_model)"""
    )


def m007_unpriced(db: sqlite3.Connection) -> None:
    """`unpriced`, as a trace has it: how many answers cost more than `cost_usd`, or nobody knows
    what. Of what is in the file already: those that the client cut off, and those without a cost
    that an upstream served."""
    for table in ("requests", "attempts"):
        db.execute(f"ALTER TABLE {table} ADD COLUMN unpriced INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE attempts ADD COLUMN price TEXT")
    db.execute(
        """UPDATE requests SET unpriced = 1 WHERE operation = 'generate' AND (status = 'canceled'
            OR cost_usd IS NULL AND (status = 'completed' OR output IS NOT NULL))"""
    )


def m008_eras(db: sqlite3.Connection) -> None:
    """`used` was an hour (since 1970), in which a file may grow to its largest size. The hours so
    far become eras: those after which all requests began that an hour's parts can have been for."""
    db.execute(
        """CREATE TABLE eras (
            number INTEGER PRIMARY KEY,
            first INTEGER NOT NULL,
            hour INTEGER,
            bytes INTEGER NOT NULL
        )"""
    )
    query = "SELECT CAST(at / 3600 AS INTEGER), max(seq) FROM requests GROUP BY 1 ORDER BY 1"
    latest = 0
    for hour, last in db.execute(query).fetchall():
        db.execute("INSERT INTO eras VALUES (?, ?, NULL, 0)", (hour, latest + 1))
        latest = max(latest, last)
    db.execute(
        """INSERT INTO eras SELECT 1 + max(coalesce((SELECT max(number) FROM eras), 0),
            coalesce((SELECT max(used) FROM blobs), 0)), ?, NULL, 0""",
        (latest + 1,),
    )


def m009_filters(db: sqlite3.Connection) -> None:
    """`trace` in the index: the traces of which one request failed, or was sent under a name, are
    found without its rows. And the channels that a request left: few attempts fail, so that an
    index of those alone costs next to nothing."""
    db.execute("DROP INDEX requests_by_time")
    db.execute(
        """CREATE INDEX requests_by_time ON requests
           (at, seq, status, source, channel, client, model, upstream_model, trace)"""
    )
    db.execute(
        """CREATE INDEX attempts_failed ON attempts (channel, request)
           WHERE status IN ('failed', 'canceled')"""
    )


MIGRATIONS: tuple[Migration, ...] = (
    *(m001_first_tables, m002_links, m003_usage, m004_numbers, m005_hours, m006_filters),
    *(m007_unpriced, m008_eras, m009_filters),
)


def migrate(db: sqlite3.Connection) -> None:
    """Bring the file up to date, each migration in its own transaction; a new file at once, so
    that nobody sees it half made.

    Raises `StoreError` for a file written by a newer axonhub, which is left as it is.
    """
    if _applied(db) == [migration.__name__ for migration in MIGRATIONS]:
        return
    # Must come before the first table; makes the incremental vacuum of pruning possible.
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at TEXT)")
    if _applied(db):
        for migration in MIGRATIONS:
            _apply(db, [migration])
    else:
        _apply(db, MIGRATIONS)
    check_version(db)


def check_version(db: sqlite3.Connection) -> None:
    """Raises `StoreError` for a file with migrations that this axonhub does not know."""
    known = {migration.__name__ for migration in MIGRATIONS}
    newer = [name for name in _applied(db) if name not in known]
    if newer:
        raise StoreError(
            f"the trace file was written by a newer axonhub (it has {newer[-1]!r})",
            hint="update axonhub, or move the file away to begin a new one",
        )


def check_readable(db: sqlite3.Connection) -> None:
    """Raises `StoreError` for a file that only the daemon can bring up to date, or a newer one."""
    check_version(db)
    if len(_applied(db)) < len(MIGRATIONS):
        raise StoreError(
            "the trace file was written by an older axonhub",
            hint="axonhub restart (it is brought up to date when the daemon starts)",
        )


def is_empty(db: sqlite3.Connection) -> bool:
    """No migration has run: there is nothing to read."""
    return not _applied(db)


def _apply(db: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        for migration in migrations:
            if migration.__name__ not in _applied(db):
                migration(db)
                now = datetime.now(UTC).isoformat(timespec="seconds")
                db.execute("INSERT INTO migrations VALUES (?, ?)", (migration.__name__, now))
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _applied(db: sqlite3.Connection) -> list[str]:
    known = db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").fetchone()
    if known is None:
        return []
    return [name for (name,) in db.execute("SELECT name FROM migrations ORDER BY name")]


# Times are seconds since the epoch, durations milliseconds. Unknown is NULL, never 0.
_FIRST_TABLES = """
CREATE TABLE threads (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    started_at REAL NOT NULL
);
CREATE TABLE traces (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    thread INTEGER REFERENCES threads,
    client TEXT,
    title TEXT,
    started_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    last_at REAL NOT NULL,
    status TEXT NOT NULL,
    requests INTEGER NOT NULL,
    models TEXT NOT NULL,
    channels TEXT NOT NULL,
    input INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    cost_usd REAL
);
CREATE INDEX traces_by_update ON traces (updated_at);
CREATE INDEX traces_by_thread ON traces (thread) WHERE thread IS NOT NULL;
CREATE TABLE requests (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    trace INTEGER REFERENCES traces,
    at REAL NOT NULL,
    source TEXT NOT NULL,
    key TEXT,
    profile TEXT,
    client TEXT,
    user_agent TEXT,
    protocol TEXT NOT NULL,
    operation TEXT NOT NULL,
    model TEXT,
    stream INTEGER NOT NULL,
    channel TEXT,
    upstream_model TEXT,
    upstream_protocol TEXT,
    status TEXT NOT NULL,
    http_status INTEGER,
    error TEXT,
    stop_reason TEXT,
    first_token_ms REAL,
    total_ms REAL,
    input INTEGER,
    cache_read INTEGER,
    cache_write INTEGER,
    cache_write_5m INTEGER,
    cache_write_1h INTEGER,
    output INTEGER,
    reasoning INTEGER,
    cost_usd REAL,
    price TEXT,
    agent_id TEXT,
    parent_agent_id TEXT,
    prompt_id TEXT,
    request_class TEXT,
    losses TEXT,
    headers BLOB,
    decision BLOB
);
CREATE INDEX requests_by_time ON requests (at);
CREATE INDEX requests_by_trace ON requests (trace, at) WHERE trace IS NOT NULL;
CREATE INDEX requests_running ON requests (trace) WHERE status = 'running';
CREATE TABLE attempts (
    request INTEGER NOT NULL REFERENCES requests,
    n INTEGER NOT NULL,
    channel TEXT NOT NULL,
    label TEXT,
    upstream_model TEXT NOT NULL,
    upstream_protocol TEXT NOT NULL,
    url TEXT,
    upstream_request_id TEXT,
    status TEXT NOT NULL,
    http_status INTEGER,
    error TEXT,
    stop_reason TEXT,
    offset_ms REAL NOT NULL,
    delay_ms REAL NOT NULL,
    first_event_ms REAL,
    ms REAL,
    input INTEGER,
    cache_read INTEGER,
    cache_write INTEGER,
    cache_write_5m INTEGER,
    cache_write_1h INTEGER,
    output INTEGER,
    reasoning INTEGER,
    cost_usd REAL,
    answer_dropped INTEGER NOT NULL,
    PRIMARY KEY (request, n)
) WITHOUT ROWID;
CREATE TABLE bodies (
    seq INTEGER PRIMARY KEY,
    request INTEGER NOT NULL REFERENCES requests,
    attempt INTEGER NOT NULL,
    kind TEXT NOT NULL,
    size INTEGER NOT NULL,
    base_start INTEGER,
    base_end INTEGER,
    parts BLOB,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX bodies_by_request ON bodies (request, attempt, kind);
CREATE TABLE blobs (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    used INTEGER NOT NULL,
    size INTEGER NOT NULL,
    data BLOB NOT NULL
)
"""
