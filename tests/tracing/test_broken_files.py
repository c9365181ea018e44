import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from axonhub_cli.tracing.broken_files import MOST, find_broken, move_aside, take_over_usage
from axonhub_cli.tracing.entries import finished_entry
from axonhub_cli.tracing.schema import migrate
from axonhub_cli.tracing.store import SqliteStore, StoreBroken
from tests.tracing.records import NOON, context, record

PAGE = 4096


def filled(path: Path, quarters: int) -> None:
    """A trace file with so many rows of use."""
    store = SqliteStore(path)
    store.open()
    for number in range(quarters):
        one = record(f"r{number}", at=NOON + 900 * number, client="c" * 900)
        store.write([finished_entry(one, context(), stored=False)], context().redactor.body)
    store.close()


def leaves(data: bytes, page: int) -> list[int]:
    """The pages of an index in which its rows stand, in order (sqlite.org/fileformat2.html)."""
    node = data[(page - 1) * PAGE : page * PAGE]
    interior = 2
    if node[0] != interior:
        return [page]
    cells = [int.from_bytes(node[at : at + 2], "big") for at in range(12, 12 + 2 * node[4], 2)]
    children = [int.from_bytes(node[at : at + 4], "big") for at in [*cells, 8]]
    return [leaf for child in children for leaf in leaves(data, child)]


def usage(path: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT quarter, output FROM usage ORDER BY 1").fetchall()


def test_files_with_their_logs_are_found_the_latest_first(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    assert find_broken(path) == []
    assert find_broken(tmp_path / "nowhere" / "traces.db") == []
    moved = []
    for number in range(2):
        path.write_bytes(b"x" * 10 * (number + 1))
        Path(f"{path}-wal").write_bytes(b"y" * 5)
        moved.append(move_aside(path))
    assert not path.exists()
    assert [(file.path, file.size) for file in find_broken(path)] == [
        (moved[1], 25),
        (moved[0], 15),
    ]


def test_of_too_many_the_smallest_of_the_earlier_ones_goes(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    sizes = [50, 3, 40, 30, 1]
    for size in sizes:
        path.write_bytes(b"x" * size)
        move_aside(path)
    assert len(find_broken(path)) == MOST
    assert {file.size for file in find_broken(path)} == {50, 40, 1}


def test_the_sums_of_a_damaged_file_go_on_in_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    filled(path, 12)
    before = usage(path)
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name='requests'").fetchone()
    with open(path, "r+b") as file:
        file.seek((root - 1) * PAGE)
        file.write(b"\xee" * PAGE)
    store = SqliteStore(path)
    store.open()
    with pytest.raises(StoreBroken):
        store.write(
            [finished_entry(record("new"), context(), stored=False)], context().redactor.body
        )
    store.set_aside()
    store.open()
    store.close()
    assert usage(path) == before


def test_what_can_be_read_from_either_end_is_taken_over(tmp_path: Path) -> None:
    path, fresh = tmp_path / "traces.db", tmp_path / "fresh.db"
    filled(path, 40)
    before = usage(path)
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name='usage'").fetchone()
    whole = path.read_bytes()
    leaf = leaves(whole, root)[3]
    path.write_bytes(whole[: (leaf - 1) * PAGE] + b"\xee" * PAGE + whole[leaf * PAGE :])
    with closing(sqlite3.connect(fresh, isolation_level=None)) as db:
        migrate(db)
        taken = take_over_usage(path, db)
    found = usage(fresh)
    assert len(found) == taken
    assert set(found) < set(before)
    assert (found[0], found[-1]) == (before[0], before[-1])


def test_a_file_without_sums_gives_none_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "traces.db.broken-1"
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        assert take_over_usage(path, db) == 0
        assert not path.exists()
        path.write_bytes(b"no database" * 900)
        assert take_over_usage(path, db) == 0
        assert path.read_bytes() == b"no database" * 900
