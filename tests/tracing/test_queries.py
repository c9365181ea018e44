import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.jsonio import read_envelope
from axonhub_cli.tracing.entries import Context, finished_entry, running_entry
from axonhub_cli.tracing.identity import find_trace
from axonhub_cli.tracing.packer import Packer
from axonhub_cli.tracing.queries import NotRecorded, TraceReader
from axonhub_cli.tracing.redact import Redactor
from axonhub_cli.tracing.store import SqliteStore
from tests.tracing.records import NOON, attempt, body_of, context, headers_of, record, store

TOKEN = "sk-ant-oat01-" + "x" * 20
KEY = "ah-" + "7" * 64


@pytest.fixture
def reader(tmp_path: Path) -> TraceReader:
    """Three traces: `abc1` completed, `abc2` failed on another channel, `x` by another client."""
    spare = [attempt(channel="spare", status="failed", http_status=500)]
    return store(
        tmp_path / "traces.db",
        [
            record("r1", trace_id="abc1"),
            record("r2", trace_id="abc1", at=NOON + 10, model="haiku"),
            record("r3", trace_id="abc2", at=NOON + 20, status="failed", attempts=spare),
            record("q4", trace_id="x", at=NOON + 30, client="codex"),
            record("test", at=NOON + 40, source="test", trace_id=None),
        ],
    )


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, ["x", "abc2", "abc1"]),
        ({"limit": 2}, ["x", "abc2"]),
        ({"since": NOON + 15}, ["x", "abc2"]),
        ({"client": "codex"}, ["x"]),
        ({"model": "haiku"}, ["abc1"]),
        ({"channel": "spare"}, ["abc2"]),
        ({"status": "failed"}, ["abc2"]),
        ({"status": "running"}, []),
        ({"client": "claude-code", "status": "completed"}, ["abc1"]),
    ],
)
def test_traces_are_listed_newest_first_and_filtered(
    reader: TraceReader, filters: dict[str, Any], ids: list[str]
) -> None:
    with reader:
        assert [trace.id for trace in reader.list_traces(**filters)] == ids


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, ["q4", "r3", "r2", "r1"]),
        ({"trace": "abc1"}, ["r2", "r1"]),
        ({"since": NOON + 10, "limit": 2}, ["q4", "r3"]),
        ({"client": "codex"}, ["q4"]),
        ({"model": "haiku"}, ["r2"]),
        ({"model": "claude-opus-5-5", "status": "completed"}, ["q4", "r2", "r1"]),
        ({"channel": "spare"}, ["r3"]),
        ({"source": "test"}, ["test"]),
        ({"source": None}, ["test", "q4", "r3", "r2", "r1"]),
    ],
)
def test_requests_are_listed_newest_first_and_filtered(
    reader: TraceReader, filters: dict[str, Any], ids: list[str]
) -> None:
    with reader:
        assert [request.id for request in reader.list_requests(**filters)] == ids


def test_every_filter_means_the_same_of_both_lists(tmp_path: Path) -> None:
    """What went wrong, was renamed, or had to go elsewhere, before a request that did well."""
    left = [attempt(channel="bad", status="failed", http_status=529), attempt(channel="good")]
    sent = [attempt(upstream_model="m-1")]
    records = [
        record("r1", trace_id="t1", at=NOON, status="failed", attempts=left[:1]),
        record("r2", trace_id="t1", at=NOON + 1, attempts=left),
        record("r3", trace_id="t1", at=NOON + 2, model="small", attempts=sent, thread_id="proj-1"),
        record("r4", trace_id="t2", at=NOON + 3, attempts=[attempt(channel="good")]),
        record("r5", trace_id="t3", at=NOON + 4, thread_id="proj-1", model='sm"all'),
    ]
    with store(tmp_path / "traces.db", records) as reader:

        def traces(**filters: Any) -> list[str]:
            return [trace.id for trace in reader.list_traces(**filters)]

        def requests(**filters: Any) -> list[str]:
            return [request.id for request in reader.list_requests(**filters)]

        assert (traces(status="failed"), requests(status="failed")) == (["t1"], ["r1"])
        assert traces(status="completed") == ["t3", "t2", "t1"]
        assert (traces(model="m-1"), requests(model="m-1")) == (["t1"], ["r3"])
        assert (traces(model="small"), requests(model="small")) == (["t1"], ["r3"])
        assert (traces(model='sm"all'), traces(model="mall")) == (["t3"], [])
        assert (traces(channel="bad"), requests(channel="bad")) == (["t1"], ["r2", "r1"])
        assert (traces(channel="good"), requests(channel="good")) == (["t2", "t1"], ["r4", "r2"])
        assert traces(thread="proj-1", status="failed") == ["t1"]
        assert traces(thread=reader.thread("proj")) == ["t3", "t1"]
        with pytest.raises(NotRecorded, match="no thread 'x'") as caught:
            reader.thread("x")
        assert caught.value.hint == "axonhub trace list"


