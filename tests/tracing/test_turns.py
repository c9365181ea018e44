import json
from pathlib import Path

import pytest

from axonhub_cli.tracing.asked import ToolResult
from axonhub_cli.tracing.conversation import ToolCall
from tests.tracing.records import NOON, attempt, body_of, record, text
from tests.tracing.sessions import CALL, RESULT, Block, Session, agent_call, asked, said


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
    assert (step["agent"], step["label"]) == (None, None)
    assert step["calls"] == [{"id": "t1", "name": "Bash", "input": '{"command":"ls"}'}]
    assert step["request"]["id"] == "r0"
    assert shown["turns"][0]["side"][0]["kind"] == "count_tokens"


def test_parallel_subagents_stand_side_by_side_below_the_call_that_started_them(
    tmp_path: Path,
) -> None:
    session = Session(tmp_path)
    session.add([asked("use two")], agent_call("t1", "find bugs"), agent_call("t2", "find docs"))
    session.add([asked("find docs")], text("docs"), agent_id="b", total_ms=1500.0)
    session.add([asked("find bugs")], agent_call("t3", "deeper"), agent_id="a", total_ms=1500.0)
    session.add([asked("deeper")], text("deep"), agent_id="c", parent_agent_id="a")
    (turn,) = session.view().turns
    docs, bugs, deep = turn.agents
    assert (docs.id, docs.call_id, docs.name) == ("b", "t2", "Explore · job t2")
    assert (bugs.id, bugs.call_id, bugs.parent) == ("a", "t1", None)
    assert (deep.call_id, deep.parent, deep.steps[0].depth) == ("t3", "a", 2)
    assert docs.as_json(turn.agents)["parallel_with"] == ["a"]


