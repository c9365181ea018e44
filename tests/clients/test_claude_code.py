"""The real Claude Code through a real daemon: what a person does with it must simply work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.claude import VERSIONS, Claude, claude_code
from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.home import KEY, channel
from tests.support.upstream import Close, Upstream

pytestmark = [pytest.mark.clients, pytest.mark.timeout(120)]


@pytest.fixture(params=VERSIONS)
def claude(request: pytest.FixtureRequest, daemon: Daemon) -> Claude:
    return claude_code(request.param, daemon)


def recorded(daemon: Daemon, noun: str) -> Any:
    """All traces or requests; a daemon that has stopped has written them all."""
    daemon.stop()
    return daemon.home.json(noun, "list")


def only_trace(daemon: Daemon) -> Any:
    (trace,) = recorded(daemon, "trace")
    return trace


def test_a_plain_answer(claude: Claude, daemon: Daemon, upstream: Upstream) -> None:
    assert claude("-p", "say pong") == "pong"
    (seen,) = upstream.generations
    assert seen.target == "/v1/messages?beta=true"
    assert (seen.header("user-agent") or "").startswith("claude-cli/")
    assert KEY not in str(seen.headers)
    trace = only_trace(daemon)
    assert trace["id"] == seen.header("x-claude-code-session-id")
    assert (trace["client"], trace["status"], trace["requests"]) == ("claude-code", "completed", 1)
    assert trace["tokens"]["cache_read"] == 900
    assert "say pong" in trace["title"]


def test_a_tool_call_and_its_result(claude: Claude, daemon: Daemon, upstream: Upstream) -> None:
    call = plays.tool_use("Bash", {"command": "echo forty-$((40 + 2))", "description": "count"})
    upstream.script(plays.stream("Let me see.", call), plays.stream("It is 42."))
    assert claude("-p", "count", "--allowedTools", "Bash") == "It is 42."
    assert "forty-42" in json.dumps(upstream.generations[1].json["messages"])
    shown = daemon.home.axonhub("trace", "show", only_trace(daemon)["id"]).stdout
    assert "Bash" in shown
    assert "forty-42" in shown
    assert "It is 42." in shown


def test_streaming_json_output(claude: Claude, upstream: Upstream) -> None:
    out = claude(
        "-p", "hi", "--output-format", "stream-json", "--verbose", "--include-partial-messages"
    )
    lines = [json.loads(line) for line in out.splitlines()]
    result = lines[-1]
    assert (result["type"], result["subtype"], result["result"]) == ("result", "success", "pong")
    streamed = [line["event"]["type"] for line in lines if line["type"] == "stream_event"]
    assert "content_block_delta" in streamed
    assert streamed[-1] == "message_stop"


def test_a_continued_session_is_the_same_trace(
    claude: Claude, daemon: Daemon, upstream: Upstream
) -> None:
    claude("-p", "first")
    claude("-p", "second", "--continue")
    assert len(upstream.generations) == 2
    assert "first" in json.dumps(upstream.generations[1].json["messages"])
    assert only_trace(daemon)["requests"] == 2


def test_an_overloaded_upstream_is_tried_again(
    claude: Claude, daemon: Daemon, upstream: Upstream
) -> None:
    upstream.script(plays.overloaded(), plays.overloaded())
    assert claude("-p", "hi") == "pong"
    requests = recorded(daemon, "request")
    assert sorted(request["http_status"] for request in requests) == [200, 529, 529]


def test_a_rate_limit_with_retry_after_is_waited_for(
    claude: Claude, daemon: Daemon, upstream: Upstream
) -> None:
    upstream.script(plays.rate_limited("1"))
    assert claude("-p", "hi") == "pong"
    first, second = upstream.generations
    assert second.arrived_at - first.arrived_at >= 1
    assert len(recorded(daemon, "request")) == 2


def test_a_stream_cut_in_the_middle_is_asked_for_again(
    claude: Claude, daemon: Daemon, upstream: Upstream
) -> None:
    events = plays.as_events(plays.text("an answer that will be cut"))
    upstream.script(plays.truncated(events, len(b"".join(events[:4])) + 7, how=Close()))
    assert claude("-p", "hi") == "pong"
    statuses = [request["status"] for request in recorded(daemon, "request")]
    assert sorted(statuses) == ["completed", "failed"]


def test_a_second_channel_hides_the_failure_of_the_first(
    claude: Claude, daemon: Daemon, upstream: Upstream
) -> None:
    daemon.home.configure(
        channel(upstream.url, "first"), channel(upstream.url, "second", priority=1)
    )
    upstream.script(plays.overloaded())
    assert claude("-p", "hi") == "pong"
    (request,) = recorded(daemon, "request")
    assert [attempt["status"] for attempt in request["attempts"]] == [529, 200]


def test_model_discovery_lists_our_models(
    claude: Claude, daemon: Daemon, upstream: Upstream
) -> None:
    models = ["claude-sonnet-4-5", "claude-my-mix", "gpt-17", "claude-*"]
    daemon.home.configure(channel(upstream.url, models=models))
    claude(
        "-p",
        "hi",
        CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY="1",
        # Discovery counts as nonessential traffic; all the rest of it stays switched off.
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="",
    )
    cache = Path(daemon.home.environ["HOME"]) / ".claude" / "cache" / "gateway-models.json"
    found = {model["id"] for model in json.loads(cache.read_text())["models"]}
    assert found == {"claude-sonnet-4-5", "claude-my-mix"}


def test_the_echo_provider_is_enough_for_an_agent(claude: Claude, daemon: Daemon) -> None:
    daemon.home.configure({"name": "echo", "type": "echo"})
    assert claude("-p", "hello there") == "You said: hello there"
    prompt = '!tool Bash {"command": "echo forty-two", "description": "count"}'
    assert claude("-p", prompt, "--allowedTools", "Bash") == "The tool answered: forty-two"
