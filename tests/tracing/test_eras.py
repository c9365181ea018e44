import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from axonhub_cli.tracing.entries import finished_entry, running_entry
from axonhub_cli.tracing.eras import SHARE, SMALLEST, Eras, largest_era
from axonhub_cli.tracing.prune import Limits
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.recorder import RequestRecord
from axonhub_cli.tracing.schema import check_version, migrate
from axonhub_cli.tracing.store import SqliteStore
from tests.tracing.records import FIXTURES, NOON, attempt, context, message, record, text

HOUR = 3600.0
OLD_FILES = FIXTURES / "trace-files"


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    yield connection
    connection.close()


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """A file as it was before there were eras."""
    path = tmp_path / "traces.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript((OLD_FILES / "m007.sql").read_text())
    return path


def prune(store: SqliteStore, limits: Limits, now: float = NOON) -> int:
    gone = 0
    while (step := store.prune(limits, now)).more:
        gone += step.requests
    return gone


def bodies(path: Path) -> dict[str, bytes]:
    """Every request's body that there is, read back."""
    with TraceReader(path) as reader:
        found = {row.id: reader.request_body(row.id) for row in reader.list_requests(limit=10_000)}
    return {name: body for name, body in found.items() if body is not None}


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_an_era_ends_with_its_hour_and_with_enough_bytes(db: sqlite3.Connection) -> None:
    def now(next_request: int, hour: int) -> Eras:
        return Eras(db, next_request, hour, lambda: SMALLEST)

    first = now(1, 7).number
    assert now(5, 7).number == first
    assert now(9, 8).number == first + 1
    third = now(9, 7)
    assert third.number == first + 2
    third.add(SMALLEST - 1, 10)
    third.save()
    again = now(20, 7)
    assert again.number == first + 2
    again.add(1, 21)
    assert again.number == first + 3
    again.add(SMALLEST, 22)
    again.save()
    assert now(30, 7).number == first + 4
    begins = db.execute("SELECT first FROM eras ORDER BY number").fetchall()
    assert [first for (first,) in begins][-5:] == [1, 9, 9, 21, 22]


