import sqlite3
from collections.abc import Iterator

import pytest

from axonhub_cli.tracing.transaction import transaction


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
    connection.execute(
        """CREATE TABLE children
           (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"""
    )
    yield connection
    connection.close()


def children(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM children").fetchone()[0])


def test_what_is_done_to_the_end_is_kept(db: sqlite3.Connection) -> None:
    with transaction(db):
        db.execute("INSERT INTO parents VALUES (1)")
        db.execute("INSERT INTO children VALUES (1)")
    assert children(db) == 1
    assert not db.in_transaction


def test_nothing_is_left_of_work_that_failed(db: sqlite3.Connection) -> None:
    with pytest.raises(RuntimeError), transaction(db):
        db.execute("INSERT INTO parents VALUES (1)")
        db.execute("INSERT INTO children VALUES (1)")
        raise RuntimeError
    assert children(db) == 0
    assert not db.in_transaction


def test_a_commit_that_fails_leaves_no_transaction_open(db: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError), transaction(db):
        db.execute("INSERT INTO children VALUES (7)")
    assert not db.in_transaction
    assert children(db) == 0


def test_a_failure_is_told_where_sqlite_has_rolled_back_by_itself(db: sqlite3.Connection) -> None:
    with pytest.raises(RuntimeError), transaction(db):
        db.execute("ROLLBACK")
        raise RuntimeError
