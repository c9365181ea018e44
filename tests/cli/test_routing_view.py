"""A command's look at the state of routing: from the daemon, from the file, or none."""

from __future__ import annotations

import json
import time

import pytest
from msgspec.structs import replace

from axonhub_cli.cli.context import Session
from axonhub_cli.cli.routing_view import look
from axonhub_cli.routing.state import RoutingState
from tests.support.daemon import Daemon
from tests.support.home import Home


def save(home: Home, text: str) -> None:
    home.paths.state_dir.mkdir(parents=True, exist_ok=True)
    home.paths.routing_file.write_text(text)


def test_a_running_daemon_is_asked(home: Home, daemon: Daemon) -> None:
    body = b'{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[]}'
    daemon.post(body)
    view = look(Session(home.environ))
    assert (view.source, view.words) == ("daemon", "the running daemon's")
    assert view.state.health.standing("main", "claude-sonnet-4-5") is not None


def test_without_a_daemon_the_file_is_read(home: Home) -> None:
    state = RoutingState()
    with state.health.begin("a", "m", time.time()) as visit:
        visit.failed(time.time(), asked=600.0)
    save(home, json.dumps(state.dump(time.time() - 20)))
    view = look(Session(home.environ))
    assert view.source == "file"
    assert view.state.health.wait("a", view.now)[0] == "open"
    assert 19 < (view.age_s or 0) < 120
    assert view.words.startswith("as saved ")
    assert replace(view, age_s=600.0).words == "as saved 10 min ago; no daemon runs"
    assert replace(view, age_s=1e6).words == "as saved hours ago; no daemon runs"


def test_a_daemon_that_does_not_tell_is_not_called_none(
    home: Home, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("axonhub_cli.daemon.state.ROUTING_PATH", "/of-another-version")
    save(home, json.dumps(RoutingState().dump(time.time())))
    view = look(Session(home.environ))
    assert (view.source, view.untold) == ("file", True)
    assert view.words.endswith("the daemon did not tell: `axonhub restart` after an update")


@pytest.mark.parametrize("content", [None, "", "{", "[]"])
def test_without_either_nothing_is_known(home: Home, content: str | None) -> None:
    if content is not None:
        save(home, content)
    view = look(Session(home.environ))
    assert (view.source, len(view.state.health)) == ("none", 0)
