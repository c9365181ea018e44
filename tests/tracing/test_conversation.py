import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.protocols.base import Answer
from axonhub_cli.tracing.conversation import (
    News,
    Said,
    ToolCall,
    ToolResult,
    clip,
    read_news,
    read_said,
    side_of,
)
from tests.tracing.records import body_of, captured


def body(*messages: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps({"messages": messages, **fields}).encode()


@pytest.mark.parametrize(
    ("name", "news"),
    [
        ("claude-code/basic", News(texts=("say pong",), messages=2)),
        ("claude-code/continue", News(texts=("second turn, say pong again",), messages=4)),
        (
            "claude-code/tooltest.02",
            News(
                results=(ToolResult("toolu_0297c8593387498ea4c18e", "hello-from-tool", False),),
                messages=4,
            ),
        ),
        (
            "claude-code/image_read.02",
            News(
                results=(ToolResult("toolu_8d8009c4bb2e419092b0eb", "(a picture)", False),),
                messages=4,
            ),
        ),
    ],
)
def test_a_request_adds_what_comes_after_the_last_answer(name: str, news: News) -> None:
    assert read_news(body_of(name)) == news


def test_an_answer_that_is_to_go_on_ends_nothing() -> None:
    prefilled = body(
        {"role": "user", "content": "old"},
        {"role": "assistant", "content": "x"},
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "new"}]},
        {"role": "assistant", "content": "{"},
    )
    assert read_news(prefilled) == News(texts=("new",), attachments=1, messages=4)


def test_what_a_tool_gave_back_is_one_short_line() -> None:
    content = [{"type": "text", "text": "a\nb"}, {"type": "text", "text": "c" * 500}]
    result = {"type": "tool_result", "tool_use_id": "t", "content": content, "is_error": True}
    (shown,) = read_news(body({"role": "user", "content": [result]})).results
    assert shown.text.startswith("a b ccc")
    assert (len(shown.text), shown.is_error) == (200, True)


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


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("claude-code/interactive.02", "title"),
        ("claude-code/interactive.03", None),
        ("claude-code/context_cmd.01", "count_tokens"),
        ("claude-code/gateway_hints.02", None),
    ],
)
def test_side_requests_are_told_apart(name: str, side: str | None) -> None:
    counts = captured(name)["path"].endswith("count_tokens")
    assert side_of(body_of(name), "count_tokens" if counts else "generate", None) == side


def test_a_search_and_what_the_client_calls_auxiliary_are_side_requests() -> None:
    search = body(tools=[{"type": "web_search_20250305", "name": "web_search"}])
    assert side_of(search, "generate", None) == "web_search"
    assert side_of(body(), "generate", "auxiliary") == "auxiliary"
    assert side_of(body(), "generate", "subagent") is None
    assert side_of(None, "generate", None) is None


def test_a_long_text_is_clipped_with_its_lines() -> None:
    assert clip(" a\nb ") == "a\nb"
    assert clip("x" * 30, 10) == "x" * 9 + "…"


anything = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "input", "format", "schema"]),
            inner | st.sampled_from(["user", "assistant", "tool_result", "tool_use"]),
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(st.lists(anything, max_size=4), anything, st.binary(max_size=50))
def test_no_body_and_no_answer_break_the_reading(
    messages: list[Any], config: object, raw: bytes
) -> None:
    made = body(*messages, output_config=config, tools=messages)
    for one in (made, raw, b'{"messages":[' + raw + b"]}"):
        assert read_news(one) == read_news(one)
        assert side_of(one, "generate", None) == side_of(one, "generate", None)
    said = Answer(content=tuple(messages))
    assert read_said(said) == read_said(said)
