import json
from typing import Any

import pytest

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.jsonio import read_envelope
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing.entries import Body, Context, finished_entry, running_entry
from axonhub_cli.tracing.lineage import Lineage
from axonhub_cli.tracing.recorder import RequestRecord
from axonhub_cli.tracing.redact import Redactor
from tests.tracing.records import attempt, body_of, context, headers_of, message, record, text

TOKEN = "sk-ant-oat01-" + "x" * 20
USAGE = {
    "cache_read_input_tokens": 7,
    "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 4},
}


def test_the_requests_tokens_are_those_of_its_last_attempt() -> None:
    failed = attempt(b'{"error": {"message": "Overloaded"}}', status="failed", http_status=529)
    made = record("r", attempts=[failed, attempt(message(text("hi"), **USAGE), channel="second")])
    entry = finished_entry(made, context(), stored=False)
    counts = ("input", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "output")
    assert [entry.request[name] for name in counts] == [3, 7, 6, 2, 4, 5]
    assert [row["output"] for row in entry.attempts] == [None, 5]
    assert entry.attempts[0]["error"] == "Overloaded"
    assert entry.request["channel"] == "second"
    assert entry.request["stop_reason"] == "end_turn"


def test_the_requests_tokens_are_the_sum_of_what_is_paid_for() -> None:
    """As those of its trace and of the table `usage` are."""
    stream = (
        b'data: {"type":"message_start","message":{"usage":{"input_tokens":40}}}\n\n'
        b'data: {"type":"message_delta","delta":{},"usage":{"output_tokens":2}}\n\n'
    )
    broken = attempt(stream, status="failed", channel="first")
    listed = [
        {"type": "message", "input_tokens": 1, "output_tokens": 5},
        {"type": "advisor_message", "model": "wise", "input_tokens": 20, "output_tokens": 10},
    ]
    advised = attempt(message(text("x"), iterations=listed))
    entry = finished_entry(record("r", attempts=[broken, advised]), context(), stored=False)
    for name in ("input", "output"):
        paid = sum(getattr(one.usage, name) or 0 for one in entry.spent)
        assert entry.request[name] == paid == sum(int(row[name] or 0) for row in entry.attempts)
    assert entry.request["output"] == 2 + 5 + 10


def test_counted_tokens_are_not_used_tokens() -> None:
    made = record("r", operation="count_tokens", attempts=[attempt(b'{"input_tokens": 9}')])
    entry = finished_entry(made, context(), stored=False)
    assert entry.request["input"] is None
    assert entry.attempts[0]["input"] == 9


def test_a_protocol_nobody_reads_has_unknown_tokens() -> None:
    made = record("r", attempts=[attempt(b"{}", upstream_protocol="gemini")])
    assert finished_entry(made, context(), stored=False).request["input"] is None


def linked(**changes: Any) -> RequestRecord:
    """A request without a session, whose answer is to be recognised."""
    made = record("r", linked=True, **changes)
    assert made.body is not None
    made.envelope = read_envelope(made.body)[0]
    return made


def test_an_answer_that_was_read_to_be_recognised_is_not_read_again() -> None:
    known, made = Lineage(PROTOCOLS), linked()
    plain = finished_entry(record("r"), context(), stored=False)
    assert known.learn(made)
    assert made.attempts[0].read is not None
    # It is there no more to be read.
    made.attempts[0].answer = []
    entry = finished_entry(made, context(), stored=False)
    assert (entry.request["output"], entry.request["stop_reason"]) == (5, "end_turn")
    assert entry.attempts == plain.attempts
    assert made.attempts[0].read is None


def test_of_an_answer_that_goes_on_what_was_read_is_not_the_end() -> None:
    known, made = Lineage(PROTOCOLS), linked(status="running")
    assert known.learn(made)
    assert made.attempts[0].read is None


def test_a_running_request_has_its_body_and_no_answers() -> None:
    made = record("r", status="running", attempts=[attempt(b"half", status="running")])
    entry = running_entry(made, context())
    assert entry.bodies == [Body(0, "request", made.body or b"")]
    assert entry.request["status"] == "running"
    assert not entry.counted


def test_a_request_that_was_stored_while_running_brings_only_what_is_new() -> None:
    made = record("r", attempts=[attempt(b"{}", sent_body=b"sent")])
    entry = finished_entry(made, context(), stored=True)
    assert entry.counted
    assert entry.bodies[0].known
    assert entry.bodies[1:] == [
        Body(1, "request", b"sent", base=made.body),
        Body(1, "answer", b"{}"),
    ]


def test_bodies_are_kept_as_the_settings_say() -> None:
    made = record("r", attempts=[attempt(b"{}", sent_body=b"sent")])
    neither = context(store_request_body=False, store_response_body=False)
    assert finished_entry(made, neither, stored=False).bodies == []
    answers = context(store_request_body=False)
    assert finished_entry(made, answers, stored=False).bodies == [Body(1, "answer", b"{}")]


