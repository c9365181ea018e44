"""Decision records in words, new ones and those of older versions."""

from __future__ import annotations

import pytest

from axonhub_cli.cli.decisions import print_decision, why


def test_what_a_score_is_made_of_reads_as_a_product() -> None:
    entry = {
        "weight": 80.0,
        "latency": 0.5,
        "load": 0.9,
        "first_event_ms": 300,
        "in_flight": 4,
        "price": 1.25,
        "notes": ["holds the session's prompt cache"],
    }
    assert why(entry) == (
        "weight 80 × latency 0.5 × load 0.9; first event 300 ms; 4 in flight; $1.25; "
        "holds the session's prompt cache"
    )


def test_a_record_names_candidates_failures_and_who_was_passed_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    candidate = {"channel": "a", "model": "m", "priority": 0, "score": 100.0, "weight": 100.0}
    record = {
        "strategy": "adaptive",
        "candidates": [candidate, candidate | {"channel": "b", "notes": ["rests for 9 s (529)"]}],
        "failures": [{"channel": "a", "kind": "529", "then": "the next channel", "delay_ms": 20}],
        "rejected": [{"channel": "c", "reason": "is disabled"}],
    }
    print_decision(record)
    said = capsys.readouterr().out
    assert "candidates, in order (adaptive):" in said
    assert "weight 100; rests for 9 s (529)" in said
    assert "a failed (529): the next channel, after 20 ms" in said
    assert "not used: c – is disabled" in said


def test_an_only_candidate_is_not_worth_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_decision({"candidates": [{"channel": "a", "model": "m"}]})
    assert capsys.readouterr().out == ""


def test_a_record_of_an_older_version_is_shown_as_far_as_it_goes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_decision({"candidates": [{"channel": "a", "model": "m"}, {"channel": "b"}]})
    print_decision({})
    assert "\na " in capsys.readouterr().out
