from pathlib import Path

from axonhub_cli.tracing.export import all_requests, archive, readable, whole_request
from tests.tracing.records import NOON, attempt, message, record, store, text


def test_bodies_are_told_as_what_they_are() -> None:
    assert readable(b'{"a":1}') == {"a": 1}
    assert readable(b"event: x\xff") == "event: x�"
    assert readable(None) is None


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
