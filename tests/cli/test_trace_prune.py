import os
import shutil
from pathlib import Path

import pytest

from axonhub_cli.tracing.entries import finished_entry
from axonhub_cli.tracing.store import SqliteStore
from tests.support.home import Home
from tests.tracing.records import attempt, context, record


@pytest.fixture
def own(recorded: Home, tmp_path: Path) -> Home:
    """A copy of the recorded home, to forget things in."""
    home = Home(tmp_path / "own")
    shutil.copytree(recorded.paths.trace_db.parent, home.paths.trace_db.parent, dirs_exist_ok=True)
    home.configure()
    return home


def test_nothing_is_forgotten_within_the_limits(recorded: Home) -> None:
    shown = recorded.axonhub("trace", "prune").stdout
    assert shown.startswith("no request is too old; the file has ")
    assert recorded.json("trace", "prune", "--older-than", "1h")["requests"] == 0


def test_a_dry_run_says_what_would_go(recorded: Home) -> None:
    before = recorded.json("request", "list")
    shown = recorded.axonhub("trace", "prune", "--older-than", "1ms", "--dry-run").stdout
    assert f"{len(before)} requests are too old" in shown
    small = recorded.axonhub("trace", "prune", "--max-size", "1KB", "--dry-run").stdout
    assert small.rstrip().endswith(", 1.0 KB are the most")
    assert recorded.json("request", "list") == before


def test_a_confirmation_is_needed(recorded: Home) -> None:
    refused = recorded.axonhub("trace", "prune", "--older-than", "1ms", check=False)
    assert refused.returncode == 2
    assert "add --yes to go ahead" in refused.stderr
    assert recorded.json("request", "list") != []


def test_what_is_too_old_is_forgotten(own: Home) -> None:
    count = len(own.json("request", "list"))
    found = own.json("trace", "prune", "--older-than", "1ms", "--yes")
    assert found["requests"] == count > 0
    assert found["bytes_after"] <= found["bytes_before"]
    assert own.json("trace", "list") == []
    again = own.axonhub("trace", "prune", "--max-size", "1KB", "-y").stdout
    assert again.startswith("forgot 0 requests: ")


def test_a_wrong_limit_is_told(recorded: Home) -> None:
    for option, words in (("--older-than", "is not a duration"), ("--max-size", "is not a size")):
        refused = recorded.axonhub("trace", "prune", option, "7", check=False)
        assert refused.returncode == 2
        assert f"error: {option}: '7' {words}" in refused.stderr
        assert f"hint: for example {option} " in refused.stderr


def test_without_a_file_there_is_nothing_to_forget(home: Home) -> None:
    home.configure()
    assert "no request is too old" in home.axonhub("trace", "prune").stdout


def test_what_is_in_the_log_alone_counts_too(home: Home) -> None:
    home.configure()
    writer = SqliteStore(home.paths.trace_db)
    writer.open()
    answers = [attempt(os.urandom(50_000)) for _ in range(40)]
    made = [record(f"r{n}", attempts=[answer]) for n, answer in enumerate(answers)]
    entries = [finished_entry(one, context(), stored=False) for one in made]
    writer.write(entries, context().redactor.body)
    assert home.paths.trace_db.stat().st_size < 10**6
    found = home.json("trace", "prune", "--max-size", "1MB", "--yes")
    assert found["bytes_before"] > 2 * 10**6
    assert 0.6 * 10**6 < found["bytes_after"] < 10**6
    assert found["requests"] < len(made)
    writer.close()
