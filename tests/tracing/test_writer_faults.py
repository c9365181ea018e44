"""What goes wrong around the writer's thread ends neither it nor those who wait for it."""

import threading
import weakref
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.errors import StoreError
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing.entries import finished_entry
from axonhub_cli.tracing.lineage import Lineage
from axonhub_cli.tracing.spent import Spent
from axonhub_cli.tracing.store import StoreBroken
from axonhub_cli.tracing.writer import LEAST_MUCH, TraceWriter
from tests.tracing.records import attempt, context, record
from tests.tracing.test_writer import PATIENCE, Watched, reader, writing

SECRET = "hunter2-hunter2"


@pytest.fixture
def store(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "traces.db")


def test_nobody_waits_for_a_request_that_could_not_be_looked_at(
    store: Watched, tmp_path: Path
) -> None:
    told: list[list[Spent] | None] = []

    def secrets() -> list[str]:
        raise OSError("no keyring")

    with writing(store, tmp_path, secrets=secrets) as writer:
        writer.put(record("r1", on_spent=[told.append]), "finished")
    assert told == [None]


def test_who_cannot_be_told_what_was_used_costs_no_record(store: Watched, tmp_path: Path) -> None:
    told: list[list[Spent] | None] = []

    def broken(spent: list[Spent] | None) -> None:
        raise ValueError("no meter")

    with writing(store, tmp_path) as writer:
        writer.put(record("r1", on_spent=[broken, told.append]), "finished")
    assert [spent is not None for spent in told] == [True]
    with reader(tmp_path) as file:
        assert [request.id for request in file.list_requests()] == ["r1"]


@pytest.mark.parametrize("broken", ["fail_running", "recent_links", "prune"])
def test_no_failure_of_the_stores_ends_the_thread(
    store: Watched, tmp_path: Path, broken: str, log: pytest.LogCaptureFixture
) -> None:
    failed = threading.Event()

    def fail(*_: object) -> Any:
        failed.set()
        raise ValueError("nobody thought of this")

    setattr(store, broken, fail)
    with writing(store, tmp_path, lineage=Lineage(PROTOCOLS)) as writer:
        assert failed.wait(PATIENCE)
        writer.put(record("r1"), "finished")
        assert store.wrote.wait(PATIENCE)
    with reader(tmp_path) as file:
        assert [request.id for request in file.list_requests()] == ["r1"]
    assert "kept in order" in log.text


def test_a_pattern_that_cannot_be_used_costs_no_record(store: Watched, tmp_path: Path) -> None:
    settings = [TraceSettings(redact=("pong",))]
    with writing(store, tmp_path, settings=lambda: settings[0], secrets=lambda: [SECRET]) as writer:
        writer.put(record("r1"), "finished")
        assert store.wrote.wait(PATIENCE)
        settings[0] = TraceSettings(redact=("a{99999999999}",))
        writer.put(record("r2", error=f"say pong to {SECRET}"), "finished")
    assert writer.lost == 0
    assert writer.problem is None
    assert "redact cannot be used" in str(writer.told()["redact_error"])
    with reader(tmp_path) as file:
        assert file.request("r2").error == "say *** to ***"


def test_a_request_that_outlives_a_damaged_file_is_whole_in_the_new_one(
    store: Watched, tmp_path: Path
) -> None:
    made, broken = record("r1", status="running"), [True]
    with writing(store, tmp_path) as writer:
        writer.put(made, "started")
        assert store.wrote.wait(PATIENCE)
        store.fails = lambda: StoreBroken("it is damaged") if broken and broken.pop() else None
        store.wrote.clear()
        writer.put(record("other", trace_id="s2"), "finished")
        assert store.wrote.wait(PATIENCE)
        made.status = "completed"
        writer.put(made, "finished")
    assert (writer.problem, writer.lost) == (None, 0)
    with reader(tmp_path) as file:
        assert {trace.id: trace.requests for trace in file.list_traces()} == {"s1": 1, "s2": 1}
        assert file.request_body("r1") == made.body
        assert file.request("r1").status == "completed"


