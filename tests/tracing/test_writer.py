import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.errors import StoreError
from axonhub_cli.tracing.batch import Redact
from axonhub_cli.tracing.entries import Entry
from axonhub_cli.tracing.intake import MAX_QUEUED_BYTES
from axonhub_cli.tracing.pace import no_rest
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.recorder import Recorder, RequestRecord
from axonhub_cli.tracing.store import SqliteStore
from axonhub_cli.tracing.writer import STOPPED, TraceWriter
from tests.tracing.records import READERS, attempt, body_of, message, record, text

PATIENCE = 10.0


class Watched(SqliteStore):
    """A store that says when it has written, and may be told to fail or to wait."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.batches: list[list[str]] = []
        self.wrote = threading.Event()
        self.go = threading.Event()
        self.go.set()
        self.fails: Callable[[], Exception | None] = lambda: None

    def write(
        self, entries: Sequence[Entry], redact: Redact, rest: Callable[[], None] = no_rest
    ) -> None:
        self.go.wait(PATIENCE)
        if error := self.fails():
            raise error
        super().write(entries, redact, rest)
        self.batches.append([str(entry.request["id"]) for entry in entries])
        self.wrote.set()


@pytest.fixture
def store(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "traces.db")


@contextmanager
def writing(store: SqliteStore, path: Path, **options: Any) -> Iterator[TraceWriter]:
    """A running writer, drained and closed afterwards."""
    values: dict[str, Any] = {
        "settings": TraceSettings,
        "secrets": list,
        "read_answer": READERS,
        "store": store,
    }
    writer = TraceWriter(path / "traces.db", **values | options)
    writer.start()
    try:
        yield writer
    finally:
        assert writer.close(PATIENCE)


def reader(path: Path) -> TraceReader:
    return TraceReader(path / "traces.db")


def test_finished_requests_are_in_the_file_after_closing(store: Watched, tmp_path: Path) -> None:
    with writing(store, tmp_path) as writer:
        recorder = Recorder(writer)
        for number in range(300):
            made = record(f"r{number}")
            recorder.started(made)
            recorder.finished(made)
    with reader(tmp_path) as file:
        assert len(file.list_requests()) == 300
        assert file.trace("s1").requests == 300
        assert file.request("r7").tokens.output == 5
    assert len(store.batches) < 20
    assert writer.problem is None


def test_a_request_that_outlives_a_batch_is_shown_running(store: Watched, tmp_path: Path) -> None:
    made = record("r1", status="running")
    with writing(store, tmp_path) as writer:
        writer.put(made, "started")
        assert store.wrote.wait(PATIENCE)
        with reader(tmp_path) as file:
            assert file.request("r1").status == "running"
            assert file.request_body("r1") == made.body
            assert file.trace("s1").status == "running"
        made.status = "completed"
        writer.put(made, "finished")
    with reader(tmp_path) as file:
        assert file.request("r1").status == "completed"
        assert file.trace("s1").requests == 1
    assert store.batches == [["r1"], ["r1"]]


def test_a_short_request_is_written_once(store: Watched, tmp_path: Path) -> None:
    with writing(store, tmp_path) as writer:
        for stage in ("started", "finished"):
            writer.put(record("r1"), stage)
    assert store.batches == [["r1"]]


def test_requests_running_at_the_end_have_failed(store: Watched, tmp_path: Path) -> None:
    with writing(store, tmp_path) as writer:
        writer.put(record("r1", status="running"), "started")
    with reader(tmp_path) as file:
        assert (file.request("r1").status, file.request("r1").error) == ("failed", STOPPED)


def test_what_a_dead_daemon_left_running_is_ended_at_the_next_start(tmp_path: Path) -> None:
    with writing(SqliteStore(tmp_path / "traces.db"), tmp_path, owner=False) as dead:
        dead.put(record("r1", status="running"), "started")
    with reader(tmp_path) as file:
        assert file.request("r1").status == "running"
    with writing(SqliteStore(tmp_path / "traces.db"), tmp_path):
        pass
    with reader(tmp_path) as file:
        assert (file.request("r1").status, file.request("r1").error) == ("failed", STOPPED)
        assert file.trace("s1").status == "failed"


def test_over_the_limit_bodies_are_dropped_and_records_are_not(
    store: Watched, tmp_path: Path
) -> None:
    store.go.clear()
    with writing(store, tmp_path, max_queued_bytes=60_000) as writer:
        for number in range(3):
            writer.put(record(f"r{number}", body=body_of("claude-code/basic")), "finished")
        store.go.set()
    assert writer.bodies_dropped == 2
    with reader(tmp_path) as file:
        assert [file.request_body(f"r{n}") is not None for n in range(3)] == [True, False, False]
        # The answers are small, and hold what was used.
        assert file.trace("s1").tokens.output == 15


def test_what_was_written_makes_room(store: Watched, tmp_path: Path) -> None:
    with writing(store, tmp_path, max_queued_bytes=60_000) as writer:
        for number in range(8):
            # By the second of two batches, the first one's room has been given back.
            made = record(f"r{number}", body=None if number % 2 else body_of("claude-code/basic"))
            store.wrote.clear()
            writer.put(made, "finished")
            assert store.wrote.wait(PATIENCE)
    assert writer.bodies_dropped == 0


def test_what_a_client_got_in_another_protocol_takes_room_too(
    store: Watched, tmp_path: Path
) -> None:
    store.go.clear()
    made = [record(f"r{n}", attempts=[attempt(delivered=[b"x" * 40_000])]) for n in range(2)]
    with writing(store, tmp_path, max_queued_bytes=60_000) as writer:
        for each in made:
            writer.put(each, "finished")
        assert writer.waiting_bytes < 60_000
        assert made[1].attempts[0].delivered == []
        store.go.set()
    assert writer.bodies_dropped == 1


def test_an_answer_too_large_for_the_queue_goes_too(store: Watched, tmp_path: Path) -> None:
    large = message(text("x" * 200))
    store.go.clear()
    with writing(store, tmp_path, max_queued_bytes=100) as writer:
        writer.put(record("alone", attempts=[attempt(large)]), "finished")
        writer.put(record("r1", attempts=[attempt(large)]), "finished")
        store.go.set()
    with reader(tmp_path) as file:
        # However large it is, one that waits for nobody is kept.
        assert file.answer_body("alone") is not None
        assert file.answer_body("r1") is None
        assert file.request("r1").status == "completed"
        assert file.request("r1").tokens == file.request("alone").tokens
        assert file.request("r1").attempts[0].answer_dropped == len(large)
        assert file.request("alone").attempts[0].answer_dropped == 0


def test_a_full_queue_costs_no_tokens(store: Watched, tmp_path: Path) -> None:
    store.go.clear()
    with writing(store, tmp_path) as writer:
        for number in range(1, 61):
            answers = [attempt(message(text("x" * 40_000), output_tokens=number))]
            writer.put(record(f"r{number}", body=b" " * 300_000, attempts=answers), "finished")
        assert writer.waiting_bytes < 2 * MAX_QUEUED_BYTES
        store.go.set()
    with reader(tmp_path) as file:
        told = {row.id: row.tokens.output for row in file.list_requests(limit=100)}
        assert told == {f"r{number}": number for number in range(1, 61)}
        assert file.answer_body("r60") is None


def test_while_the_file_cannot_be_written_requests_are_kept(store: Watched, tmp_path: Path) -> None:
    full: list[Exception] = [StoreError("the disk is full")]
    failed = threading.Event()

    def fail() -> Exception | None:
        failed.set()
        return full[0] if full else None

    store.fails = fail
    with writing(store, tmp_path) as writer:
        writer.put(record("r1"), "finished")
        assert failed.wait(PATIENCE)
        full.clear()
        assert store.wrote.wait(PATIENCE)
        writer.put(record("r2"), "finished")
    assert (writer.problem, writer.lost, writer.bodies_dropped) == (None, 0, 1)
    with reader(tmp_path) as file:
        assert file.trace("s1").requests == 2
        assert file.request_body("r1") is None
        assert file.request_body("r2") is not None


def test_a_file_that_cannot_be_made_is_a_problem_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("")
    path = tmp_path / "in-the-way" / "traces.db"
    writer = TraceWriter(path, settings=TraceSettings, secrets=list, read_answer=READERS)
    writer.start()
    writer.put(record("r1"), "finished")
    assert writer.close(PATIENCE)
    assert writer.problem is not None
    assert str(path) in writer.problem


def test_a_broken_file_is_set_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    path.write_bytes(b"no database" * 900)
    with writing(SqliteStore(path), tmp_path) as writer:
        writer.put(record("r1"), "finished")
    assert writer.problem is None
    assert len(list(tmp_path.glob("traces.db.broken-*"))) == 1
    with reader(tmp_path) as file:
        assert file.request("r1").status == "completed"


def test_a_file_that_is_deleted_is_begun_anew(store: Watched, tmp_path: Path) -> None:
    with writing(store, tmp_path) as writer:
        writer.put(record("r1"), "finished")
        assert store.wrote.wait(PATIENCE)
        for file in tmp_path.iterdir():
            file.unlink()
        writer.put(record("r2"), "finished")
    with reader(tmp_path) as opened:
        assert [request.id for request in opened.list_requests()] == ["r2"]


def test_a_record_that_breaks_the_making_of_its_entry_stops_no_other(
    store: Watched, tmp_path: Path
) -> None:
    broken: list[Any] = [record("r1", headers=7), record("r2", key={}), record("r3")]
    with writing(store, tmp_path) as writer:
        for made in broken:
            writer.put(made, "finished")
    assert writer.lost == 2
    with reader(tmp_path) as file:
        assert [request.id for request in file.list_requests()] == ["r3"]


def test_secrets_that_cannot_be_had_cost_records_and_not_the_thread(
    store: Watched, tmp_path: Path
) -> None:
    asked = threading.Event()

    def secrets() -> list[str]:
        if not asked.is_set():
            asked.set()
            raise OSError("no keyring")
        return []

    with writing(store, tmp_path, secrets=secrets) as writer:
        writer.put(record("r1"), "finished")
        assert asked.wait(PATIENCE)
        writer.put(record("r2"), "finished")
    assert writer.lost == 1
    with reader(tmp_path) as file:
        assert [request.id for request in file.list_requests()] == ["r2"]


def test_a_secret_learned_later_is_hidden_from_then_on(store: Watched, tmp_path: Path) -> None:
    secret = "hunter2-" * 3
    known: list[str] = []
    answer = [attempt(message(text(secret)))]
    with writing(store, tmp_path, secrets=lambda: tuple(known)) as writer:
        known.append(secret)
        writer.put(record("r1", attempts=answer), "finished")
    with reader(tmp_path) as file:
        assert secret.encode() not in (file.answer_body("r1") or b"")


def test_records_after_closing_are_counted_as_lost(store: Watched, tmp_path: Path) -> None:
    with writing(store, tmp_path) as writer:
        pass
    late = RequestRecord(id="late", at=0.0)
    writer.put(late, "started")
    writer.put(late, "finished")
    assert writer.lost == 1


def test_settings_may_change_while_it_runs(store: Watched, tmp_path: Path) -> None:
    now = TraceSettings()
    with writing(store, tmp_path, settings=lambda: now) as writer:
        writer.put(record("r1"), "finished")
        assert store.wrote.wait(PATIENCE)
        now = TraceSettings(store_request_body=False)
        writer.put(record("r2"), "finished")
    with reader(tmp_path) as file:
        assert file.request_body("r1") is not None
        assert file.request_body("r2") is None
        assert file.answer_body("r2") is not None


def test_closing_gives_up_after_its_timeout(store: Watched, tmp_path: Path) -> None:
    store.go.clear()
    with writing(store, tmp_path) as writer:
        writer.put(record("r1"), "finished")
        assert not writer.close(timeout=0.01)
        store.go.set()


def test_a_pattern_configured_later_hides_what_is_stored_again(
    store: Watched, tmp_path: Path
) -> None:
    body = body_of("claude-code/basic")
    settings = [TraceSettings()]
    with writing(store, tmp_path, settings=lambda: settings[0]) as writer:
        writer.put(record("r1", body=body), "finished")
        assert store.wrote.wait(PATIENCE)
        settings[0] = TraceSettings(redact=("claude[-a-z]+",))
        writer.put(record("r2", body=body), "finished")
    with TraceReader(tmp_path / "traces.db") as reader:
        assert reader.request_body("r1") == body
        hidden = reader.request_body("r2")
        assert hidden is not None
        assert b"claude" in body
        assert b"claude-" not in hidden
        assert len(hidden) == len(body)


def test_a_file_damaged_in_its_middle_costs_no_request_after_it(
    store: Watched, tmp_path: Path
) -> None:
    path = tmp_path / "traces.db"
    large = [record(f"old{n}", attempts=[attempt(os.urandom(30_000))]) for n in range(40)]
    with writing(SqliteStore(path), tmp_path, owner=False) as writer:
        for each in large:
            writer.put(each, "finished")
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    with writing(store, tmp_path) as writer:
        for number in range(3):
            writer.put(record(f"new{number}"), "finished")
    assert (writer.lost, writer.problem) == (0, None)
    with reader(tmp_path) as file_again:
        found = {request.id for request in file_again.list_requests()}
    assert found == {"new0", "new1", "new2"}
    assert len(list(tmp_path.glob("traces.db.broken-*"))) == 1
