import base64
import json
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from axonhub_cli.tracing import blob_table, blobs
from axonhub_cli.tracing.batch import Batch
from axonhub_cli.tracing.blob_table import BlobTable
from axonhub_cli.tracing.blobs import read_numbers
from axonhub_cli.tracing.entries import Entry, finished_entry, running_entry
from axonhub_cli.tracing.eras import SECONDS_AN_HOUR
from axonhub_cli.tracing.packer import Packer
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.schema import migrate
from axonhub_cli.tracing.spans import find_items
from tests.tracing.records import NOON, attempt, body_of, context, message, record, text

TOKEN = "sk-ant-oat01-" + "x" * 20


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "traces.db", isolation_level=None)
    migrate(connection)
    yield connection
    connection.close()


def write(db: sqlite3.Connection, *entries: Entry, secrets: tuple[str, ...] = ()) -> None:
    db.execute("BEGIN IMMEDIATE")
    Batch(db, BlobTable(), context(*secrets).redactor.body).write(entries)
    db.execute("COMMIT")


def count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_requests_of_one_batch_share_their_trace(db: sqlite3.Connection, tmp_path: Path) -> None:
    one, two, other = (
        finished_entry(record(name, trace_id=trace, thread_id="t"), context(), stored=False)
        for name, trace in (("r1", "s1"), ("r2", "s1"), ("r3", "s2"))
    )
    write(db, one, two, other)
    with TraceReader(tmp_path / "traces.db") as reader:
        assert {trace.id: trace.requests for trace in reader.list_traces()} == {"s1": 2, "s2": 1}
        assert {trace.thread_id for trace in reader.list_traces()} == {"t"}
    assert count(db, "threads") == 1


def test_a_later_batch_adds_to_a_trace(db: sqlite3.Connection, tmp_path: Path) -> None:
    for name in ("r1", "r2", "r3"):
        write(db, finished_entry(record(name), context(), stored=False))
    with TraceReader(tmp_path / "traces.db") as reader:
        trace = reader.trace("s1")
    assert (trace.requests, trace.tokens.output, trace.title) == (3, 15, "say pong")


