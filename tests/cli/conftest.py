"""A home with recorded sessions, for the commands that show them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.cli import Cli
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.plays import default_answer, error, message, overloaded, stream, text, tool_use
from tests.support.upstream import Upstream

SESSION = "5e551010-0000-4000-8000-000000000001"
OTHER = "5e552020-0000-4000-8000-000000000002"
CLAUDE = "claude-cli/2.1.330 (external, cli)"

_ASKED: dict[str, Any] = {"role": "user", "content": "list the files\nplease"}
_CALLED: dict[str, Any] = {
    "role": "assistant",
    "content": [text("I will look."), tool_use("Bash", {"command": "ls"})],
}
_RESULT: dict[str, Any] = {
    "role": "user",
    "content": [{"type": "tool_result", "tool_use_id": "toolu_scripted_1", "content": "README.md"}],
}


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A session with a failover, a tool call, a subagent and a token count; one that failed."""
    home = Home(tmp_path_factory.mktemp("recorded"))
    upstream = Upstream(default_answer)
    upstream.start()
    home.configure(
        channel(upstream.url, "first"),
        channel(upstream.url, "second", priority=1, mappings=[{"from": "claude-x", "to": "y-1"}]),
    )
    daemon = Daemon(home).start()
    try:
        upstream.script(
            overloaded(),
            stream(text("I will look."), tool_use("Bash", {"command": "ls"})),
            stream("There is a README.md."),
            message("No bugs found."),
            error(400, "invalid_request_error", "that is \x1b[31mred"),
        )
        _ask(daemon, SESSION, [_ASKED])
        _ask(daemon, SESSION, [_ASKED, _CALLED, _RESULT])
        bugs = [{"role": "user", "content": "find bugs"}]
        _ask(daemon, SESSION, bugs, x_claude_code_agent_id="agent-1")
        _ask(daemon, OTHER, [{"role": "user", "content": "wrong \x1b]0;title\x07 request"}])
        _ask(daemon, SESSION, [_ASKED], path="/v1/messages/count_tokens")
    finally:
        # Stopping writes what is still queued.
        daemon.stop()
        upstream.stop()
    return home


def _ask(
    daemon: Daemon,
    session: str,
    messages: list[dict[str, Any]],
    *,
    path: str = "/v1/messages",
    **headers: str,
) -> None:
    body = {"model": "claude-x", "max_tokens": 99, "stream": True, "messages": messages}
    daemon.post(
        json.dumps(body).encode(),
        path,
        user_agent=CLAUDE,
        x_claude_code_session_id=session,
        **headers,
    )


@pytest.fixture
def cli(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line in this process."""
    return Cli(home, monkeypatch, capsys)