def test_a_subagent_without_any_header_is_known_by_what_it_was_told(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add([asked("use one")], agent_call("t1", "find bugs"))
    found = [asked("find bugs"), said(CALL), asked([RESULT])]
    session.add(found[:1], CALL)
    session.add(found, text("none"))
    history = [asked("use one"), said(agent_call("t1", "find bugs"))]
    answer = {"type": "tool_result", "tool_use_id": "t1", "content": "none"}
    session.add([*history, asked([answer])], text("No bugs."))
    (turn,) = session.view().turns
    (agent,) = turn.agents
    assert [step.request.id for step in agent.steps] == ["r1", "r2"]
    assert [step.depth for step in turn.steps] == [0, 1, 1, 0]


def test_what_came_of_a_compaction_is_labelled(tmp_path: Path) -> None:
    session = Session(tmp_path)
    words = "<summary>They counted the files, and there were forty-two of them.</summary>" * 3
    history = [asked("count"), said(text("42"))]
    session.add(history[:1], text("42"))
    session.add(
        [*history, asked("Your task is to create a detailed summary of the conversation")],
        text(words),
    )
    given = [text("This session is being continued from a previous conversation."), text("go on")]
    session.add([asked(given)], text("I do."))
    first, second = session.view().turns
    assert [step.label for step in first.steps] == [None, "compaction"]
    assert [step.label for step in second.steps] == ["compacted"]
    assert (first.user, second.user) == ("count", "go on")


def test_a_history_replaced_by_an_earlier_answer_is_a_compaction_of_any_client(
    tmp_path: Path,
) -> None:
    session = Session(tmp_path)
    words = "They counted the files, and there were forty-two of them; it took a while. " * 3
    session.add([asked("count")], text("42"))
    session.add(
        [asked("count"), said(text("42")), asked("sum up")], text(words), request_class="compaction"
    )
    session.add([asked("Before: " + words), said(text("yes")), asked("more")], text("more"))
    session.add([asked("quite different")], text("fine"))
    labels = [step.label for turn in session.view().turns for step in turn.steps]
    assert labels == [None, "compaction", "compacted", "new conversation"]


def test_history_that_is_sent_again_in_another_form_is_not_news(tmp_path: Path) -> None:
    """Claude Code 2.1.330 joins what it has into two messages when it continues a session."""
    session = Session(tmp_path)
    session.add([asked("list files")], CALL, prompt_id="p1")
    session.add([asked("list files"), said(CALL), asked([RESULT])], text("done"), prompt_id="p1")
    notice = text("<system-reminder>a task ended</system-reminder>")
    joined = [asked("list files"), said(text("done"), CALL)]
    session.add([*joined, asked([RESULT, notice])], text("noted"), prompt_id="p2")
    session.add([*joined, asked([RESULT, notice, text("second")])], text("ok"), prompt_id="p3")
    session.add([*joined, asked([RESULT, notice, text("second"), text("third")])], prompt_id="p4")
    first, second, third = session.view().turns
    assert [turn.user for turn in (first, second, third)] == ["list files", "second", "third"]
    assert [len(step.results) for step in first.steps] == [0, 1, 0]
    assert [step.repeated for step in first.steps] == [False, False, False]
    assert second.steps[0].results == ()


def test_the_same_words_twice_are_two_turns(tmp_path: Path) -> None:
    session = Session(tmp_path)
    history = [asked("continue")]
    session.add(history, text("a"))
    session.add([*history, said(text("a")), asked("continue")], text("b"))
    assert [turn.user for turn in session.view().turns] == ["continue", "continue"]


def test_a_turn_of_another_run_is_marked_as_continued(tmp_path: Path) -> None:
    session = Session(tmp_path)
    run = {"user_agent": "claude-cli/2.1.330 (external, sdk-cli)"}
    session.add(body_of("claude-code/basic"), text("pong"), **run)
    session.add(body_of("claude-code/continue"), text("pong again"), **run)
    assert [turn.continued for turn in session.view().turns] == [False, True]


def test_a_turn_after_a_long_pause_is_marked_as_continued(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add([asked("one")], text("a"))
    session.add([asked("one"), said(text("a")), asked("two")], text("b"))
    session.add(
        [asked("one"), said(text("a")), asked("two"), said(text("b")), asked("three")],
        at=NOON + 8000,
    )
    assert [turn.continued for turn in session.view().turns] == [False, False, True]


def test_a_small_request_without_tools_is_folded_where_the_agent_has_tools(
    tmp_path: Path,
) -> None:
    session = Session(tmp_path)
    tools = [{"name": "Bash", "input_schema": {"type": "object"}}]
    main = {"model": "m", "messages": [asked("list files")], "tools": tools}
    session.add(json.dumps({"model": "m", "messages": [asked("is this a topic?")]}).encode())
    session.add(json.dumps(main).encode(), text("fine"))
    (turn,) = session.view().turns
    assert (turn.user, len(turn.steps)) == ("list files", 1)
    assert [(side.kind, len(side.requests)) for side in turn.side] == [("auxiliary", 1)]


def test_a_chat_conversation_has_the_same_turns(tmp_path: Path) -> None:
    session = Session(tmp_path)
    call = {"id": "c1", "type": "function", "function": {"name": "ls", "arguments": "{}"}}
    history: list[Block] = [{"role": "system", "content": "be kind"}, asked("list files")]
    result = {"role": "tool", "tool_call_id": "c1", "content": "a.txt"}
    session.add(history, CALL, protocol="openai_chat")
    history += [{"role": "assistant", "content": None, "tool_calls": [call]}, result]
    session.add(history, text("There is a.txt."), protocol="openai_chat")
    history += [{"role": "assistant", "content": "There is a.txt."}, asked("thanks")]
    session.add(history, text("Welcome."), protocol="openai_chat")
    first, second = session.view().turns
    assert (first.user, second.user) == ("list files", "thanks")
    assert first.steps[1].results == (ToolResult("c1", "a.txt", False),)


def test_a_garbled_body_is_a_labelled_step_among_the_others(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add([asked("one")], text("a"))
    session.add(b"\xff not json", text("b"), protocol="never heard of")
    session.add([asked("one"), said(text("a")), asked("two")], text("c"))
    first, second = session.view().turns
    assert [step.label for step in first.steps] == [None, "unreadable"]
    assert second.user == "two"


def test_words_that_got_no_answer_are_not_new_again(tmp_path: Path) -> None:
    session = Session(tmp_path)
    failed = {"status": "failed", "attempts": [attempt(status="failed", error="boom")]}
    begun = [asked("one"), said(text("a"))]
    session.add(begun[:1], text("a"))
    session.add([*begun, asked("two")], **failed)
    session.add([*begun, asked("two"), asked("three")], **failed)
    session.add([*begun, asked([text("two"), text("three"), text("four")])], text("b"))
    assert [turn.user for turn in session.view().turns] == ["one", "two", "three", "four"]


def test_the_same_word_again_after_an_answer_is_new(tmp_path: Path) -> None:
    session = Session(tmp_path)
    begun = [asked("one"), said(text("a")), asked("continue")]
    session.add(begun, text("b"))
    session.add([*begun, said(text("b")), asked("continue"), asked("please")], text("c"))
    assert [turn.user for turn in session.view().turns] == ["continue", "continue\nplease"]


def test_what_an_agent_says_of_a_stream_that_broke_is_no_turn(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.add([asked("one")], text("par"), status="failed")
    rest = "Your response above was cut off mid-stream. Resume directly from where it stops."
    session.add([asked("one"), said(text("par")), asked(rest)], text("tial"))
    session.add(
        [asked("one"), said(text("par"), text("tial")), asked("why was it cut off?")], text("so")
    )
    assert [turn.user for turn in session.view().turns] == ["one", "why was it cut off?"]


def test_a_picture_without_words_is_a_turn(tmp_path: Path) -> None:
    session = Session(tmp_path)
    source = {"type": "base64", "media_type": "image/png", "data": "aGk="}
    picture = {"type": "image", "source": source}
    history = [asked("hello"), said(text("hi")), asked([picture])]
    session.add(history[:1], text("hi"))
    session.add(history, CALL)
    session.add([*history, said(CALL), asked([RESULT, picture])], text("a cat"))
    first, second = session.view().turns
    assert (second.user, second.attachments, len(second.steps)) == ("", 1, 2)
    assert (first.user, first.attachments) == ("hello", 0)


@pytest.mark.parametrize("named", [True, False])
def test_a_teammates_later_work_is_in_the_turn_in_which_it_was_told(
    tmp_path: Path, named: bool
) -> None:
    session = Session(tmp_path)
    call = agent_call("k1", "be a mate")
    more = {"type": "tool_use", "id": "k2", "name": "SendMessage", "input": {"message": "do more"}}
    mate = [asked("be a mate"), said(text("ready")), asked("do more")]
    turn_one = {"prompt_id": "p1"} if named else {}
    turn_two = {"prompt_id": "p2"} if named else {}
    session.add([asked("one")], call, **turn_one)
    session.add(mate[:1], text("ready"), agent_id="m", **turn_one)
    session.add([asked("one"), said(call), asked("two")], more, **turn_two)
    session.add(mate, text("did more"), agent_id="m", **turn_two)
    first, second = session.view().turns
    assert [(agent.id, agent.call_id) for agent in first.agents] == [("m", "k1")]
    assert [(agent.id, agent.call_id) for agent in second.agents] == [("m", "k2")]
    assert [step.prompt for step in second.agents[0].steps] == ["do more"]


def test_what_was_said_and_given_back_is_kept_whole(tmp_path: Path) -> None:
    session = Session(tmp_path)
    long = "word " * 1000
    call = CALL | {"input": {"command": long}}
    session.add([asked(long)], text(long), call)
    session.add([asked(long), said(call), asked([RESULT | {"content": long}])], text("end"))
    (turn,) = session.view().turns
    assert turn.user == turn.steps[0].text == turn.steps[1].results[0].text == long.strip()
    assert turn.steps[0].calls[0].input == json.dumps({"command": long}, separators=(",", ":"))