def test_a_request_that_ended_without_saying_how_has_failed() -> None:
    entry = finished_entry(record("r", status="running"), context(), stored=False)
    assert entry.request["status"] == "failed"


def test_no_text_column_shows_a_credential() -> None:
    made = record(
        "r",
        error=f"refused {TOKEN}",
        user_agent=f"tool/{TOKEN}",
        model=TOKEN,
        decision={"note": "quiet-quiet"},
        losses=[{"path": "a", "reason": TOKEN}],
        headers=headers_of("claude-code/basic"),
        attempts=[attempt(error=TOKEN, url=f"https://host/?key={TOKEN}")],
    )
    entry = finished_entry(made, context("quiet-quiet"), stored=False)
    shown = repr((entry.request, entry.attempts, entry.headers, entry.decision))
    assert TOKEN not in shown
    assert "quiet" not in shown
    assert "dummy" not in shown


def test_headers_repeat_from_request_to_request() -> None:
    first, second = (
        finished_entry(
            record("r", headers=[(b"content-length", size), (b"accept", b"*/*")]),
            context(),
            stored=False,
        )
        for size in (b"1", b"2")
    )
    assert json.loads(first.headers) == [["accept", "*/*"]]
    assert first.headers == second.headers


def test_a_test_belongs_to_no_trace() -> None:
    assert finished_entry(record("r", source="test"), context(), stored=False).trace_id is None


def test_side_requests_give_no_title() -> None:
    def title(made: RequestRecord) -> str | None:
        return finished_entry(made, context(), stored=False).title()

    assert title(record("r")) == "say pong"
    assert title(record("r", agent_id="a1")) is None
    assert title(record("r", request_class="auxiliary")) is None
    assert title(record("r", operation="count_tokens")) is None
    assert title(record("r", body=None)) is None
    opencodes = record("r", protocol="openai_chat", body=body_of("opencode/chat_basic.01"))
    assert title(opencodes) is None
    ping = {"max_tokens": 1, "messages": [{"role": "user", "content": "quota"}]}
    pinged = json.dumps(ping).encode()
    assert title(record("r", body=pinged)) is None
    assert title(record("r", body=pinged, client="openai-sdk")) == "quota"


def test_where_bodies_are_not_kept_the_users_words_are_no_title_either() -> None:
    made = record("r")
    for nothing in (context(bodies="off"), context(store_request_body=False)):
        assert finished_entry(made, nothing, stored=False).title() is None
        assert running_entry(made, nothing).title() is None
    on_failure = context(bodies="on_failure")
    assert running_entry(made, on_failure).title() is None
    assert finished_entry(made, on_failure, stored=False).title() is None
    made.status = "failed"
    assert finished_entry(made, on_failure, stored=False).title() == "say pong"


def test_text_that_is_no_unicode_can_be_stored() -> None:
    made = record("r", error="half \ud83d", prompt_id="\udcff")
    entry = finished_entry(made, Context(Redactor(), TraceSettings(), {}), stored=False)
    assert (entry.request["error"], entry.request["prompt_id"]) == ("half ?", "?")


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, False),
        ({"status": "failed"}, True),
        ({"status": "canceled"}, True),
        ({"attempts": [attempt(b"{}", status="failed"), attempt(b"{}")]}, True),
    ],
)
def test_on_failure_only_the_bodies_of_what_failed_once_are_kept(
    changes: dict[str, Any], kept: bool
) -> None:
    made, settings = record("r1", **changes), context(bodies="on_failure")
    assert bool(finished_entry(made, settings, stored=False).bodies) is kept
    # While it ran, nobody knew: so its own body is not in the store yet.
    assert running_entry(made, settings).bodies == []
    late = finished_entry(made, settings, stored=True).bodies
    assert [(body.attempt, body.kind) for body in late[:1]] == ([(0, "request")] if kept else [])


def test_no_bodies_at_all_may_be_kept() -> None:
    made = record("r1", status="failed")
    assert finished_entry(made, context(bodies="off"), stored=False).bodies == []
    assert running_entry(made, context(bodies="off")).bodies == []


def test_a_pattern_that_takes_in_quotes_leaves_losses_and_decision_readable() -> None:
    losses = [{"path": "a", "reason": "me@here.test"}]
    made = record("r", losses=losses, decision={"rule": "me@here.test", "strategy": "x"})
    redacting = Context(Redactor(patterns=[r'"[^"]*@[^"]*"']), TraceSettings(), {})
    entry = finished_entry(made, redacting, stored=False)
    assert json.loads(str(entry.request["losses"]))[0]["path"] == "a"
    assert json.loads(entry.decision)["strategy"] == "x"


@pytest.mark.parametrize("count", [9007199254740991, 10**9 + 1, 1e300])
def test_a_count_that_no_answer_can_have_counts_as_not_told(count: float) -> None:
    answer = message(text("pong"), input_tokens=count)
    entry = finished_entry(record("r", attempts=[attempt(answer)]), context(), stored=False)
    assert (entry.request["input"], entry.request["output"]) == (None, 5)
    assert not entry.spent[0].whole
