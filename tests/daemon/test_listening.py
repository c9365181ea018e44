import json
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from axonhub_cli.daemon.listening import listen
from axonhub_cli.daemon.state import DaemonState, read_state
from tests.support.daemon import Daemon

HI = json.dumps({"model": "claude-x", "messages": [{"role": "user", "content": "hi"}]}).encode()


def state_of(daemon: Daemon) -> DaemonState:
    state = read_state(daemon.home.paths)
    assert state is not None
    return state


def until(events: Iterator[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(event for event in events if event["event"] == name)


def test_requests_are_told_as_they_begin_and_end(daemon: Daemon) -> None:
    events = listen(state_of(daemon))
    assert next(events)["event"] == "hello"
    daemon.post(HI)
    started = until(events, "started")
    finished = until(events, "finished")
    assert (started["status"], started["model"]) == ("running", "claude-x")
    assert (finished["id"], finished["status"]) == (started["id"], "completed")
    assert finished["tokens"]["cache_read"] == 900
    daemon.stop()
    assert list(events) == []


def test_another_daemon_at_the_address_is_not_listened_to(daemon: Daemon) -> None:
    state = state_of(daemon)
    assert list(listen(replace(state, secret="0" * 64))) == []
    daemon.stop()
    assert list(listen(state)) == []
