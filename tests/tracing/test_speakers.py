import json
from pathlib import Path
from typing import Any

import pytest

from axonhub_cli.tracing.session import Turn
from tests.tracing.records import attempt, text
from tests.tracing.sessions import CALL, RESULT, Session, agent_call, asked, said

SDK = {"client": "openai-sdk"}
SEARCH = [{"type": "web_search_20250305", "name": "web_search"}]
TOOLS = [{"name": "Bash", "input_schema": {"type": "object"}}]


def titled(*names: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    return {"format": {"type": "json_schema", "schema": schema}}


def body(*messages: Any, **fields: Any) -> bytes:
    return json.dumps({"model": "m", "messages": messages} | fields).encode()


def told(turns: tuple[Turn, ...]) -> list[tuple[str, list[str]]]:
    return [(turn.user, [step.text for step in turn.steps]) for turn in turns]


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ("what is new?", {"tools": SEARCH}),
        ("which book is it?", {"output_config": titled("title", "author")}),
        ("which book is it?", {"output_config": titled("title")}),
        ("yes or no?", {"max_tokens": 1}),
        ("Generate a title for this conversation I had", {}),
    ],
)
def test_a_conversation_that_looks_like_a_side_request_is_shown(
    tmp_path: Path, words: str, fields: dict[str, Any]
) -> None:
    session = Session(tmp_path)
    session.add(body(asked(words), **fields), text("so"), **SDK)
    session.add(body(asked(words), said(text("so")), asked("more"), **fields), text("on"), **SDK)
    view = session.view()
    assert told(view.turns) == [(words, ["so"]), ("more", ["on"])]
    assert not any(turn.side for turn in view.turns)


