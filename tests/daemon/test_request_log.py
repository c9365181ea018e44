import json
import logging

import pytest

from axonhub_cli.daemon.logs import JsonFormatter
from axonhub_cli.daemon.request_log import log_request
from axonhub_cli.tracing.entries import Entry, finished_entry
from tests.tracing.records import attempt, context, message, record, text

TOKEN = "sk-ant-api03-" + "x" * 12


def entry(**changes: object) -> Entry:
    return finished_entry(record("r1", **changes), context(), stored=False)


def test_a_failed_request_is_a_line_with_members_of_its_own(
    log: pytest.LogCaptureFixture,
) -> None:
    log.set_level(logging.INFO, "axonhub")
    tried = attempt(status="failed", http_status=529, error_kind="529")
    log_request(
        entry(status="failed", error=f"no {TOKEN}", error_kind="529", attempts=[tried, tried])
    )
    log_request(entry())
    (told,) = [json.loads(JsonFormatter().format(each)) for each in log.records]
    assert told["message"] == "request r1 failed by 'main' after 50 ms: no ***"
    assert (told["level"], told["event"], told["request"]) == ("info", "request", "r1")
    assert (told["error_kind"], told["attempts"], told["trace"]) == ("529", 2, "s1")


def test_all_of_them_are_lines_at_debug_without_what_was_said(
    log: pytest.LogCaptureFixture,
) -> None:
    log.set_level(logging.DEBUG, "axonhub")
    log_request(entry(attempts=[attempt(message(text("very private")))]))
    log_request(entry(status="canceled", attempts=[], total_ms=None))
    lines = [JsonFormatter().format(each) for each in log.records]
    told = json.loads(lines[0])
    assert (told["level"], told["output"], told["model"]) == ("debug", 5, "claude-opus-5-5")
    assert "private" not in lines[0]
    assert json.loads(lines[1])["message"] == "request r1 canceled"


def test_a_cost_that_is_not_all_of_it_is_told_as_such(log: pytest.LogCaptureFixture) -> None:
    log.set_level(logging.DEBUG, "axonhub")
    log_request(entry())  # nobody knows its price
    log_request(entry(status="failed", attempts=[]))
    unknown, nothing = [json.loads(JsonFormatter().format(each)) for each in log.records]
    assert unknown["unpriced"] == 1
    assert "unpriced" not in nothing
