import subprocess
import sys
from datetime import datetime
from typing import Any

import pytest

from axonhub_cli.cli.filters import Picked, read_filters
from axonhub_cli.errors import UsageError
from tests.support.home import Home

NOW = 1_800_000_000.0
NONE: dict[str, Any] = dict.fromkeys(("since", "client", "model", "channel", "status"))


def read(**given: str) -> Picked:
    return read_filters(**NONE | given, now=NOW)


def test_nothing_given_narrows_nothing() -> None:
    assert not read().narrowed
    assert read(client="codex").narrowed


def test_since_is_a_span_before_now() -> None:
    assert read(since="1d").since == NOW - 86_400
    assert read(since="1h30m").since == NOW - 5_400


def test_since_may_be_a_date_and_begins_at_local_midnight() -> None:
    assert read(since="2026-11-24").since == datetime(2026, 11, 24).timestamp()


@pytest.mark.parametrize("wrong", ["", "yesterday", "7", "24.11.2026", "-1d"])
def test_anything_else_is_refused_with_examples(wrong: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(since=wrong)
    assert "7d" in (caught.value.hint or "")


def test_a_status_must_be_one_that_there_is() -> None:
    assert read(status="failed").status == "failed"
    with pytest.raises(UsageError) as caught:
        read(status="broken")
    assert "canceled" in (caught.value.hint or "")


@pytest.mark.parametrize("command", ["trace list", "request list", "usage --by day"])
def test_a_list_loads_no_protocol(home: Home, command: str) -> None:
    """They take longer to load than a million requests to be listed."""
    code = (
        "import sys; from axonhub_cli.cli.main import run\n"
        f"run({command.split()!r})\n"
        "print([n for n in sys.modules if n.startswith('axonhub_cli.protocols')], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=home.environ, capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"
