import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

from axonhub_cli.ir.response import Usage
from axonhub_cli.tracing import usage_table
from axonhub_cli.tracing.entries import Entry, finished_entry, running_entry
from axonhub_cli.tracing.schema import migrate
from axonhub_cli.tracing.spent import Spent
from axonhub_cli.tracing.store import SqliteStore
from axonhub_cli.tracing.usage_queries import UsageReader
from tests.tracing.records import NOON, context, record, store


def entry(*spent: Spent, **changes: Any) -> Entry:
    made = finished_entry(record("r", **changes), context(), stored=False)
    made.spent = list(spent)
    return made


def used(usd: str | None = "0.1", channel: str = "main", **counts: int) -> Spent:
    usage = Usage(**(counts or {"input": 1, "output": 2}))
    cost = None if usd is None else Decimal(usd)
    return Spent(channel, "claude-opus-5-5", usage, cost, "p", usd is not None)


def rows(*entries: Entry) -> list[dict[str, Any]]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    db.row_factory = sqlite3.Row
    for one in entries:
        usage_table.add(db, [one])
    usage_table.add(db, entries)
    found = [dict(row) for row in db.execute("SELECT * FROM usage")]
    db.close()
    return found


def test_requests_of_a_quarter_hour_are_one_row() -> None:
    (row,) = rows(entry(used()), entry(used(None, output=5), status="canceled"))
    assert row == {
        "quarter": int(NOON // 900),
        "key": "default",
        "profile": "plain",
        "channel": "main",
        "model": "claude-opus-5-5",
        "client": "claude-code",
        "requests": 4,
        "served": 4,
        "failed": 2,
        "unpriced": 2,
        "input": 2,
        "cache_read": 0,
        "cache_write": 0,
        "output": 14,
        "reasoning": 0,
        "cost_pico": 200_000_000_000,
    }


def test_whoever_differs_in_anything_has_a_row_of_its_own() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"key": "other"},
        {"profile": None},
        {"client": "codex"},
        {"at": NOON + 900},
    ]
    assert len(rows(*[entry(used(), **change) for change in changes])) == len(changes)


def test_an_earlier_attempts_tokens_count_for_its_own_channel_and_the_request_once() -> None:
    found = rows(entry(used("1", channel="first", input=7), used("2")))
    by_channel = {row["channel"]: (row["requests"], row["input"]) for row in found}
    assert by_channel == {"first": (0, 14), "main": (2, 2)}


def test_a_request_that_used_nothing_counts_as_a_request() -> None:
    (row,) = rows(entry(status="failed", attempts=[]))
    assert (row["requests"], row["served"], row["failed"], row["channel"]) == (2, 0, 2, "")
    assert row["model"] == "claude-opus-5-5"


def test_running_requests_counts_of_tokens_and_tests_are_left_out() -> None:
    running = running_entry(record("r", status="running"), context())
    counted = entry(operation="count_tokens")
    assert rows(running, counted, entry(used(), source="test")) == []


def test_the_store_counts_what_it_writes(tmp_path: Path) -> None:
    file = tmp_path / "traces.db"
    store(file, [record("r1"), record("r2")]).close()
    db = sqlite3.connect(file)
    found = db.execute("SELECT requests, output, unpriced FROM usage").fetchall()
    db.close()
    assert found == [(2, 10, 2)]


def test_a_slip_in_a_price_costs_no_record() -> None:
    (row,) = rows(entry(used("1e30")))
    assert row["cost_pico"] == 2 * 10**18
    assert row["requests"] == 2


def test_slips_in_a_price_that_sum_up_leave_use_readable(tmp_path: Path) -> None:
    traces = SqliteStore(tmp_path / "traces.db")
    traces.open()
    for number in range(12):
        slip = entry(used("1000000000"), id=f"r{number}", at=NOON + number * 900)
        traces.write([slip], lambda body: body)
    traces.close()
    reader = UsageReader(tmp_path / "traces.db")
    try:
        (found,) = reader.sums("model")
    finally:
        reader.close()
    assert found.usd == 12_000_000.0
