import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from axonhub_cli.errors import StoreError
from axonhub_cli.tracing.entries import Entry, finished_entry, running_entry
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.store import SqliteStore, StoreBroken
from tests.tracing.records import attempt, context, record


def same(part: bytes) -> bytes:
    return part


def entry(name: str) -> Entry:
    return finished_entry(record(name), context(), stored=False)


def test_the_file_is_private_and_made_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "data" / "traces.db"
    store = SqliteStore(path)
    store.open()
    store.write([entry("r1")], same)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    store.close()
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_batch_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "traces.db")
    store.open()
    bad = entry("r2")
    bad.request["key"] = {}  # type: ignore[assignment]
    with pytest.raises(sqlite3.Error):
        store.write([entry("r1"), bad], same)
    store.write([entry("r3")], same)
    store.close()
    with TraceReader(tmp_path / "traces.db") as reader:
        assert [request.id for request in reader.list_requests()] == ["r3"]


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    store = SqliteStore(path)
    store.open()
    store.write([entry("r1")], same)
    for file in list(tmp_path.iterdir()):
        file.rename(tmp_path / f"old-{file.name}")
    store.open()
    store.write([entry("r2")], same)
    store.close()
    with TraceReader(path) as reader:
        assert [request.id for request in reader.list_requests()] == ["r2"]
        assert reader.request_body("r2") == record("r2").body


@pytest.mark.parametrize(
    "damage", [b"this is no database" * 500, b"SQLite format 3\0" + b"\1" * 9000]
)
def test_a_damaged_file_is_known_as_such_and_set_aside(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "traces.db"
    path.write_bytes(damage)
    store = SqliteStore(path)
    with pytest.raises(StoreBroken):
        store.open()
    store.set_aside()
    store.open()
    store.close()
    (aside,) = tmp_path.glob("traces.db.broken-*")
    assert aside.read_bytes() == damage


def test_a_folder_that_cannot_be_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot write the trace file .*traces\.db"):
        SqliteStore(tmp_path / "file" / "traces.db").open()


def test_a_newer_file_is_not_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    store = SqliteStore(path)
    store.open()
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO migrations VALUES ('m999_later', '')")
    db.close()
    store.close()
    with pytest.raises(StoreError, match="newer") as error:
        store.open()
    assert not isinstance(error.value, StoreBroken)


def test_a_full_disk_is_a_store_error_and_harms_nothing(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    store = SqliteStore(path)
    store.open()
    store.write([entry("r1")], same)
    assert store._db is not None
    store._db.execute("PRAGMA max_page_count = 40")  # to SQLite, the same as a full disk
    noise = [attempt(os.urandom(300_000))]
    large = finished_entry(record("r2", attempts=noise), context(), stored=False)
    with pytest.raises(StoreError, match="full"):
        store.write([large], same)
    store.write([entry("r3")], same)
    store.close()
    with TraceReader(path) as reader:
        assert {request.id for request in reader.list_requests()} == {"r1", "r3"}


def test_requests_left_running_are_ended_with_a_reason(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "traces.db")
    store.open()
    made = record("r1", status="running", attempts=[attempt(status="running")])
    store.write([running_entry(made, context()), entry("r2")], same)
    assert store.fail_running("it was stopped") == 1
    assert store.fail_running("it was stopped") == 0
    store.close()
    with TraceReader(tmp_path / "traces.db") as reader:
        request = reader.request("r1")
        assert (request.status, request.error) == ("failed", "it was stopped")
        assert request.attempts[0].error == "it was stopped"
        assert reader.request("r2").status == "completed"


def test_two_writers_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    failures: list[Exception] = []

    def write(prefix: str) -> None:
        store = SqliteStore(path)
        try:
            store.open()
            for number in range(25):
                store.write([entry(f"{prefix}{number}")], same)
        except Exception as error:
            failures.append(error)
        finally:
            store.close()

    threads = [threading.Thread(target=write, args=(prefix,)) for prefix in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with TraceReader(path) as reader:
        assert len(reader.list_requests()) == 75
        assert reader.trace("s1").requests == 75


_WRITE_FOREVER = """
import itertools, sys
from pathlib import Path
from tests.tracing.test_store import entry, same
from axonhub_cli.tracing.store import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
store.open()
for number in itertools.count():
    store.write([entry(f"r{number}")], same)
    print(number, flush=True)
"""


def test_a_killed_writer_loses_nothing_it_had_committed(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    command = [sys.executable, "-c", _WRITE_FOREVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 30:
                break
        process.kill()
        written = 30 + len(process.stdout.read().split())
    with TraceReader(path) as reader:
        assert len(reader.list_requests()) >= written
    store = SqliteStore(path)
    store.open()
    store.write([entry("after")], same)
    store.close()
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


@pytest.mark.parametrize("lost", ["-wal", "-shm"])
def test_a_log_that_was_deleted_is_begun_anew(tmp_path: Path, lost: str) -> None:
    path = tmp_path / "traces.db"
    store = SqliteStore(path)
    store.open()
    store.write([entry("r1")], same)
    Path(f"{path}{lost}").unlink()
    for name in ("r2", "r3"):
        store.open()
        store.write([entry(name)], same)
    with TraceReader(path) as reader:
        assert {request.id for request in reader.list_requests()} == {"r1", "r2", "r3"}
    store.close()


def test_a_file_that_was_emptied_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    store = SqliteStore(path)
    store.open()
    store.write([entry("r1")], same)
    path.write_bytes(b"")
    with pytest.raises(StoreBroken, match="emptied"):
        store.open()
    store.set_aside()
    store.open()
    store.write([entry("r2")], same)
    store.open()
    store.close()
    with TraceReader(path) as reader:
        assert [request.id for request in reader.list_requests()] == ["r2"]


@pytest.mark.parametrize("table", ["traces", "requests_by_time", "bodies", "usage"])
def test_damage_is_noticed_while_the_file_is_open(tmp_path: Path, table: str) -> None:
    path = tmp_path / "traces.db"
    store = SqliteStore(path)
    store.open()
    store.write([entry(f"r{number}") for number in range(50)], same)
    store.compact()
    store.check()
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        (page,) = db.execute(query, (table,)).fetchone()
    with open(path, "r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xee" * 4096)
    with pytest.raises(StoreBroken):
        store.check()
    store.close()