def test_an_id_may_be_cut_short_while_it_is_unique(reader: TraceReader) -> None:
    with reader:
        assert reader.trace("x").id == "x"
        assert reader.trace("abc2").id == "abc2"
        assert reader.request("q").id == "q4"
        with pytest.raises(NotRecorded, match="several traces begin with 'abc': abc1, abc2"):
            reader.trace("abc")
        with pytest.raises(NotRecorded, match="no request 'zz' is recorded"):
            reader.request("zz")
        with pytest.raises(NotRecorded):
            reader.trace("")


def test_a_whole_id_wins_over_longer_ones(tmp_path: Path) -> None:
    records = [record("r1", trace_id="a"), record("r2", trace_id="ab")]
    with store(tmp_path / "traces.db", records) as reader:
        assert reader.trace("a").id == "a"


def test_a_trace_runs_while_any_of_its_requests_does(tmp_path: Path) -> None:
    opened = SqliteStore(tmp_path / "traces.db")
    opened.open()
    running = running_entry(record("r1", status="running"), context())
    later = finished_entry(record("r2", at=NOON + 5), context(), stored=False)
    opened.write([running, later], context().redactor.body)
    opened.close()
    with TraceReader(tmp_path / "traces.db") as reader:
        assert reader.trace("s1").status == "running"
        assert [trace.id for trace in reader.list_traces(status="running")] == ["s1"]


def test_the_reader_cannot_write(reader: TraceReader) -> None:
    with reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._db.execute("DELETE FROM requests")


def test_a_reader_sees_what_a_living_writer_has_committed(tmp_path: Path) -> None:
    writer = SqliteStore(tmp_path / "traces.db")
    writer.open()
    entries = [finished_entry(record(n), context(), stored=False) for n in ("r1", "r2")]
    writer.write(entries[:1], context().redactor.body)
    with TraceReader(tmp_path / "traces.db") as reader:
        assert len(reader.list_requests()) == 1
        writer.write(entries[1:], context().redactor.body)
        assert len(reader.list_requests()) == 2
    writer.close()


@pytest.mark.parametrize("name", ["claude-code/basic", "claude-code/image_read.02"])
def test_bodies_come_back_byte_for_byte(tmp_path: Path, name: str) -> None:
    first, last = attempt(b"first", status="failed"), attempt(b"data: last\n\n")
    made = record("r1", body=body_of(name), attempts=[first, last])
    with store(tmp_path / "traces.db", [made]) as reader:
        assert reader.request_body("r1") == body_of(name)
        assert reader.upstream_body("r1") == body_of(name)
        assert reader.answer_body("r1") == b"data: last\n\n"
        assert reader.answer_body("r1", attempt=1) == b"first"


@given(st.dictionaries(st.text(), st.recursive(st.text(), lambda i: st.lists(i, max_size=3))))
def test_any_object_is_stored_and_read_back_byte_for_byte(value: dict[str, Any]) -> None:
    body = json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
    with tempfile.TemporaryDirectory() as folder:
        with store(Path(folder) / "traces.db", [record("r1", body=body)]) as reader:
            assert reader.request_body("r1") == body


