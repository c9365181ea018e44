"""Turns in the API's order: known-failures 11, a dead session after an orphan, must not happen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.ir.request import Block, Message, Role, Text, Thinking, ToolCall, ToolResult
from axonhub_cli.protocols.anthropic.fit.turns import fit_turns, merge
from axonhub_cli.protocols.anthropic.losses import Losses


def user(*blocks: Block | str) -> Message:
    return _message("user", blocks)


def assistant(*blocks: Block | str) -> Message:
    return _message("assistant", blocks)


def _message(role: Role, blocks: tuple[Block | str, ...]) -> Message:
    return Message(role, tuple([Text(b) if isinstance(b, str) else b for b in blocks]))


def call(id: str) -> ToolCall:
    return ToolCall(id, "f", "{}")


def result(id: str, text: str = "r") -> ToolResult:
    return ToolResult(id, (Text(text),))


def fit(*messages: Message) -> tuple[list[Message], list[str]]:
    losses = Losses()
    turns = fit_turns(messages, losses)
    return list(turns), [loss.reason for loss in losses.all()]


def test_results_of_parallel_calls_come_first_in_one_turn() -> None:
    turns, losses = fit(
        user("go"),
        assistant("ok", call("a"), call("b")),
        user(result("b")),
        user(result("a")),
        user("and?"),
    )
    assert turns == [
        user("go"),
        assistant("ok", call("a"), call("b")),
        user(result("a"), result("b"), "and?"),
    ]
    assert losses == []


def test_a_result_found_later_moves_behind_its_call() -> None:
    turns, losses = fit(
        user("go"),
        assistant(call("a")),
        user("wait"),
        assistant("I wait"),
        user(result("a")),
        assistant("done"),
    )
    assert turns == [
        user("go"),
        assistant(call("a")),
        user(result("a"), "wait"),
        assistant("I wait", "done"),
    ]
    assert losses == []


def test_calls_in_turns_of_their_own_are_one_turn() -> None:
    turns, _ = fit(assistant(call("a")), assistant(call("b")), user(result("a"), result("b")))
    assert turns == [assistant(call("a"), call("b")), user(result("a"), result("b"))]


def test_a_call_without_a_result_is_given_one() -> None:
    turns, losses = fit(user("go"), assistant(call("a")), user("stop"))
    (answer, text) = turns[2].content
    assert isinstance(answer, ToolResult)
    assert (answer.call_id, answer.is_error) == ("a", True)
    assert text == Text("stop")
    assert losses == ["a tool call without a result is given one that says so"]


def test_a_result_without_a_call_becomes_text() -> None:
    turns, losses = fit(user(result("gone", "42"), "so?"))
    assert turns == [user("[The result of an earlier tool call]", "42", "so?")]
    assert losses == ["a tool result without its call is given as the user's text"]


def test_a_second_result_of_a_call_becomes_text() -> None:
    turns, losses = fit(assistant(call("a")), user(result("a", "1")), user(result("a", "2")))
    assert turns[1] == user(result("a", "1"), "[The result of an earlier tool call]", "2")
    assert len(losses) == 1


def test_ids_used_again_in_each_turn_are_told_apart() -> None:
    turns, losses = fit(
        assistant(call("call_0")),
        user(result("call_0", "1")),
        assistant(call("call_0")),
        user(result("call_0", "2")),
    )
    assert turns == [
        assistant(call("call_0")),
        user(result("call_0", "1")),
        assistant(call("call_0_2")),
        user(result("call_0_2", "2")),
    ]
    assert losses == []


def test_a_result_belongs_to_the_latest_call_of_its_id() -> None:
    turns, losses = fit(assistant(call("x")), user("no"), assistant(call("x")), user(result("x")))
    assert isinstance(turns[1].content[0], ToolResult)
    assert turns[1].content[0].is_error
    assert turns[3] == user(result("x_2"))
    assert len(losses) == 1


def test_one_turn_may_call_the_same_id_twice() -> None:
    turns, _ = fit(assistant(call("x"), call("x")), user(result("x", "1"), result("x", "2")))
    assert turns[1] == user(result("x", "1"), result("x_2", "2"))


def test_a_system_turn_is_said_by_the_user() -> None:
    turns, losses = fit(user("a"), Message("system", (Text("be brief"),)), assistant("b"))
    assert turns[0] == user("a", "<system>\nbe brief\n</system>")
    assert len(losses) == 1


def test_a_system_turn_does_not_part_calls_from_results() -> None:
    turns, _ = fit(
        assistant(call("a")), Message("system", (Text("hurry"),)), user(result("a"), "x")
    )
    assert turns[1] == user(result("a"), "<system>\nhurry\n</system>", "x")


def test_empty_texts_and_turns_are_dropped() -> None:
    turns, losses = fit(
        user("a", "", " \n"), assistant(""), Message("system", ()), user("b"), assistant()
    )
    assert turns == [user("a", "b")]
    assert losses == []


def test_an_answer_to_be_continued_ends_without_space() -> None:
    assert fit(user("a"), assistant("so: \n"))[0][-1] == assistant("so:")
    assert fit(user("a"), assistant("x", Thinking("t", "s")))[0][-1] == assistant(
        "x", Thinking("t", "s")
    )


def test_merging_does_not_change_what_it_was_given() -> None:
    first: list[Block] = [Text("a")]
    merged = merge([("user", first), ("user", [Text("b")])])
    assert merged == [("user", [Text("a"), Text("b")])]
    assert first == [Text("a")]


ids = st.sampled_from("abc")
turns_of_all_kinds = st.lists(
    st.builds(user, st.builds(result, ids) | st.text("x ", max_size=2))
    | st.builds(assistant, st.builds(call, ids), st.builds(call, ids) | st.just("x"))
    | st.just(Message("system", (Text("s"),))),
    max_size=7,
)


@given(turns_of_all_kinds)
def test_whatever_came_every_call_is_answered_at_once(messages: list[Message]) -> None:
    turns, _ = fit(*messages)
    roles = [turn.role for turn in turns]
    assert all(a != b for a, b in zip(roles, roles[1:], strict=False))
    seen: set[str] = set()
    for at, turn in enumerate(turns):
        assert turn.content
        calls = [block.id for block in turn.content if isinstance(block, ToolCall)]
        assert seen.isdisjoint(calls)
        assert len(set(calls)) == len(calls)
        seen.update(calls)
        following = turns[at + 1].content if at + 1 < len(turns) else ()
        answers = [block.call_id for block in following if isinstance(block, ToolResult)]
        assert answers == calls
        first = following[: len(calls)]
        assert all(isinstance(block, ToolResult) for block in first)
    texts = [b.text for m in messages for b in m.content if isinstance(b, Text) and b.text.strip()]
    assert all(any(text.rstrip() in str(turn) for turn in turns) for text in texts)
