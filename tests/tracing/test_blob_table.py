import sqlite3
from collections.abc import Iterator

import pytest

from axonhub_cli.tracing.blob_table import BlobTable
from axonhub_cli.tracing.schema import migrate


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    yield connection
    connection.close()


def same(part: bytes) -> bytes:
    return part


def stored(db: sqlite3.Connection) -> list[tuple[int, int]]:
    return db.execute("SELECT used, size FROM blobs ORDER BY seq").fetchall()


def test_a_part_is_stored_once(db: sqlite3.Connection) -> None:
    table = BlobTable()
    names = {table.keep(db, part, 7, same) for part in (b"part", memoryview(b"part"), b"part")}
    assert len(names) == 1
    assert stored(db) == [(7, 4)]


def test_a_part_is_marked_as_used_on_a_later_day_only(db: sqlite3.Connection) -> None:
    table = BlobTable()
    for day in (7, 9, 8):
        table.keep(db, b"part", day, same)
    assert stored(db) == [(9, 4)]
    BlobTable().keep(db, b"part", 10, same)
    assert stored(db) == [(10, 4)]


def test_what_is_forgotten_is_looked_up_again(db: sqlite3.Connection) -> None:
    table = BlobTable()
    db.execute("BEGIN")
    table.keep(db, b"part", 7, same)
    db.execute("ROLLBACK")
    table.forget()
    table.keep(db, b"part", 7, same)
    assert stored(db) == [(7, 4)]


def test_memory_is_bounded_and_parts_in_use_stay_in_it(db: sqlite3.Connection) -> None:
    table = BlobTable(generation=4)
    for number in range(20):
        table.keep(db, b"always", 7, same)
        table.keep(db, b"%d" % number, 7, same)
    db.execute("DELETE FROM blobs")
    table.keep(db, b"always", 7, same)
    assert stored(db) == []
    table.keep(db, b"0", 7, same)
    assert stored(db) == [(7, 1)]


def test_a_part_is_cleaned_before_it_is_stored(db: sqlite3.Connection) -> None:
    table = BlobTable()
    table.keep(db, b"a secret", 7, lambda part: part.replace(b"secret", b"******"))
    (data,) = db.execute("SELECT data FROM blobs").fetchone()
    assert table.packer.unpack(data) == b"a ******"
