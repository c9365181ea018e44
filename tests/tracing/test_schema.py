import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from axonhub_cli.errors import StoreError
from axonhub_cli.tracing.schema import (
    MIGRATIONS,
    check_readable,
    check_version,
    is_empty,
    m007_unpriced,
    migrate,
)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "traces.db", isolation_level=None)
    yield connection
    connection.close()


def test_an_empty_file_gets_every_migration_once(db: sqlite3.Connection) -> None:
    assert is_empty(db)
    migrate(db)
    migrate(db)
    applied = [name for (name,) in db.execute("SELECT name FROM migrations")]
    assert applied == [migration.__name__ for migration in MIGRATIONS]
    assert not is_empty(db)


def test_the_file_is_ready_for_readers_and_for_pruning(db: sqlite3.Connection) -> None:
    migrate(db)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    incremental = 2
    assert db.execute("PRAGMA auto_vacuum").fetchone() == (incremental,)


def test_a_newer_file_is_left_alone(db: sqlite3.Connection) -> None:
    migrate(db)
    db.execute("INSERT INTO migrations VALUES ('m999_later', '')")
    with pytest.raises(StoreError, match="newer axonhub.*m999_later"):
        migrate(db)
    with pytest.raises(StoreError):
        check_version(db)


def test_a_file_that_is_behind_is_not_read_as_it_is(db: sqlite3.Connection) -> None:
    migrate(db)
    check_readable(db)
    db.execute("DELETE FROM migrations WHERE name = ?", (MIGRATIONS[-1].__name__,))
    with pytest.raises(StoreError, match="older axonhub"):
        check_readable(db)


def test_a_migration_that_fails_leaves_nothing(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE blobs (old)")
    with pytest.raises(sqlite3.OperationalError):
        migrate(db)
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
    assert "requests" not in tables
    assert not db.in_transaction


def test_migrations_are_numbered_in_order() -> None:
    numbers = [int(migration.__name__[1:4]) for migration in MIGRATIONS]
    assert numbers == list(range(1, len(MIGRATIONS) + 1))


def test_nobody_sees_a_new_file_half_made(tmp_path: Path) -> None:
    file = tmp_path / "traces.db"
    db, other = (sqlite3.connect(file, isolation_level=None) for _ in range(2))
    seen: list[int] = []

    def look(statement: str) -> None:
        if statement.startswith("INSERT INTO migrations"):
            seen.append(len(other.execute("SELECT * FROM migrations").fetchall()))

    db.set_trace_callback(look)
    migrate(db)
    assert seen == [0] * len(MIGRATIONS)
    db.close()
    other.close()


def test_of_older_requests_it_is_told_whose_cost_is_not_known_in_full(
    db: sqlite3.Connection,
) -> None:
    migrate(db)
    for table, column in (
        ("requests", "unpriced"),
        ("attempts", "unpriced"),
        ("attempts", "price"),
    ):
        db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for number, (status, operation, cost, output) in enumerate(
        (
            ("completed", "generate", 0.5, 7),
            ("completed", "generate", None, 7),
            ("canceled", "generate", 0.5, 7),
            ("failed", "generate", None, None),
            ("failed", "generate", None, 7),
            ("completed", "count_tokens", None, None),
            ("running", "generate", None, None),
        )
    ):
        db.execute(
            """INSERT INTO requests (seq, id, at, source, protocol, stream, status, operation,
            cost_usd, output) VALUES (?, ?, 0, 'api', 'anthropic', 0, ?, ?, ?, ?)""",
            (number, f"r{number}", status, operation, cost, output),
        )
    m007_unpriced(db)
    found = [value for (value,) in db.execute("SELECT unpriced FROM requests ORDER BY seq")]
    assert found == [0, 1, 1, 0, 1, 0, 0]
