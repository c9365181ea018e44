import json
import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.tracing.entries import finished_entry
from axonhub_cli.tracing.prune import (
    PAGES,
    PARTS,
    REQUESTS,
    STEP_BYTES,
    Limits,
    Step,
    limits_of,
    used_bytes,
)
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.store import SqliteStore
from tests.tracing.records import NOON, attempt, body_of, context, message, record, text

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "traces.db")
    made.open()
    yield made
    made.close()


@pytest.fixture
def reader(store: SqliteStore, tmp_path: Path) -> Iterator[TraceReader]:
    with TraceReader(tmp_path / "traces.db") as opened:
        yield opened


def write(store: SqliteStore, *names: str, at: float = NOON, **changes: Any) -> None:
    entries = [
        finished_entry(record(name, at=at, **changes), context(), stored=False) for name in names
    ]
    store.write(entries, context().redactor.body)


def prune(store: SqliteStore, limits: Limits, now: float = NOON) -> list[Step]:
    """All steps that there are to do."""
    steps = []
    while (step := store.prune(limits, now)).more:
        steps.append(step)
    return steps


def rows(reader: TraceReader, table: str) -> int:
    return int(reader._query(f"SELECT count(*) FROM {table}", [])[0][0])


def ids(reader: TraceReader) -> set[str]:
    return {request.id for request in reader.list_requests(source=None)}


def test_requests_older_than_the_limit_go_with_all_that_is_theirs(
    store: SqliteStore, reader: TraceReader
) -> None:
    body = body_of("claude-code/basic")
    write(store, "r1", at=NOON - 8 * DAY, trace_id="old", thread_id="t", body=body)
    write(store, "r2", at=NOON - 8 * DAY, trace_id="both")
    write(store, "r3", at=NOON - DAY, trace_id="both", body=body_of("claude-code/continue"))
    prune(store, Limits(keep_s=7 * DAY))
    assert ids(reader) == {"r3"}
    assert {trace.id: trace.requests for trace in reader.list_traces()} == {"both": 2}
    assert (rows(reader, "attempts"), rows(reader, "threads")) == (1, 0)
    assert reader.request_body("r3") == body_of("claude-code/continue")
    stored = rows(reader, "blobs")
    write(store, "r4", at=NOON - DAY, body=body_of("claude-code/continue"))
    assert rows(reader, "blobs") == stored


def test_a_part_that_a_later_request_uses_stays(store: SqliteStore, reader: TraceReader) -> None:
    body = body_of("claude-code/basic")
    write(store, "r1", at=NOON - 8 * DAY, body=body)
    write(store, "r2", at=NOON, body=body)
    prune(store, Limits(keep_s=DAY))
    assert ids(reader) == {"r2"}
    assert reader.request_body("r2") == body


def test_what_was_pruned_and_comes_again_is_stored_again(
    store: SqliteStore, reader: TraceReader
) -> None:
    body = body_of("claude-code/basic")
    write(store, "r1", body=body)
    prune(store, Limits(keep_s=DAY), now=NOON + 2 * DAY)
    assert rows(reader, "blobs") == 0
    write(store, "r2", body=body)
    assert reader.request_body("r2") == body


def test_another_process_may_prune(store: SqliteStore, reader: TraceReader, tmp_path: Path) -> None:
    body = body_of("claude-code/basic")
    write(store, "r1", body=body)
    other = SqliteStore(tmp_path / "traces.db")
    other.open()
    prune(other, Limits(keep_s=DAY), now=NOON + 2 * DAY)
    other.close()
    write(store, "r2", body=body)
    assert reader.request_body("r2") == body


def test_a_running_request_stays(store: SqliteStore, reader: TraceReader) -> None:
    entry = finished_entry(record("r1", at=NOON - 9 * DAY), context(), stored=False)
    entry.request["status"] = "running"
    store.write([entry], context().redactor.body)
    assert prune(store, Limits(keep_s=DAY)) == []
    assert ids(reader) == {"r1"}


