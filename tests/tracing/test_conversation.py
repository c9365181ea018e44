from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.protocols.base import Answer
from axonhub_cli.tracing.conversation import Said, ToolCall, read_said


def test_an_answer_is_told_by_its_words_and_calls() -> None:
    answer = Answer(
        content=(
            {"type": "thinking", "thinking": "Hm."},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}},
            {"type": "server_tool_use", "id": "t2", "name": "web_search", "input": '{"q'},
            "odd",
        )
    )
    assert read_said(answer) == Said(
        text="I look.",
        calls=(ToolCall("t1", "Bash", '{"command":"ls"}'), ToolCall("t2", "web_search", '{"q')),
        thinking=True,
    )


def test_a_call_that_starts_a_subagent_keeps_what_it_is_told() -> None:
    given_ = {"description": "bugs", "prompt": " find\nbugs ", "subagent_type": "Explore"}
    call = {"type": "tool_use", "id": "t1", "name": "Task", "input": given_}
    (made,) = read_said(Answer(content=(call,))).calls
    assert (made.prompt, made.about) == ("find\nbugs", "Explore · bugs")


@given(st.lists(st.dictionaries(st.text(max_size=4), st.integers()) | st.integers(), max_size=4))
def test_no_answer_breaks_the_reading(content: list[Any]) -> None:
    assert isinstance(read_said(Answer(content=tuple(content))), Said)