def test_the_request_that_meets_the_damage_is_whole_too(store: Watched, tmp_path: Path) -> None:
    made, broken = record("r1", status="running"), [True]
    with writing(store, tmp_path) as writer:
        writer.put(made, "started")
        assert store.wrote.wait(PATIENCE)
        store.fails = lambda: StoreBroken("it is damaged") if broken and broken.pop() else None
        made.status = "completed"
        writer.put(made, "finished")
    with reader(tmp_path) as file:
        assert file.trace("s1").requests == 1
        assert file.request_body("r1") == made.body


@pytest.mark.parametrize("fault", ["read_answer", "charge"])
def test_an_answer_that_cannot_be_counted_costs_no_record(
    store: Watched, tmp_path: Path, fault: str
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise ArithmeticError("nobody thought of this")

    options: dict[str, Any] = {"charge": fail, "read_answer": {"anthropic": fail}}
    with writing(store, tmp_path, **{fault: options[fault]}) as writer:
        writer.put(record("r1"), "finished")
    assert writer.lost == 0
    with reader(tmp_path) as file:
        assert file.request("r1").tokens.output is None
        assert file.request_body("r1") == record("r1").body


def test_bodies_that_cannot_be_stored_cost_no_record(store: Watched, tmp_path: Path) -> None:
    odd: Any = 7
    whole = attempt(b"{}", sent_body=b"x" * 9000, sent_parts=odd)
    with writing(store, tmp_path) as writer:
        writer.put(record("r1", attempts=[whole]), "finished")
        writer.put(record("r2"), "finished")
    assert (writer.lost, writer.bodies_dropped) == (0, 1)
    with reader(tmp_path) as file:
        assert file.request("r1").status == "completed"
        assert file.request_body("r2") == record("r2").body


class Routing:
    """Is held by its record, and by nobody else."""

    def __init__(self) -> None:
        self.gone = threading.Event()
        weakref.finalize(self, self.gone.set)

    def __call__(self) -> dict[str, Json]:
        return {}


def full() -> Exception | None:
    """Raised here: who raises what it was given keeps its own callers, and their records."""
    raise StoreError("the disk is full")


def put_and_wait(writer: TraceWriter, name: str) -> None:
    """Until the writer holds the record no more."""
    routing = Routing()
    gone = routing.gone
    writer.put(record(name, routed=routing), "finished")
    del routing
    assert gone.wait(PATIENCE)


def test_what_waits_for_a_full_disk_holds_no_body(store: Watched, tmp_path: Path) -> None:
    store.fails = full
    with writing(store, tmp_path) as writer:
        for name in ("r1", "r2"):
            put_and_wait(writer, name)
        assert writer.waiting == 2
        store.fails = lambda: None
    with reader(tmp_path) as file:
        assert file.trace("s1").title == "say pong"


def test_a_full_disk_is_not_asked_all_the_time(
    store: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    clock = count(0, 1000)

    def fail() -> Exception | None:
        tried.append("once")
        return full()

    monkeypatch.setattr("axonhub_cli.tracing.writer.thread_time", lambda: next(clock))
    store.fails = fail
    with writing(store, tmp_path) as writer:
        for name in ("r1", "r2", "r3"):
            put_and_wait(writer, name)
        assert tried == ["once"]
        assert writer.problem == "the disk is full"
        store.fails = lambda: None
    with reader(tmp_path) as file:
        assert len(file.list_requests()) == 3


def test_order_that_can_be_kept_does_not_hide_that_nothing_is_written(
    store: Watched, tmp_path: Path
) -> None:
    pruned = threading.Event()
    limits, prune = threading.Event(), store.prune

    def watch(*given: Any) -> Any:
        try:
            return prune(*given)
        finally:
            if limits.is_set():
                pruned.set()

    store.prune = watch  # type: ignore[method-assign]
    store.fails = full
    settings = TraceSettings(max_size="20MB")
    with writing(store, tmp_path, settings=lambda: settings) as writer:
        put_and_wait(writer, "r1")
        limits.set()
        # So much has come by now that it is time to look at the file's size.
        writer.put(record("r2", body=b"{" + b" " * LEAST_MUCH + b"}"), "finished")
        assert pruned.wait(PATIENCE)
        put_and_wait(writer, "r3")
        assert writer.problem == "the disk is full"


def test_a_title_that_cannot_be_made_is_none() -> None:
    entry = finished_entry(record("r1"), context(), stored=False)
    entry.title = lambda: str(1 / 0)
    entry.let_go()
    assert (entry.bodies, entry.title()) == ([], None)