def test_a_running_request_is_replaced_by_what_became_of_it(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    made = record("r1", status="running", attempts=[attempt(status="running"), attempt()])
    write(db, running_entry(made, context()))
    made.status = "completed"
    made.attempts = [attempt(message(text("hi")))]
    write(db, finished_entry(made, context(), stored=True))
    with TraceReader(tmp_path / "traces.db") as reader:
        request = reader.request("r1")
        assert [a.status for a in request.attempts] == ["completed"]
        assert reader.request_body("r1") == made.body
        assert reader.trace("s1").requests == 1


def test_a_renamed_model_costs_a_few_bytes(db: sqlite3.Connection, tmp_path: Path) -> None:
    body = body_of("claude-code/basic")
    sent = body.replace(b'"claude-opus-5-5"', b'"another-model"', 1)
    made = record("r1", body=body, attempts=[attempt(b"{}", sent_body=sent)])
    write(db, finished_entry(made, context(), stored=False))
    query = "SELECT length(data), blobs FROM bodies WHERE attempt = 1 AND kind = 'request'"
    ((length, parts),) = db.execute(query).fetchall()
    assert length < 40
    assert parts is None
    with TraceReader(tmp_path / "traces.db") as reader:
        assert reader.upstream_body("r1") == sent


def test_a_body_made_anew_is_stored_like_the_clients(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    sent = body_of("claude-code/interactive.03")
    made = record("r1", attempts=[attempt(b"{}", sent_body=sent)])
    write(db, finished_entry(made, context(), stored=False))
    with TraceReader(tmp_path / "traces.db") as reader:
        assert reader.upstream_body("r1") == sent


def test_an_edit_of_a_body_with_a_secret_in_it_stays_readable(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    body = b'{"model":"a","messages":[{"role":"user","content":"%b"}],"z":1}' % TOKEN.encode()
    sent = body.replace(b'"a"', b'"renamed"')
    made = record("r1", body=body, attempts=[attempt(b"{}", sent_body=sent)])
    write(db, finished_entry(made, context(), stored=False), secrets=(TOKEN,))
    with TraceReader(tmp_path / "traces.db") as reader:
        assert reader.upstream_body("r1") == sent.replace(TOKEN.encode(), b"*" * len(TOKEN))


def test_repeated_bodies_share_their_parts(db: sqlite3.Connection) -> None:
    write(
        db,
        *(
            finished_entry(record(name, body=body_of("claude-code/basic")), context(), stored=False)
            for name in ("r1", "r2")
        ),
    )
    first = count(db, "blobs")
    made = record("r3", body=body_of("claude-code/continue"))
    write(db, finished_entry(made, context(), stored=False))
    # New are the second turn's system message; the third text block of the first message has moved.
    assert count(db, "blobs") - first <= 3


def session(turns: int, context_size: int) -> list[bytes]:
    """Bodies of words that no compressor can help, each with all that the one before it had."""
    rng = random.Random(1)

    def words(size: int) -> str:
        return base64.b64encode(rng.randbytes(size * 3 // 4)).decode()

    tools = [{"name": f"t{n}", "description": words(1500)} for n in range(20)]
    system = [{"type": "text", "text": words(15_000)}]
    messages = [
        {"role": "user", "content": words(700)} for _ in range((context_size - 80_000) // 700)
    ]
    made = []
    for _ in range(turns):
        whole = {"model": "m", "system": system, "tools": tools, "messages": messages}
        made.append(json.dumps(whole, separators=(",", ":")).encode())
        messages = [*messages, {"role": "assistant", "content": words(100)}]
        messages.append({"role": "user", "content": words(500)})
    return made


def test_a_session_of_100_turns_takes_a_twentieth_of_its_bodies(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    table, clean = BlobTable(), context().redactor.body
    bodies = session(100, 200_000)
    for number, body in enumerate(bodies):
        made = record(f"r{number}", body=body)
        db.execute("BEGIN IMMEDIATE")
        Batch(db, table, clean).write([finished_entry(made, context(), stored=False)])
        db.execute("COMMIT")
    pages, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
    )
    assert pages * size < sum(map(len, bodies)) / 20
    with TraceReader(tmp_path / "traces.db") as reader:
        assert [reader.request_body(f"r{n}") for n in range(100)] == bodies


def test_a_secret_of_which_an_edit_holds_only_the_end_is_hidden(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    body = b'{"model":"m","key":"' + TOKEN[:20].encode() + b'OTHER","messages":[]}'
    sent = body.replace(TOKEN[:20].encode() + b"OTHER", TOKEN.encode())
    tries = [attempt(b"{}", sent_body=sent)]
    made = record("r", body=body, attempts=tries)
    write(db, finished_entry(made, context(TOKEN), stored=False), secrets=(TOKEN,))
    with TraceReader(tmp_path / "traces.db") as reader:
        assert reader.request_body("r") == body
        assert reader.upstream_body("r", 1) == sent.replace(
            TOKEN.encode(), TOKEN[:20].encode() + b"*" * (len(TOKEN) - 20)
        )


def test_others_may_go_first_between_the_parts_of_a_body(db: sqlite3.Connection) -> None:
    rests: list[int] = []
    (body,) = session(1, 90_000)
    db.execute("BEGIN IMMEDIATE")
    clean, rest = context().redactor.body, lambda: rests.append(1)
    batch = Batch(db, BlobTable(), clean, rest=rest)
    batch.write([finished_entry(record("r", body=body), context(), stored=False)])
    db.execute("COMMIT")
    assert len(rests) > count(db, "blobs") - 2


def test_what_a_session_repeats_in_another_era_is_marked_without_being_hashed(
    db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, clean = BlobTable(), context().redactor.body
    hashed: list[int] = []

    def address(part: bytes) -> bytes:
        hashed.append(len(part))
        return blobs.address(part)

    monkeypatch.setattr(blob_table, "address", address)
    for hours, body in enumerate(session(2, 90_000)):
        hashed.clear()
        made = record(f"r{hours}", body=body, at=NOON + hours * SECONDS_AN_HOUR)
        db.execute("BEGIN IMMEDIATE")
        Batch(db, table, clean).write([finished_entry(made, context(), stored=False)])
        db.execute("COMMIT")
    # The two new messages, the headers and the decision.
    assert len(hashed) <= 4
    (newest,) = db.execute("SELECT max(number) FROM eras").fetchone()
    numbers = db.execute("SELECT blobs FROM bodies WHERE blobs IS NOT NULL ORDER BY request DESC")
    parts = read_numbers(table.packer.unpack(numbers.fetchone()[0]))
    used = f"SELECT DISTINCT used FROM blobs WHERE seq IN ({', '.join(map(str, parts))})"
    assert len(parts) > 20
    assert db.execute(used).fetchall() == [(newest,)]


def test_a_converted_session_comes_back_byte_for_byte(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    table, clean = BlobTable(), context().redactor.body
    bodies = session(6, 90_000)
    sent = [body.replace(b'"system":', b'"sent":', 1) for body in bodies]
    for number, (body, converted) in enumerate(zip(bodies, sent, strict=True)):
        parts = find_items(converted).spans
        tries = [attempt(b"{}", sent_body=converted, sent_parts=parts) for _ in range(2)]
        made = record(f"r{number}", body=body, attempts=tries)
        db.execute("BEGIN IMMEDIATE")
        Batch(db, table, clean).write([finished_entry(made, context(), stored=False)])
        db.execute("COMMIT")
    with TraceReader(tmp_path / "traces.db") as reader:
        assert [reader.request_body(f"r{n}") for n in range(6)] == bodies
        for attempt_number in (1, 2):
            found = [reader.upstream_body(f"r{n}", attempt_number) for n in range(6)]
            assert found == sent


def test_a_body_of_the_first_format_is_still_read(db: sqlite3.Connection, tmp_path: Path) -> None:
    body = body_of("claude-code/basic")
    write(db, finished_entry(record("r1", body=body), context(), stored=False))
    ((numbers,),) = db.execute("SELECT blobs FROM bodies WHERE kind = 'request'").fetchall()
    names = [
        db.execute("SELECT hash FROM blobs WHERE seq = ?", (number,)).fetchone()[0]
        for number in read_numbers(Packer().unpack(numbers))
    ]
    assert len(names) > 10
    db.execute("UPDATE bodies SET blobs = NULL, parts = ?", (b"".join(names),))
    with TraceReader(tmp_path / "traces.db") as reader:
        assert reader.request_body("r1") == body