def test_what_a_side_request_said_is_kept(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add(body(asked("list files"), tools=TOOLS), text("fine"))
    session.add(body(asked("Search for cats"), tools=SEARCH), text("42 cats"))
    (turn,) = session.view().turns
    shown: Any = turn.as_json()["side"]
    assert [(r["words"], r["text"]) for r in shown[0]["requests"]] == [
        ("Search for cats", "42 cats")
    ]


def test_what_a_chat_program_asks_about_a_chat_is_beside_it(tmp_path: Path) -> None:
    session = Session(tmp_path)
    history = "### Chat History:\n<chat_history>\nUSER: tell me a joke\n</chat_history>"
    title = "### Task:\nGenerate a concise, 3-5 word title with an emoji.\n" + history
    tags = "### Task:\nGenerate 1-3 broad tags.\n### Guidelines:\n- few\n" + history
    session.add([asked("tell me a joke")], text("a joke"), **SDK)
    session.add([asked(title)], text('{"title": "Jokes"}'), **SDK)
    session.add([asked(tags)], text('{"tags": []}'), **SDK)
    (turn,) = session.view().turns
    assert [(side.kind, side.asides[0].text) for side in turn.side] == [
        ("title", '{"title": "Jokes"}'),
        ("auxiliary", '{"tags": []}'),
    ]


def test_conversations_side_by_side_in_one_trace_keep_their_own_turns(tmp_path: Path) -> None:
    session = Session(tmp_path)
    other = CALL | {"id": "t2"}
    one, two = [asked("task A")], [asked("task B")]
    session.add(body(*one, tools=TOOLS), CALL, **SDK)
    session.add(body(*two, tools=TOOLS), other, **SDK)
    one += [said(CALL), asked([RESULT])]
    two += [said(other), asked([RESULT | {"tool_use_id": "t2"}])]
    session.add(body(*one, tools=TOOLS), text("A done"), **SDK)
    session.add(body(*two, tools=TOOLS), text("B done"), **SDK)
    session.add(body(*one, said(text("A done")), asked("more A"), tools=TOOLS), text("A!"), **SDK)
    session.add(body(asked("Write a haiku")), text("haiku"), **SDK)
    turns = session.view().turns
    assert told(turns) == [
        ("task A", ["", "A done"]),
        ("task B", ["", "B done"]),
        ("more A", ["A!"]),
        ("Write a haiku", ["haiku"]),
    ]
    assert [turn.conversation for turn in turns] == [1, 2, 1, 3]


def test_a_client_that_leaves_out_what_is_oldest_has_one_conversation(tmp_path: Path) -> None:
    session = Session(tmp_path)
    history = [asked("q0")]
    for number in range(1, 5):
        session.add(history[-3:], text(f"a{number}"), **SDK)
        history += [said(text(f"a{number}")), asked(f"q{number}")]
    session.add(history[-3:], CALL, **SDK)
    session.add([asked("q4"), said(CALL), asked([RESULT])], text("end"), **SDK)
    turns = session.view().turns
    assert [(turn.user, turn.conversation) for turn in turns] == [(f"q{n}", 1) for n in range(5)]
    assert not any(step.label for turn in turns for step in turn.steps)


def test_unrelated_calls_under_one_trace_are_plain_turns(tmp_path: Path) -> None:
    session = Session(tmp_path)
    for number in range(4):
        session.add([asked(f"classify {number}")], text(f"class {number}"), **SDK)
    turns = session.view().turns
    assert told(turns) == [(f"classify {n}", [f"class {n}"]) for n in range(4)]
    assert [turn.conversation for turn in turns] == [1, 2, 3, 4]
    assert not any(step.label or step.repeated for turn in turns for step in turn.steps)


@pytest.mark.parametrize("protocol", ["anthropic", "openai_chat"])
def test_two_of_different_systems_that_are_asked_the_same_stay_apart(
    tmp_path: Path, protocol: str
) -> None:
    def of(name: str, *messages: Any) -> bytes:
        system = f"You are {name}."
        if protocol == "anthropic":
            return body(*messages, system=system)
        return body({"role": "system", "content": system}, *messages)

    session = Session(tmp_path)
    as_chat = SDK | {"protocol": protocol}
    question, more = asked("what is truth?"), asked("more")
    session.add(of("Plato", question), text("an idea"), **as_chat)
    session.add(of("Hume", question), text("a habit"), **as_chat)
    session.add(of("Plato", question, said(text("an idea")), more), text("a cave"), **as_chat)
    session.add(of("Hume", question, said(text("a habit")), more), text("a bundle"), **as_chat)
    turns = session.view().turns
    assert [(turn.conversation, turn.steps[0].text) for turn in turns] == [
        (1, "an idea"),
        (2, "a habit"),
        (1, "a cave"),
        (2, "a bundle"),
    ]
    assert not any(step.repeated for turn in turns for step in turn.steps)


def test_two_subagents_that_are_told_the_same_stay_apart(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add([asked("go")], agent_call("k1", "same job"), agent_call("k2", "same job"))
    session.add([asked("same job")], status="failed", attempts=[attempt(status="failed")])
    session.add([asked("same job")], CALL)
    session.add([asked("same job")], CALL | {"id": "t2"})
    second = [asked("same job"), said(CALL | {"id": "t2"}), asked([RESULT | {"tool_use_id": "t2"}])]
    session.add([asked("same job"), said(CALL), asked([RESULT])], text("one"))
    session.add(second, text("two"))
    (turn,) = session.view().turns
    assert [(a.call_id, [step.request.id for step in a.steps]) for a in turn.agents] == [
        ("k1", ["r1", "r2", "r4"]),
        ("k2", ["r3", "r5"]),
    ]


def test_a_subagent_is_known_though_its_client_puts_words_before(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add([asked("go")], agent_call("k1", "find all the bugs in this code"))
    session.add([asked("You are a subagent.\n\nfind all the bugs in this code")], text("none"))
    (turn,) = session.view().turns
    assert [agent.call_id for agent in turn.agents] == ["k1"]


def test_an_agent_that_has_no_tools_but_in_words_has_one_turn(tmp_path: Path) -> None:
    session = Session(tmp_path)
    history = [asked("fix it")]
    for number in range(3):
        session.add(history, text(f"<read_file>{number}</read_file>"), **SDK)
        told = [text(f"[read_file for '{number}'] Result:"), text(f"file {number}")]
        history += [said(text(f"<read_file>{number}</read_file>")), asked(told)]
    session.add(history, text("fixed"), **SDK)
    (turn,) = session.view().turns
    assert [[r.text for r in step.results] for step in turn.steps] == [
        [],
        ["file 0"],
        ["file 1"],
        ["file 2"],
    ]
