import threading
from pathlib import Path

from axonhub_cli.tracing.entries import finished_entry, running_entry
from axonhub_cli.tracing.intake import BATCH_BYTES, BATCH_RECORDS, Intake
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.store import SqliteStore
from tests.tracing.records import attempt, context, record


def test_a_batch_waits_until_it_is_released() -> None:
    intake = Intake()
    intake.put(record("r1", body=b"{" + b" " * 998 + b"}"), "finished")
    items, last = intake.gather(0)
    assert [item.record.id for item in items] == ["r1"]
    assert not last
    assert intake.waiting == 0
    assert intake.waiting_bytes >= 1000
    intake.release(items)
    assert intake.waiting_bytes == 0


def test_a_batch_ends_with_enough_bytes() -> None:
    intake = Intake()
    for number in range(3):
        intake.put(record(f"r{number}", body=b" " * (BATCH_BYTES // 2)), "finished")
    assert len(intake.gather(0)[0]) == 2
    assert len(intake.gather(0)[0]) == 1


def test_nothing_is_gathered_where_nothing_came() -> None:
    assert Intake().gather(0) == ([], False)


def test_what_is_queued_when_it_closes_is_the_last_batch() -> None:
    intake = Intake()
    intake.put(record("r1"), "started")
    assert intake.pressure() < 1
    intake.close()
    assert intake.pressure() == 1
    items, last = intake.gather(None)
    assert ([item.stage for item in items], last) == (["started"], True)


def test_half_the_room_taken_is_full_pressure_and_so_is_a_batch_of_records() -> None:
    bodies, records = Intake(20_000), Intake()
    assert bodies.pressure() == 0
    bodies.put(record("r1", body=b" " * 8_000), "finished")
    assert 0.8 <= bodies.pressure() < 1
    bodies.put(record("r2", body=b" " * 2_000), "finished")
    assert bodies.pressure() >= 1
    for number in range(BATCH_RECORDS):
        assert records.pressure() < 1
        records.put(record(f"r{number}"), "started")
    assert records.pressure() == 1


def test_a_gatherer_that_waits_is_told_at_once_that_it_closes() -> None:
    intake, found = Intake(), list[tuple[int, bool]]()

    def gather() -> None:
        items, last = intake.gather(None)
        found.append((len(items), last))

    thread = threading.Thread(target=gather)
    thread.start()
    intake.close()
    thread.join(10)
    assert found == [(0, True)]


def test_of_a_body_that_was_dropped_it_is_not_said_that_the_clients_went_on(
    tmp_path: Path,
) -> None:
    """The client's own is in the store since the request began."""
    edited = [attempt(sent_body=b"edited"), attempt()]
    made = record("r1", body=b" " * 900, attempts=edited)
    intake = Intake(most_bytes=100)
    intake.put(record("r0", body=b"x"), "finished")
    intake.put(made, "finished")
    assert made.decision == {"sent_dropped": [1]}
    opened = SqliteStore(tmp_path / "traces.db")
    opened.open()
    began = record("r1", body=b'{"a":1}', status="running")
    opened.write([running_entry(began, context())], lambda body: body)
    opened.write([finished_entry(made, context(), stored=True)], lambda body: body)
    opened.close()
    with TraceReader(tmp_path / "traces.db") as reader:
        assert reader.upstream_body("r1", 1) is None
        assert reader.upstream_body("r1", 2) == reader.request_body("r1") == b'{"a":1}'
