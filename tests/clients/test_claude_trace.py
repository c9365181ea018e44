"""A session of the real Claude Code, with subagents, `--continue` and a compaction, is one tree."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.clients.claude import VERSIONS, Claude, claude_code
from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.upstream import Close, Play, SeenRequest, Upstream

pytestmark = [pytest.mark.clients, pytest.mark.timeout(240)]

JOBS = {"toolu_bugs": "find the bugs now", "toolu_docs": "find the docs now"}
SUMMARY = (
    "<summary>" + "They looked for bugs and docs, and found a few of both. " * 4 + "</summary>"
)


@pytest.fixture(params=VERSIONS)
def claude(request: pytest.FixtureRequest, daemon: Daemon) -> Claude:
    return claude_code(request.param, daemon)


def answer(seen: SeenRequest) -> Play:
    """Two subagents for the first words, a summary when asked for one, else `pong`."""
    said = json.dumps(seen.json["messages"])
    if "detailed summary" in said:
        return plays.stream(SUMMARY)
    if "use two agents" in said and "tool_result" not in said:
        names = {tool.get("name") for tool in seen.json["tools"]}
        tool = "Task" if "Task" in names else "Agent"
        calls = [
            plays.tool_use(
                tool,
                {"description": "a job", "prompt": prompt, "subagent_type": "general-purpose"},
                call_id,
            )
            for call_id, prompt in JOBS.items()
        ]
        return plays.stream("I ask two.", *calls)
    return plays.default_answer(seen)


def test_subagents_a_continuation_and_a_compaction_are_one_tree_with_the_right_turns(
    claude: Claude, daemon: Daemon, upstream: Upstream
) -> None:
    upstream.answer = answer
    claude("-p", "use two agents")
    claude("-p", "second", "--continue")
    claude("-p", "/compact", "--continue")
    claude("-p", "third", "--continue")
    daemon.stop()
    (trace,) = daemon.home.json("trace", "list")
    view: Any = daemon.home.json("trace", "show", trace["id"])
    turns = view["turns"]
    assert [turn["user"] for turn in turns] == ["use two agents", "second", "third"]
    assert [turn["continued"] for turn in turns] == [False, True, True]
    prompts = {agent["call_id"]: agent["name"] for agent in turns[0]["agents"]}
    assert prompts == dict.fromkeys(JOBS, "general-purpose · a job")
    told = {step["prompt"] for step in turns[0]["steps"] if step["agent"] is not None}
    assert told == set(JOBS.values())
    labels = [[step["label"] for step in turn["steps"]] for turn in turns[1:]]
    assert labels == [[None, "compaction"], ["compacted"]]
    shown = [step["request"]["id"] for turn in turns for step in turn["steps"]]
    assert len(shown) == len(set(shown)) == trace["requests"]


def test_what_it_asks_after_a_stream_that_broke_is_no_turn_of_the_user(
    daemon: Daemon, upstream: Upstream
) -> None:
    """Without the hints by which it names its turns; up to 2.1.197 it does not ask again."""
    claude = claude_code("2.1.330", daemon)
    events = plays.as_events(plays.text("an answer that will be cut"))
    upstream.script(plays.truncated(events, len(b"".join(events[:5])), how=Close()))
    claude("-p", "first", CLAUDE_CODE_GATEWAY_HINT_HEADERS="")
    claude("-p", "second", "--continue", CLAUDE_CODE_GATEWAY_HINT_HEADERS="")
    daemon.stop()
    (trace,) = daemon.home.json("trace", "list")
    turns = daemon.home.json("trace", "show", trace["id"])["turns"]
    assert [turn["user"] for turn in turns] == ["first", "second"]
    assert [step["request"]["status"] for step in turns[0]["steps"]] == ["failed", "completed"]
