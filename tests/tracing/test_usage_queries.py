import os
import time
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.ir.response import Usage
from axonhub_cli.tracing.entries import finished_entry
from axonhub_cli.tracing.recorder import RequestRecord
from axonhub_cli.tracing.redact import Redactor
from axonhub_cli.tracing.spent import Spent
from axonhub_cli.tracing.store import SqliteStore
from axonhub_cli.tracing.sums import Sums, total
from axonhub_cli.tracing.usage_queries import UsageReader
from tests.tracing.records import NOON, context, record

DAY = 86_400


@pytest.fixture(params=["UTC", "Asia/Kolkata", "America/New_York"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The machine's time zone for one test."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def paid(made: RequestRecord, usd: str | None = "0.5", **counts: int) -> tuple[Any, Spent]:
    usage = Usage(**(counts or {"input": 10, "cache_read": 80, "cache_write": 10, "output": 5}))
    cost = None if usd is None else Decimal(usd)
    channel, model = made.attempts[-1].channel, made.attempts[-1].upstream_model
    return made, Spent(channel, model, usage, cost, "p", usd is not None)


def reader(path: Path, *given: tuple[RequestRecord, Spent]) -> UsageReader:
    store = SqliteStore(path)
    store.open()
    for made, spent in given:
        entry = finished_entry(made, context(), stored=False)
        entry.spent = [spent]
        entry.request["cost_usd"] = None if spent.usd is None else float(spent.usd)
        store.write([entry], Redactor().body)
    store.close()
    return UsageReader(path)


def names(rows: list[Sums]) -> list[str]:
    return [row.name for row in rows]


def test_days_are_those_of_local_time(tmp_path: Path, zone: str) -> None:
    midnight = datetime(2026, 11, 24).timestamp()
    asked = reader(
        tmp_path / "traces.db",
        paid(record("r1", at=midnight - 1)),
        paid(record("r2", at=midnight)),
        paid(record("r3", at=midnight + DAY - 1)),
    )
    days = asked.sums("day")
    asked.close()
    assert [(row.name, row.requests) for row in days] == [("2026-11-23", 1), ("2026-11-24", 2)]


def test_sums_are_grouped_by_whatever_is_asked_for_the_dearest_first(tmp_path: Path) -> None:
    asked = reader(
        tmp_path / "traces.db",
        paid(record("r1", key="a", profile="p", client="codex"), "1"),
        paid(record("r2", key="b", profile=None), "2"),
        paid(record("r3", key="b", trace_id="s2", at=NOON + 5), None),
    )
    assert names(asked.sums("key")) == ["b", "a"]
    assert names(asked.sums("profile")) == ["", "p", "plain"]
    assert names(asked.sums("client")) == ["claude-code", "codex"]
    assert names(asked.sums("channel")) == ["main"]
    assert names(asked.sums("model")) == ["claude-opus-5-5"]
    assert names(asked.sums("trace")) == ["s2", "s1"]
    asked.close()


def test_a_cost_that_is_partly_known_is_a_lower_bound(tmp_path: Path) -> None:
    asked = reader(
        tmp_path / "traces.db",
        paid(record("r1", key="some"), "0.25"),
        paid(record("r2", key="some"), None),
        paid(record("r3", key="none", trace_id="s2"), None),
    )
    shown = {row.name: (row.usd, row.unpriced) for row in asked.sums("key")}
    traces = {row.name: (row.usd, row.unpriced) for row in asked.sums("trace")}
    asked.close()
    assert shown == {"some": (0.25, 1), "none": (None, 1)}
    assert traces == {"s1": (0.25, 1), "s2": (None, 1)}


def test_since_and_filters_narrow_what_is_summed(tmp_path: Path) -> None:
    asked = reader(
        tmp_path / "traces.db",
        paid(record("r1", at=NOON - 7 * DAY)),
        paid(record("r2", key="other")),
        paid(record("r3")),
    )
    assert [row.requests for row in asked.sums("channel", since=NOON - DAY)] == [2]
    assert [row.requests for row in asked.sums("channel", where={"key": "other"})] == [1]
    asked.close()


def test_a_row_as_json_has_its_group_by_name(tmp_path: Path) -> None:
    asked = reader(tmp_path / "traces.db", paid(record("r1")))
    (row,) = asked.sums("trace")
    assert row.as_json("trace") == {
        "trace": "s1",
        "requests": 1,
        "failed": None,
        "tokens": {"input": 10, "cache_read": 80, "cache_write": 10, "output": 5, "reasoning": 0},
        "cost_usd": 0.5,
        "unpriced": 0,
        "cache_hit_rate": 0.8,
        "title": "say pong",
        "low_hit": False,
    }
    (by_key,) = asked.sums("key")
    assert by_key.as_json("key")["key"] == "default"
    assert "title" not in by_key.as_json("key")
    asked.close()


def test_the_total_is_the_sum_of_the_rows(tmp_path: Path) -> None:
    asked = reader(tmp_path / "traces.db", paid(record("r1")), paid(record("r2", key="b"), "0.1"))
    whole = total(asked.sums("key"))
    asked.close()
    assert (whole.requests, whole.usd, whole.sent) == (2, 0.6, 200)
    assert total([]).hit_rate is None


def test_history_is_told_by_quarters_and_for_minutes_request_by_request(tmp_path: Path) -> None:
    asked = reader(
        tmp_path / "traces.db",
        paid(record("r1", at=NOON)),
        paid(record("r2", at=NOON + 70)),
        paid(record("r3", at=NOON + 70, key="other")),
    )
    pico = 500_000_000_000
    by_quarter = asked.history("key", "default", per="day", sliding=False, since=NOON)
    assert by_quarter == [(NOON, 2, 210, 2 * pico)]
    by_request = asked.history("key", "default", per="minute", sliding=True, since=NOON + 10)
    assert by_request == [(NOON + 70, 1, 8, pico)]
    assert len(asked.history("profile", "plain", per="hour", sliding=True, since=NOON)) == 3
    asked.close()


def test_a_home_without_a_file_has_used_nothing(tmp_path: Path) -> None:
    asked = UsageReader(tmp_path / "traces.db")
    assert asked.sums("day") == []
    asked.close()
