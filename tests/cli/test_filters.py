from datetime import datetime
from typing import Any

import pytest

from axonhub_cli.cli.filters import Picked, read_filters
from axonhub_cli.errors import UsageError

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