def test_a_session_with_halves_of_pairs_comes_back_as_it_was_and_as_it_was_sent(
    tmp_path: Path,
) -> None:
    """Its parts are those of the repaired body, which is as long."""
    history = [{"role": "user", "content": "half \ud83d " + "long " * 900}]
    records = []
    for number in range(4):
        body = json.dumps({"model": "m", "messages": history}).encode()
        envelope, repaired = read_envelope(body)
        edited = [attempt(sent_body=repaired)]
        made = {"at": NOON + number, "body": body, "envelope": envelope, "attempts": edited}
        records.append(record(f"r{number}", **made))
        history.append({"role": "assistant", "content": "so " * 80})
        history.append({"role": "user", "content": "\udc00" * (number % 2) + "more " * 50})
    with store(tmp_path / "traces.db", records) as reader:
        for one in records:
            assert reader.request_body(one.id) == one.body
            assert reader.upstream_body(one.id) == one.attempts[0].sent_body


def test_headers_and_decision_are_shown_without_credentials(tmp_path: Path) -> None:
    decision = {"rule": None, "candidates": ["main"]}
    made = record("r1", headers=headers_of("claude-code/basic"), decision=decision)
    with store(tmp_path / "traces.db", [made]) as reader:
        request = reader.request("r1")
        headers = dict(reader.headers(request))
        assert headers["authorization"] == "***"
        assert headers["user-agent"] == "claude-cli/2.1.330 (external, sdk-cli)"
        assert reader.decision(request) == decision


def test_what_was_not_stored_is_none(tmp_path: Path) -> None:
    made = record("r1", body=None, attempts=[])
    with store(tmp_path / "traces.db", [made]) as reader:
        assert reader.request_body("r1") is None
        assert reader.upstream_body("r1") is None
        assert reader.answer_body("r1") is None


def test_a_body_whose_parts_were_pruned_is_none(tmp_path: Path) -> None:
    made = record("r1", body=body_of("claude-code/basic"))
    store(tmp_path / "traces.db", [made]).close()
    with sqlite3.connect(tmp_path / "traces.db") as db:
        db.execute("DELETE FROM blobs WHERE seq = 5")
    db.close()
    with TraceReader(tmp_path / "traces.db") as reader:
        assert reader.request_body("r1") is None


def test_no_credential_is_anywhere_in_the_file(tmp_path: Path) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": f"{TOKEN} {KEY} " * 200}]})
    made = record(
        "r1",
        body=body.encode(),
        error=f"refused {TOKEN}",
        headers=[(b"authorization", b"Bearer " + KEY.encode()), (b"x-odd", TOKEN.encode())],
        decision={"note": TOKEN},
        attempts=[attempt(b"you said " + TOKEN.encode(), url=f"http://u:{TOKEN}@h/", error=KEY)],
    )
    store(tmp_path / "traces.db", [made], TOKEN).close()
    raw = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    with sqlite3.connect(tmp_path / "traces.db") as db:
        packed = [
            row[0] for t in ("blobs", "bodies") for row in db.execute(f"SELECT data FROM {t}")
        ]
    db.close()
    everything = raw + b"".join(Packer().unpack(data) for data in packed)
    assert TOKEN.encode() not in everything
    assert KEY.encode() not in everything
    assert b"you said ***" in everything


@pytest.mark.parametrize(
    "narrowed", [{"channel": "none"}, {"min_cost": 9.0}, {"channel": "none", "min_cost": 0.0}]
)
def test_requests_of_a_channel_or_a_cost_are_looked_for_in_their_traces_alone(
    tmp_path: Path, narrowed: dict[str, Any]
) -> None:
    """A million requests are in far fewer traces, which know all their channels and costs."""
    with store(tmp_path / "traces.db", [record("r1"), record("r2")]) as reader:
        asked: list[str] = []
        reader._db.set_trace_callback(asked.append)
        assert reader.list_requests(**narrowed) == []
        (plan, *_) = reader._db.execute(f"EXPLAIN QUERY PLAN {asked[1]}").fetchall()
    assert plan[3].startswith("SEARCH requests USING INDEX requests_by_trace")