def test_the_oldest_go_until_the_file_is_small_enough(
    store: SqliteStore, reader: TraceReader, tmp_path: Path
) -> None:
    for number in range(40):
        noise = [attempt(os.urandom(100_000))]
        write(store, f"r{number:02}", at=NOON + number * HOUR, attempts=noise)
    assert prune(store, Limits(max_bytes=10**7), now=NOON + 41 * HOUR) == []
    steps = prune(store, Limits(max_bytes=2 * 10**6), now=NOON + 41 * HOUR)
    assert sum(step.requests for step in steps) == 40 - len(ids(reader))
    given_back = sum(step.pages for step in steps)
    ((free,),) = reader._query("PRAGMA freelist_count", [])
    assert (given_back > 500, free < PAGES) == (True, True)
    store.compact()
    assert (tmp_path / "traces.db").stat().st_size < 2 * 10**6


def test_of_an_hour_that_is_too_much_the_newest_stay(
    store: SqliteStore, reader: TraceReader
) -> None:
    """Each request brings its own words, and repeats those of the ones before it."""
    rng, limit = random.Random(1), 10**6
    said: list[dict[str, str]] = []
    store.prune(Limits(max_bytes=limit), NOON)
    for number in range(300):
        said = [*said[-30:], {"role": "user", "content": rng.randbytes(2000).hex()}]
        body = json.dumps({"model": "m", "messages": said}).encode()
        write(store, f"r{number:03}", at=NOON + number, body=body)
    before = used_bytes(store._db) if store._db is not None else 0
    assert before > 1.2 * limit
    steps = prune(store, Limits(max_bytes=limit), NOON + 400)
    assert store._db is not None
    assert 0.85 * limit < used_bytes(store._db) <= 0.9 * limit
    left = sorted(ids(reader))
    assert left == [f"r{number:03}" for number in range(300 - len(left), 300)]
    assert len(left) > 120
    assert all(reader.request_body(name) is not None for name in left)
    assert sum(step.requests for step in steps) == 300 - len(left)
    assert prune(store, Limits(max_bytes=limit), NOON + 400) == []


def test_large_requests_go_a_few_at_a_time(store: SqliteStore) -> None:
    for number in range(6):
        write(store, f"r{number}", at=NOON, attempts=[attempt(os.urandom(STEP_BYTES // 2))])
    steps = prune(store, Limits(keep_s=DAY), NOON + 2 * DAY)
    assert [step.requests for step in steps if step.requests] == [2, 2, 2]


def test_a_step_is_small(store: SqliteStore) -> None:
    answer = attempt(message(text("pong")))
    parts = b'{"messages":[%b]}'
    for batch in range(12):
        items = b",".join(
            b'{"role":"user","content":"%d %d %b"}' % (batch, number, b"x" * 90)
            for number in range(100)
        )
        names = [f"r{batch}-{number}" for number in range(20)]
        write(store, *names, at=NOON - 9 * DAY, body=parts % items, attempts=[answer])
    steps = prune(store, Limits(keep_s=DAY))
    assert [step.requests for step in steps if step.requests] == [REQUESTS, REQUESTS, 40]
    assert max(step.parts for step in steps) == PARTS
    assert sum(step.parts for step in steps) > 1200


def test_limits_are_read_from_the_configuration() -> None:
    assert limits_of(TraceSettings()) == Limits(30 * DAY, 2 * 10**9)
    unlimited = TraceSettings(keep="forever", max_size="unlimited")
    assert limits_of(unlimited) == Limits(None, None)


def test_without_limits_nothing_goes(store: SqliteStore, reader: TraceReader) -> None:
    write(store, "r1", at=0.0)
    assert prune(store, Limits(None, None)) == []
    assert ids(reader) == {"r1"}


def test_a_file_that_cannot_shrink_is_not_tried_at_for_ever(
    store: SqliteStore, tmp_path: Path
) -> None:
    """As after a backup was read back by another program."""
    store.close()
    with closing(sqlite3.connect(tmp_path / "traces.db")) as db:
        db.execute("PRAGMA auto_vacuum = NONE")
        db.execute("VACUUM")
    store.open()
    write(store, "r1", at=NOON - 9 * DAY, attempts=[attempt(os.urandom(2_000_000))])
    store.prune(Limits(keep_s=DAY), NOON)
    steps = [store.prune(Limits(keep_s=DAY), NOON) for _ in range(3)]
    assert not steps[-1].more
