import json
from pathlib import Path
from typing import Any

from axonhub_cli.tracing.conversation import ToolCall, ToolResult
from axonhub_cli.tracing.recorder import RequestRecord
from axonhub_cli.tracing.session import SessionView, read_session
from tests.tracing.records import NOON, attempt, body_of, message, record, store, text

Block = dict[str, Any]

CALL = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "a.txt"}


def said(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def asked(content: object) -> dict[str, Any]:
    return {"role": "user", "content": content}


class Session:
    """Requests of one trace, a second apart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.records: list[RequestRecord] = []

    def add(
        self, messages: list[dict[str, Any]] | bytes, *answer: dict[str, Any], **more: Any
    ) -> None:
        body = (
            messages if isinstance(messages, bytes) else json.dumps({"messages": messages}).encode()
        )
        number = len(self.records)
        changes = {"attempts": [attempt(message(*answer))]} | more
        self.records.append(record(f"r{number}", at=NOON + number, body=body, **changes))

    def view(self) -> SessionView:
        with store(self._path / "traces.db", self.records) as reader:
            return read_session(reader, "s1")


def test_a_tool_call_and_its_result_are_steps_of_one_turn(tmp_path: Path) -> None:
    session = Session(tmp_path)
    history = [asked("list files")]
    session.add(history, text("I look."), CALL)
    history += [said(CALL), asked([RESULT])]
    session.add(history, text("There is a.txt."))
    history += [said(text("There is a.txt.")), asked("thanks")]
    session.add(history, text("Welcome."))
    first, second = session.view().turns
    assert (first.user, second.user) == ("list files", "thanks")
    look, tell = first.steps
    assert (look.text, look.calls) == ("I look.", (ToolCall("t1", "Bash", '{"command":"ls"}'),))
    assert (tell.results, tell.text) == ((ToolResult("t1", "a.txt", False),), "There is a.txt.")
    assert [step.results for step in second.steps] == [()]
    assert (first.tokens.output, second.tokens.output) == (10, 5)


def test_real_turns_of_claude_code_are_found(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add(body_of("claude-code/basic"), text("pong"))
    session.add(body_of("claude-code/continue"), text("pong again"))
    assert [turn.user for turn in session.view().turns] == [
        "say pong",
        "second turn, say pong again",
    ]


def test_a_retry_is_a_step_that_brings_nothing_new(tmp_path: Path) -> None:
    session = Session(tmp_path)
    failed = [attempt(status="failed", http_status=529, error="Overloaded")]
    session.add([asked("hi")], status="failed", attempts=failed)
    session.add([asked("hi")], text("hello"))
    (turn,) = session.view().turns
    assert [step.repeated for step in turn.steps] == [False, True]
    assert [[a.http_status for a in step.failures] for step in turn.steps] == [[529], []]


def test_the_clients_prompt_ids_are_believed(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add([asked("one")], CALL, prompt_id="p1")
    session.add([asked("one"), said(CALL), asked([RESULT, text("also")])], prompt_id="p1")
    session.add([asked("one"), said(CALL), asked("two")], text("b"), prompt_id="p2")
    session.add([asked("do it")], text("done"), prompt_id="p1", agent_id="a1")
    first, second = session.view().turns
    assert (first.user, len(first.steps)) == ("one", 3)
    assert (second.user, len(second.steps)) == ("two", 1)


def test_subagents_are_deeper_steps_with_their_prompt(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add([asked("use agents")], CALL)
    session.add([asked("find it")], CALL, agent_id="a1")
    session.add([asked("find it"), said(CALL), asked([RESULT])], text("found"), agent_id="a1")
    session.add([asked("deeper")], text("x"), agent_id="a2", parent_agent_id="a1")
    (turn,) = session.view().turns
    assert [step.depth for step in turn.steps] == [0, 1, 1, 2]
    assert [step.prompt for step in turn.steps] == ["", "find it", "", "deeper"]
    assert turn.user == "use agents"


def test_side_requests_are_folded(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add(body_of("claude-code/interactive.02"), text('{"title": "Pong"}'))
    session.add(body_of("claude-code/interactive.03"), text("pong"))
    for status in ("completed", "failed"):
        session.add([asked("x")], operation="count_tokens", status=status)
    (turn,) = session.view().turns
    assert turn.user == "please say pong"
    assert [(side.kind, len(side.requests), side.failed) for side in turn.side] == [
        ("title", 1, 0),
        ("count_tokens", 2, 1),
    ]
    assert len(turn.steps) == 1


def test_requests_without_bodies_are_steps_all_the_same(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.records = [
        record("r1", body=None, attempts=[]),
        record("r2", body=b"\xff", at=NOON + 1),
    ]
    (turn,) = session.view().turns
    assert (turn.user, len(turn.steps)) == ("", 2)
    assert not any(step.repeated for step in turn.steps)


def test_a_session_is_one_json_document(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add([asked("hi")], text("hello"), CALL)
    session.add([asked("x")], operation="count_tokens")
    shown = json.loads(json.dumps(session.view().as_json()))
    assert (shown["id"], shown["requests"], shown["turns"][0]["user"]) == ("s1", 2, "hi")
    (step,) = shown["turns"][0]["steps"]
    assert step["calls"] == [{"id": "t1", "name": "Bash", "input": '{"command":"ls"}'}]
    assert step["request"]["id"] == "r0"
    assert shown["turns"][0]["side"][0]["kind"] == "count_tokens"