def test_running_requests_are_found_by_their_own_index(tmp_path: Path) -> None:
    made = [record("r1"), record("r2", status="failed")]
    with store(tmp_path / "traces.db", made) as reader:
        asked: list[str] = []
        reader._db.set_trace_callback(asked.append)
        assert reader.list_requests(status="running") == []
        plan = reader._db.execute(f"EXPLAIN QUERY PLAN {asked[0]}").fetchall()
    steps = [row[3] for row in plan]
    assert steps[0].startswith("SEARCH requests USING INTEGER PRIMARY KEY")
    assert any("requests_running" in step for step in steps)


@pytest.mark.parametrize("few", [0, 5000])
def test_a_channel_finds_the_same_requests_wherever_they_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("axonhub_cli.tracing.queries._FEW_REQUESTS", few)
    left = attempt(channel="left", status="failed")
    rows = [record("r1"), record("r2", attempts=[left, attempt()]), record("r3")]
    with store(tmp_path / "traces.db", rows) as reader:
        served = rows[0].attempts[0].channel
        assert [row.id for row in reader.list_requests(channel="left")] == ["r2"]
        assert {row.id for row in reader.list_requests(channel=served)} == {"r1", "r2", "r3"}


@pytest.mark.parametrize("name", ["client", "model", "status"])
def test_a_list_without_a_match_reads_no_row(tmp_path: Path, name: str) -> None:
    with store(tmp_path / "traces.db", [record("r1"), record("r2")]) as reader:
        asked: list[str] = []
        reader._db.set_trace_callback(asked.append)
        assert reader.list_requests(**{name: "none"}) == []  # type: ignore[arg-type]
        plan = reader._db.execute(f"EXPLAIN QUERY PLAN {asked[0]}").fetchall()
    assert plan[0][3] == "SCAN requests USING INDEX requests_by_time"


def test_a_spoilt_row_spoils_no_list(tmp_path: Path) -> None:
    store(tmp_path / "traces.db", [record("r1"), record("r2")]).close()
    with sqlite3.connect(tmp_path / "traces.db") as db:
        db.execute("UPDATE requests SET losses = '[{***' WHERE id = 'r1'")
        packed = Packer().pack(b'{"rule": ***')
        db.execute("UPDATE blobs SET data = ? WHERE seq = (SELECT max(seq) FROM blobs)", (packed,))
        db.execute("UPDATE requests SET decision = (SELECT hash FROM blobs ORDER BY seq DESC)")
    db.close()
    with TraceReader(tmp_path / "traces.db") as reader:
        rows = reader.list_requests()
        assert [row.losses for row in rows] == [(), ()]
        assert reader.decision(rows[0]) == {}


@pytest.mark.parametrize("pattern", [r'"[^"]*@[^"]*"', r"\{.*\}"])
def test_a_decision_is_read_whatever_the_patterns_take_in(tmp_path: Path, pattern: str) -> None:
    redactor = Redactor(patterns=[pattern])
    made = record("r1", decision={"rule": "me@here.test {x}", "strategy": "x"})
    opened = SqliteStore(tmp_path / "traces.db")
    opened.open()
    entry = finished_entry(made, Context(redactor, TraceSettings(), {}), stored=False)
    opened.write([entry], redactor.body)
    opened.close()
    with TraceReader(tmp_path / "traces.db") as reader:
        found = reader.decision(reader.request("r1"))
    assert found["strategy"] == "x"
    assert found["rule"] in ("***", "me@here.test ***")


def test_a_trace_is_found_by_its_id_as_the_client_wrote_it(tmp_path: Path) -> None:
    sent = "任务-1".encode().decode("latin-1")
    recorded = find_trace({"ah-trace-id": sent}, None, TraceSettings()).trace_id
    with store(tmp_path / "traces.db", [record("r", trace_id=recorded)]) as reader:
        assert reader.trace("任务-1").id == recorded
        assert reader.trace(str(recorded)).id == recorded
