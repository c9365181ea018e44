"""The real Claude Code stays alive when channels do not, and its session stays with one channel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.routing.affinity import WARM_S
from tests.clients.claude import VERSIONS, claude_code
from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import Play, SeenRequest, Upstream

pytestmark = [pytest.mark.clients, pytest.mark.timeout(180)]

FIRST_EVENT_S = 2
TURNS = 20
DIES_BEFORE = 10
"""The turn that finds the session's channel dead."""


@pytest.fixture
def another() -> Iterator[Upstream]:
    server = Upstream(plays.default_answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("version", VERSIONS)
def test_with_one_channel_that_hangs_and_one_that_is_overloaded_the_third_answers(
    home: Home, upstream: Upstream, another: Upstream, version: str
) -> None:
    bad = {"/hangs/v1/messages": plays.hang(), "/overloaded/v1/messages": plays.overloaded()}
    another.answer = lambda request: bad[request.path]
    limit = f"{FIRST_EVENT_S}s"
    home.configure(
        channel(f"{another.url}/hangs", "hangs", first_event_timeout=limit),
        channel(f"{another.url}/overloaded", "overloaded", priority=1),
        channel(upstream.url, "works", priority=2),
    )
    daemon = Daemon(home).start()
    try:
        assert claude_code(version, daemon)("-p", "say pong") == "pong"
    finally:
        daemon.stop()
    asked = [(a["channel"], a["state"]) for a in first_request(home)["attempts"]]
    assert asked == [("hangs", "failed"), ("overloaded", "failed"), ("works", "completed")]
    # What the issue demands: no longer than the limit of the one that hangs, and a little.
    assert first_request(home)["total_ms"] < (FIRST_EVENT_S + 2) * 1000


def first_request(home: Home) -> Any:
    return home.json("request", "list")[-1]


class Conversation:
    """The upstream of channels `a` and `b`: each turn is a call of a tool, until the last."""

    def __init__(self) -> None:
        self.channels: list[str] = []
        """Which of them answered, turn by turn."""
        self.dead: str | None = None

    def answer(self, request: SeenRequest) -> Play:
        name = request.path.split("/")[1]
        if name == self.dead:
            return plays.error(503, "api_error", "down for maintenance")
        turn = len(self.channels) + 1
        if turn == DIES_BEFORE and self.dead is None:
            self.dead = name
            return self.answer(request)
        self.channels.append(name)
        if turn >= TURNS:
            return plays.stream(f"turn {turn}")
        call = plays.tool_use("Bash", {"command": f"echo {turn}"}, f"toolu_{turn}")
        return plays.stream(call)


def test_a_session_stays_with_its_channel_moves_once_and_begins_anew_after_a_pause(
    home: Home, upstream: Upstream
) -> None:
    talk = Conversation()
    upstream.answer = talk.answer
    home.configure(*[channel(f"{upstream.url}/{name}", name) for name in "ab"])
    daemon = Daemon(home).start()
    try:
        said = claude_code(VERSIONS[1], daemon)("-p", "count to twenty", "--allowedTools", "Bash")
        assert said == f"turn {TURNS}"
        first = talk.channels[0]
        other = {"a": "b", "b": "a"}[first]
        moved = [first] * (DIES_BEFORE - 1) + [other] * (TURNS - DIES_BEFORE + 1)
        assert talk.channels == moved
        # It lives again, but the prompt cache is with the other one.
        talk.dead = None
        claude_code(VERSIONS[1], daemon)("-p", "and on", "--continue")
        assert talk.channels[TURNS:] == [other]
        daemon.stop()
        let_time_pass(home, WARM_S + 1)
        daemon = Daemon(home).start()
        claude_code(VERSIONS[1], daemon)("-p", "and on", "--continue")
        assert talk.channels[TURNS + 1 :] == [first]
    finally:
        daemon.stop()


def let_time_pass(home: Home, seconds: float) -> None:
    """What routing remembers becomes so much older."""
    file: Path = home.paths.state_dir / "routing.json"
    state = json.loads(file.read_text())
    for entry in state["affinity"]:
        entry["used"] -= seconds
    for entry in state["health"]:
        if entry.get("until"):
            entry["until"] -= seconds
    file.write_text(json.dumps(state))
