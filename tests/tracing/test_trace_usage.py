"""What traces used, and which of them miss the cache: by their requests, as an upstream told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.tracing.recorder import RequestRecord
from axonhub_cli.tracing.sums import Sums
from axonhub_cli.tracing.trace_usage import trace_sums
from axonhub_cli.tracing.usage_queries import UsageReader
from tests.tracing.records import NOON, attempt, message, record, store, text


def asked(
    number: int, *, fresh: int = 0, read: int = 0, write: int = 0, **how: Any
) -> RequestRecord:
    """A minute after the one before."""
    usage = {
        "input_tokens": fresh,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": write,
    }
    one = attempt(message(text("pong"), **usage))
    name = how.pop("name", "")
    return record(f"r{name}{number}", at=NOON + 60 * number, attempts=[one], **how)


def sums_of(tmp_path: Path, *made: RequestRecord, since: float | None = None) -> list[Sums]:
    with store(tmp_path / "traces.db", made) as reader:
        return trace_sums(reader, since, None)


def test_a_young_session_that_fills_the_cache_is_not_marked(tmp_path: Path) -> None:
    (one,) = sums_of(tmp_path, asked(1, write=50_000), asked(2, read=50_000, write=500))
    assert (one.low_hit, one.requests) == (False, 2)
    (one,) = sums_of(
        tmp_path / "more",
        *[asked(1, write=90_000), asked(2, read=90_000, write=9), asked(3, read=90_009, write=9)],
    )
    assert one.hit_rate is not None
    assert one.hit_rate < 0.8
    assert not one.low_hit


def test_a_session_that_writes_everything_anew_is_marked(tmp_path: Path) -> None:
    (one,) = sums_of(tmp_path, *[asked(number, write=50_000) for number in range(4)])
    assert one.low_hit


def test_a_model_without_a_cache_is_not_marked(tmp_path: Path) -> None:
    (one,) = sums_of(tmp_path, *[asked(number, fresh=50_000) for number in range(9)])
    assert not one.low_hit


def test_each_agents_first_request_and_side_requests_are_left_out(tmp_path: Path) -> None:
    main = [asked(1, write=30_000), asked(5, read=30_000), asked(6, read=30_000)]
    firsts = [asked(n, write=50_000, agent_id=f"a{n}") for n in (2, 3, 4)]
    side = [asked(n, fresh=50_000, request_class="auxiliary", name="s") for n in (7, 8, 9)]
    other = asked(10, read=30_000)
    (one,) = sums_of(tmp_path, *main, *firsts, *side, other)
    assert one.hit_rate is not None
    assert one.hit_rate < 0.8
    assert not one.low_hit


def test_since_a_moment_only_what_came_after_it_is_summed(tmp_path: Path) -> None:
    made = [
        asked(1, fresh=10, trace_id="old"),
        asked(2, fresh=20, trace_id="both"),
        asked(8, fresh=30, trace_id="both"),
        asked(9, fresh=40, trace_id="new"),
    ]
    found = sums_of(tmp_path, *made, since=NOON + 300)
    assert [(one.name, one.requests, one.input) for one in found] == [
        ("new", 1, 40),
        ("both", 1, 30),
    ]
    assert found[1].unpriced == 1
    assert found[1].title == "say pong"
    whole = sums_of(tmp_path / "again", *made)
    assert [(one.name, one.input) for one in whole] == [("new", 40), ("both", 50), ("old", 10)]


def test_counts_of_tokens_are_no_requests(tmp_path: Path) -> None:
    made = [
        asked(1, fresh=10),
        asked(2, operation="count_tokens"),
        asked(3, operation="count_tokens", trace_id="only"),
    ]
    for since in (None, NOON + 30, NOON + 90):
        folder = tmp_path / str(since)
        found = sums_of(folder, *made, since=since)
        assert [(one.name, one.requests) for one in found] == (
            [] if since == NOON + 90 else [("s1", 1)]
        )


@pytest.mark.parametrize(
    ("last", "model"),
    [
        ({"request_class": "auxiliary"}, "claude-opus-5-5"),
        ({"agent_id": "a"}, "claude-opus-5-5"),
        ({}, "claude-haiku-4-5"),
    ],
)
def test_a_status_line_shows_the_main_agents_model(
    tmp_path: Path, last: dict[str, str], model: str
) -> None:
    later = asked(2, fresh=1, **last)
    later.attempts[0].upstream_model = "claude-haiku-4-5"
    store(tmp_path / "traces.db", [asked(1, fresh=1), later]).close()
    reader = UsageReader(tmp_path / "traces.db")
    shown = reader.session("s1")
    reader.close()
    assert shown is not None
    assert shown["model"] == model


def test_where_all_are_subagents_the_last_one_is_shown(tmp_path: Path) -> None:
    store(tmp_path / "traces.db", [asked(1, agent_id="a"), asked(2, agent_id="b")]).close()
    reader = UsageReader(tmp_path / "traces.db")
    shown = reader.session("s1")
    reader.close()
    assert shown is not None
    assert shown["model"] == "claude-opus-5-5"