def test_a_large_batch_is_of_several_eras(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    store = SqliteStore(path)
    store.open()
    rng = random.Random(1)
    answers = [[attempt(rng.randbytes(SMALLEST // 3))] for _ in range(9)]
    made = [record(f"r{n}", attempts=answer) for n, answer in enumerate(answers)]
    entries = [finished_entry(one, context(), stored=False) for one in made]
    store.write(entries, context().redactor.body)
    store.close()
    assert count(path, "eras") >= len(answers) // 3


def test_an_era_is_a_small_share_of_the_file_and_of_its_limit() -> None:
    assert largest_era(0, None) == SMALLEST
    assert largest_era(10**9, None) == 10**9 // SHARE
    assert largest_era(10**9, 10**8) == 10**8 // SHARE
    assert largest_era(0, 10**6) == 10**6 // SHARE


def test_an_older_file_keeps_everything_and_is_pruned_hour_by_hour(old_file: Path) -> None:
    known = json.loads((OLD_FILES / "m007-bodies.json").read_text())
    expected = {name: body.encode() for name, body in known.items()}
    began = NOON // HOUR * HOUR
    store = SqliteStore(old_file)
    store.open()
    try:
        assert bodies(old_file) == expected
        assert prune(store, Limits(keep_s=HOUR), now=began + HOUR) == 0
        fresh = record("fresh", at=began + 3 * HOUR + 1200, body=expected["r0"])
        store.write([finished_entry(fresh, context(), stored=False)], context().redactor.body)
        expected["fresh"] = expected["r0"]
        gone = (["r0", "r1", "r2"], ["late", "r3", "r4", "r5"], ["r6", "r7", "r8"])
        parts: list[int] = []
        for hour, names in enumerate(gone, 1):
            parts.append(count(old_file, "blobs"))
            assert prune(store, Limits(keep_s=HOUR), now=began + (1 + hour) * HOUR) == len(names)
            for name in names:
                del expected[name]
            assert bodies(old_file) == expected
        # The request that was written last had begun in the second hour, whose parts wait for it.
        assert parts[0] > parts[1] == parts[2] > count(old_file, "blobs")
        assert set(expected) == {"fresh", "running"}
        store.fail_running("test")
        assert prune(store, Limits(keep_s=HOUR), now=began + 9 * HOUR) == len(expected)
        assert count(old_file, "blobs") == 0
    finally:
        store.close()


def test_an_older_axonhub_would_not_touch_the_file(old_file: Path) -> None:
    with closing(sqlite3.connect(old_file, isolation_level=None)) as db:
        migrate(db)
        check_version(db)
        (last,) = db.execute("SELECT max(name) FROM migrations").fetchone()
    # What an axonhub does not know is refused by `check_version`: see test_schema.
    assert last > "m007_unpriced"


def test_parts_of_a_request_that_is_running_stay(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    store = SqliteStore(path)
    store.open()
    shared, own = "shared " * 300, "own " * 500

    def made(name: str, at: float, *texts: str) -> RequestRecord:
        content = [{"type": "text", "text": each} for each in texts]
        body = {"model": "m", "messages": [{"role": "user", "content": [each]} for each in content]}
        return record(name, at=at, body=json.dumps(body).encode(), status="completed")

    def finish(one: RequestRecord, *, stored: bool) -> None:
        store.write([finished_entry(one, context(), stored=stored)], context().redactor.body)

    long = made("long", NOON, shared, own)
    long.status = "running"
    store.write([running_entry(long, context())], context().redactor.body)
    finish(made("r1", NOON + 1, shared, "r1 " * 700), stored=False)
    finish(made("r2", NOON + HOUR, "r2 " * 700), stored=False)
    assert prune(store, Limits(keep_s=HOUR), now=NOON + 2 * HOUR - 1) == 1
    assert prune(store, Limits(keep_s=1), now=NOON + 2 * HOUR) == 1
    assert bodies(path) == {"long": long.body}
    long.status = "completed"
    finish(long, stored=True)
    assert bodies(path) == {"long": long.body}
    finish(made("r3", NOON + 3 * HOUR, "r3 " * 700), stored=False)
    assert set(bodies(path)) == {"long", "r3"}
    assert prune(store, Limits(keep_s=HOUR), now=NOON + 3 * HOUR) == 1
    assert set(bodies(path)) == {"r3"}
    assert prune(store, Limits(keep_s=HOUR), now=NOON + 5 * HOUR) == 1
    assert count(path, "blobs") == 0
    store.close()


@pytest.mark.parametrize("seed", range(6))
def test_no_order_of_writing_and_pruning_takes_a_part_in_use(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    path = tmp_path / "traces.db"
    stores = [SqliteStore(path), SqliteStore(path)]
    expected: dict[str, tuple[float, bytes]] = {}
    running: list[RequestRecord] = []
    now = NOON
    for store in stores:
        store.open()
    for number in range(60):
        store = rng.choice(stores)
        # A clock may be set back.
        now += rng.choice((1, 60, 900, HOUR, -1800))
        messages = [
            {"role": "user", "content": f"{n} " * 160}
            for n in rng.sample(range(number // 4, number // 4 + 9), 4)
        ]
        answer = [attempt(message(text(rng.choice("abc") * rng.choice((10, 30_000)))))]
        body = json.dumps({"model": "m", "messages": messages}).encode()
        one = record(f"r{number}", at=now, body=body, attempts=answer)
        if rng.random() < 0.3:
            one.status = "running"
            running.append(one)
            store.write([running_entry(one, context())], context().redactor.body)
        else:
            store.write([finished_entry(one, context(), stored=False)], context().redactor.body)
        expected[one.id] = now, body
        if running and rng.random() < 0.3:
            ended = running.pop(rng.randrange(len(running)))
            ended.status = "completed"
            store.write([finished_entry(ended, context(), stored=True)], context().redactor.body)
        if rng.random() < 0.3:
            limits = Limits(rng.choice((None, HOUR, 9 * HOUR)), rng.choice((None, 150_000)))
            for _ in range(rng.randrange(1, 9)):
                store.prune(limits, now)
        with TraceReader(path) as reader:
            left = {row.id for row in reader.list_requests(limit=1000)}
        assert {one.id for one in running} <= left
        expected = {name: found for name, found in expected.items() if name in left}
        assert bodies(path) == {name: body for name, (_, body) in expected.items()}
    for store in stores:
        store.close()
