from pathlib import Path

from axonhub_cli.tracing.export import all_requests, archive, readable, whole_request
from tests.tracing.records import NOON, attempt, message, record, store, text


def test_bodies_are_told_as_what_they_are() -> None:
    assert readable(b'{"a":1}') == {"a": 1}
    assert readable("event: é".encode()) == "event: é"
    assert readable(b"event: x\xff") == {"base64": "ZXZlbnQ6IHj/"}
    assert readable(None) is None


def test_what_is_not_known_is_null_and_what_is_known_is_there(tmp_path: Path) -> None:
    answer = message(
        text("a"), cache_creation={"ephemeral_5m_input_tokens": 7, "ephemeral_1h_input_tokens": 2}
    )
    tried = attempt(
        answer, upstream_request_id="up-1", offset_ms=1.25, delay_ms=0.5, answer_dropped=3
    )
    failed = attempt(status="failed", http_status=502, ms=None, error="no")
    made = record(
        "r1",
        attempts=[failed, tried],
        thread_id="th-1",
        agent_id="a-2",
        parent_agent_id="a-1",
        prompt_id="p-1",
        request_class="auxiliary",
        user_agent="claude-cli/2",
        traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01",
        total_ms=12.3456,
        error_kind="broken",
    )
    with store(tmp_path / "t.db", [made]) as reader:
        (row,) = all_requests(reader, None)
        whole = whole_request(reader, row)
    for name in ("thread_id", "parent_agent_id", "prompt_id", "request_class", "traceparent"):
        assert whole[name] == getattr(made, name)
    assert (whole["user_agent"], whole["total_ms"]) == ("claude-cli/2", 12.346)
    assert whole["error_kind"] == "broken"
    first, last = whole["attempts"]
    assert set(first["tokens"].values()) == {None}
    assert (first["ms"], first["http_status"], first["sent"]) == (None, 502, whole["body"])
    assert (last["tokens"]["cache_write_5m"], last["tokens"]["cache_write_1h"]) == (7, 2)
    assert whole["tokens"] == last["tokens"]
    assert (last["upstream_request_id"], last["upstream_protocol"]) == ("up-1", "anthropic")
    assert (last["offset_ms"], last["delay_ms"], last["answer_dropped"]) == (1.25, 0.5, 3)
    assert (last["n"], last["stop_reason"]) == (2, "end_turn")
    assert whole.keys() >= row.as_json().keys()


def test_tests_and_replays_are_a_part_of_everything(tmp_path: Path) -> None:
    made = [record("r1"), record("r2", source="test"), record("r3", source="replay")]
    with store(tmp_path / "t.db", made) as reader:
        assert [row.id for row in all_requests(reader, None)] == ["r1", "r2", "r3"]
        assert [row.id for row in all_requests(reader, None, "replay")] == ["r3"]
        assert [row.id for row in all_requests(reader, NOON + 1)] == []


def test_an_answer_that_is_no_text_is_in_an_archive_byte_for_byte(tmp_path: Path) -> None:
    with store(tmp_path / "t.db", [record("r1", attempts=[attempt(b"\xff\x00")])]) as reader:
        (entry,) = archive(reader, all_requests(reader, None))["log"]["entries"]
    content = entry["response"]["content"]
    assert (content["text"], content["encoding"], content["size"]) == ("/wA=", "base64", 2)


def test_a_request_that_went_nowhere_is_an_entry_of_its_own(tmp_path: Path) -> None:
    made = record("r1", attempts=[], status="failed", http_status=503, error="no channel")
    with store(tmp_path / "t.db", [made]) as reader:
        (row,) = all_requests(reader, None)
        (entry,) = archive(reader, [row])["log"]["entries"]
    assert entry["request"]["url"].startswith("http://localhost/")
    assert entry["response"]["status"] == 503
    assert entry["response"]["comment"] == "no channel"
    assert entry["_axonhub"]["id"] == "r1"


def test_an_entry_is_as_long_as_its_attempt(tmp_path: Path) -> None:
    tried = attempt(
        message(text("hi")), offset_ms=500.0, first_event_ms=10.0, url="https://a/v1?beta=true"
    )
    with store(tmp_path / "t.db", [record("r1", attempts=[tried])]) as reader:
        (row,) = all_requests(reader, NOON - 1)
        whole = whole_request(reader, row)
        (entry,) = archive(reader, [row])["log"]["entries"]
    assert entry["startedDateTime"].endswith(".500Z")
    assert entry["timings"] == {"send": 0, "wait": 10.0, "receive": 30.0}
    assert entry["request"]["queryString"] == [{"name": "beta", "value": "true"}]
    assert whole["attempts"][0]["answer"]["content"] == [text("hi")]
    assert whole["attempts"][0]["sent"] == whole["body"]
