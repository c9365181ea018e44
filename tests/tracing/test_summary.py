from typing import Any

from axonhub_cli.ir.response import Usage
from axonhub_cli.tracing.summary import Seen, Summary


def seen(**changes: Any) -> Seen:
    values: dict[str, Any] = {
        "at": 10.0,
        "until": 11.0,
        "status": "completed",
        "client": "claude-code",
        "model": "m",
        "channels": ("a",),
        "usage": Usage(input=1, cache_read=2, cache_write=3, output=4, reasoning=5),
        "counted": False,
    }
    return Seen(**values | changes)


def test_requests_add_up() -> None:
    summary = Summary(seq=1, id="s1")
    summary.add(seen())
    summary.add(seen(at=20.0, until=25.0, model="n", channels=("b", "a"), usage=Usage(output=6)))
    assert (summary.requests, summary.input, summary.cache_read, summary.cache_write) == (
        2,
        1,
        2,
        3,
    )
    assert (summary.output, summary.reasoning) == (10, 5)
    assert (summary.models, summary.channels) == (["m", "n"], ["a", "b"])
    assert (summary.started_at, summary.updated_at) == (10.0, 25.0)


def test_a_request_that_was_running_is_counted_once() -> None:
    summary = Summary(seq=1, id="s1")
    summary.add(seen(status="running", usage=Usage()))
    summary.add(seen(counted=True))
    assert (summary.requests, summary.output, summary.status) == (1, 4, "completed")


def test_the_status_is_that_of_the_request_that_began_last() -> None:
    summary = Summary(seq=1, id="s1")
    summary.add(seen(at=20.0, status="failed"))
    summary.add(seen(at=10.0, status="completed", until=99.0))
    assert (summary.status, summary.updated_at) == ("failed", 99.0)


def test_a_named_client_replaces_an_unknown_one() -> None:
    summary = Summary(seq=1, id="s1")
    summary.add(seen(client="unknown", model=None))
    summary.add(seen(client="codex"))
    summary.add(seen(client="opencode"))
    assert summary.client == "codex"
