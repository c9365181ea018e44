"""What is counted, told and logged of telemetry that does and does not arrive."""

from __future__ import annotations

import pytest

from axonhub_cli.daemon.otlp_outcomes import LOG_EVERY_S, Outcomes


def test_a_lasting_failure_is_logged_now_and_then(log: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    outcomes = Outcomes(lambda: now[0])
    for moment in (0.0, 1.0, LOG_EVERY_S - 1, LOG_EVERY_S, LOG_EVERY_S + 1):
        now[0] = moment
        outcomes.answered("traces", "503", "it answered 503", taken=False)
    assert log.text.count("telemetry is not taken (traces): it answered 503") == 2
    # Another signal's failure is news, and so is one that has ended meanwhile.
    outcomes.answered("traces", "200", None, taken=True)
    outcomes.answered("traces", "503", "it answered 503", taken=False)
    assert log.text.count("telemetry is not taken (traces): it answered 503") == 3
    outcomes.answered("metrics", "404", "it answered 404", taken=False)
    assert "telemetry is not taken (metrics): it answered 404" in log.text


def test_the_end_of_a_failure_is_logged_with_what_it_cost(log: pytest.LogCaptureFixture) -> None:
    outcomes = Outcomes()
    outcomes.answered("traces", "200", None, taken=True)
    assert log.text == ""
    outcomes.answered("traces", "error", "refused", taken=False)
    outcomes.drop("unreachable", 3)
    assert outcomes.problem == "traces: refused; 3 spans were lost so far"
    outcomes.answered("traces", "200", None, taken=True)
    assert "telemetry is taken again (traces); 3 spans were lost" in log.text
    assert outcomes.problem is None


def test_counters_tell_each_outcome_by_its_reason() -> None:
    outcomes = Outcomes()
    outcomes.sent(5)
    outcomes.drop("queue_full", 2)
    outcomes.drop("queue_full", 1)
    outcomes.answered("traces", "200", "1 rejected", taken=True)
    lines = [line for each in outcomes.counters(7) for line in each.lines()]
    assert f"axonhub_otlp_last_sent_timestamp_seconds {outcomes.last_sent_at!r}" in lines
    found = [line for line in lines if not line.startswith("#") and "last_sent" not in line]
    assert found == [
        'axonhub_otlp_spans_total{outcome="sent"} 5.0',
        'axonhub_otlp_dropped_spans_total{reason="queue_full"} 3.0',
        'axonhub_otlp_posts_total{signal="traces",code="200"} 1.0',
        "axonhub_otlp_queue_spans 7.0",
        'axonhub_otlp_up{signal="traces"} 1.0',
    ]
    assert outcomes.last_sent_at is not None


def test_a_queue_that_is_too_small_is_logged_now_and_then(log: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    outcomes = Outcomes(lambda: now[0])
    for moment in (0.0, 1.0, LOG_EVERY_S):
        now[0] = moment
        outcomes.drop("queue_full", 1)
    outcomes.drop("rejected", 1)
    said = [record.getMessage() for record in log.records]
    assert [line.partition(": ")[2] for line in said] == [
        "1 spans were lost so far",
        "3 spans were lost so far",
    ]
