"""The writer's thread forgets what is beyond the limits, busy or not."""

import os
import threading
from pathlib import Path

import pytest

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.tracing.prune import Limits, Step
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.store import SqliteStore
from tests.tracing.records import attempt, record
from tests.tracing.test_writer import PATIENCE, Watched, reader, writing


@pytest.fixture
def store(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "traces.db")


def test_what_is_too_old_goes_while_there_is_nothing_to_write(
    store: Watched, tmp_path: Path
) -> None:
    old = [record(f"r{number}", at=1000.0) for number in range(3)]
    with writing(SqliteStore(tmp_path / "traces.db"), tmp_path, owner=False) as writer:
        for each in old:
            writer.put(each, "finished")
    pruned = threading.Event()
    prune = store.prune

    def watched(limits: Limits, now: float) -> Step:
        step = prune(limits, now)
        if not step.more:
            pruned.set()
        return step

    store.prune = watched  # type: ignore[method-assign]
    with writing(store, tmp_path):
        assert pruned.wait(PATIENCE)
    with TraceReader(tmp_path / "traces.db") as reader:
        assert reader.list_requests() == []


def test_what_is_too_much_goes_without_waiting_for_the_minute(
    store: Watched, tmp_path: Path
) -> None:
    settings, prune = TraceSettings(max_size="1MB"), store.prune
    first, gone, small = threading.Event(), list[int](), threading.Event()

    def watch(limits: Limits, now: float) -> Step:
        step = prune(limits, now)
        first.set()
        gone.append(step.requests)
        if sum(gone) and not step.more:
            small.set()
        return step

    store.prune = watch  # type: ignore[method-assign]
    with writing(store, tmp_path, settings=lambda: settings) as writer:
        assert first.wait(PATIENCE)
        for number in range(40):
            answers = [attempt(os.urandom(100_000))]
            writer.put(record(f"r{number}", attempts=answers), "finished")
        assert small.wait(PATIENCE)
    with reader(tmp_path) as file:
        left = {row.id for row in file.list_requests(limit=100)}
    assert "r39" in left
    # Some may have come after it was small again.
    assert 4 < len(left) < 35
