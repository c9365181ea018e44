from pathlib import Path

from axonhub_cli.tracing.rows import timestamp
from tests.tracing.records import attempt, message, record, store, text

TRACE = {
    "id": "s1",
    "thread_id": None,
    "client": "claude-code",
    "started_at": "2026-11-24T06:00:00.000Z",
    "updated_at": "2026-11-24T06:00:00.050Z",
    "requests": 1,
    "models": ["claude-opus-5-5"],
    "channels": ["spare", "main"],
    "status": "completed",
    "tokens": {"input": 3, "cache_read": 900, "cache_write": 0, "output": 5, "reasoning": 0},
    "cost_usd": None,
    "unpriced": 1,
    "title": "say pong",
}

REQUEST = {
    "id": "r1",
    "trace_id": "s1",
    "at": "2026-11-24T06:00:00.000Z",
    "key": "default",
    "profile": "plain",
    "protocol": "anthropic",
    "model": "claude-opus-5-5",
    "upstream_model": "claude-opus-5-5",
    "channel": "main",
    "upstream_protocol": "anthropic",
    "stream": False,
    "status": "completed",
    "http_status": 200,
    "first_token_ms": 13,
    "total_ms": 50,
    "tokens": TRACE["tokens"],
    "cost_usd": None,
    "losses": [{"path": "top_k", "reason": "there is no such thing"}],
}


def test_rows_become_the_json_of_the_contract(tmp_path: Path) -> None:
    failed = attempt(channel="spare", status="failed", http_status=529, error="overloaded", ms=7.4)
    made = record(
        "r1",
        at=1_795_500_000.0,
        first_token_ms=12.6,
        losses=REQUEST["losses"],
        attempts=[failed, attempt(message(text("pong"), cache_read_input_tokens=900))],
    )
    with store(tmp_path / "traces.db", [made]) as reader:
        (trace,) = reader.list_traces()
        (request,) = reader.list_requests()
    assert trace.as_json() == TRACE
    shown = request.as_json()
    assert {name: shown[name] for name in REQUEST} == REQUEST
    first, second = shown["attempts"]
    assert [first[name] for name in ("channel", "status", "error", "ms")] == [
        *("spare", 529, "overloaded", 7)
    ]
    assert [second[name] for name in ("channel", "status", "error")] == ["main", 200, None]


def test_times_are_iso_8601_in_utc() -> None:
    assert timestamp(0.25) == "1970-01-01T00:00:00.250Z"


def test_a_request_and_its_attempts_say_how_much_of_their_cost_is_not_known(tmp_path: Path) -> None:
    half = attempt(message(text("po"))[:-40], status="canceled")
    records = [
        record("whole", attempts=[attempt(message(text("pong")))]),
        record("half", attempts=[half], status="canceled", at=1_795_500_001.0),
    ]
    with store(tmp_path / "traces.db", records) as reader:
        half_row, whole_row = reader.list_requests()
    # No price is known to this store.
    assert (whole_row.unpriced, half_row.unpriced) == (1, 1)
    assert [one.unpriced for one in half_row.attempts] == [1]
    shown = half_row.as_json()
    assert (shown["unpriced"], shown["attempts"][0]["unpriced"]) == (1, 1)
    assert shown["attempts"][0]["price"] is None
