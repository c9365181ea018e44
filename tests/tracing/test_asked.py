import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.tracing.asked import Asked, News, Reply, ToolResult, is_summary, read_asked
from tests.tracing.records import body_of, captured

PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}


def body(*messages: Any, **fields: Any) -> bytes:
    return json.dumps({"messages": messages, **fields}).encode()


def asked(name: str) -> Asked:
    counts = captured(name)["path"].endswith("count_tokens")
    protocol = "openai_chat" if "chat" in name else "anthropic"
    return read_asked(protocol, body_of(name), "count_tokens" if counts else "generate")


@pytest.mark.parametrize(
    ("name", "texts", "results"),
    [
        ("claude-code/basic", ["say pong"], []),
        ("claude-code/continue", ["second turn, say pong again"], []),
        ("claude-code/tooltest.02", [], [("toolu_0297c8593387498ea4c18e", "hello-from-tool")]),
        ("claude-code/image_read.02", [], [("toolu_8d8009c4bb2e419092b0eb", "(a picture)")]),
        ("opencode/chat_tooltest.03", [], [("call_4d98670915d54bcebbd4", "hello-from-tool")]),
        ("opencode/anth_tooltest.03", [], [("toolu_540a1ab8f0d04d16a9fa3d", "hello-from-tool")]),
        ("sdk-openai-chat/basic.03", ["TOOLTEST"], []),
    ],
)
def test_a_request_of_any_protocol_adds_what_comes_after_the_last_answer(
    name: str, texts: list[str], results: list[tuple[str, str]]
) -> None:
    read = asked(name)
    assert (list(read.news.texts), read.readable) == (texts, True)
    assert [(r.call_id, r.text) for r in read.news.results] == results


def test_the_first_words_of_the_user_name_the_conversation() -> None:
    assert asked("claude-code/basic").root == asked("claude-code/continue").root == "say pong"


def test_an_answer_that_is_to_go_on_ends_nothing() -> None:
    prefilled = body(
        {"role": "user", "content": "old"},
        {"role": "assistant", "content": "x"},
        {"role": "user", "content": [PICTURE, {"type": "text", "text": "new"}]},
        {"role": "assistant", "content": "{"},
    )
    assert read_asked("anthropic", prefilled).news == News(
        texts=("new",), attachments=1, messages=4, blocks=2
    )


def test_the_last_answer_is_known_by_its_words_and_its_calls() -> None:
    answer = [
        {"type": "text", "text": "I \n look."},
        {"type": "tool_use", "id": "t1", "name": "Bash", "input": {}},
    ]
    said = body({"role": "assistant", "content": answer}, {"role": "user", "content": "x"})
    assert read_asked("anthropic", said).reply == Reply("I look.", ("t1",))
    assert read_asked("anthropic", body({"role": "user", "content": "x"})).reply is None


def test_a_result_that_an_agent_tells_in_the_users_name_is_no_word_of_his() -> None:
    told = [
        {"type": "text", "text": "[read_file for 'a.py'] Result:"},
        {"type": "text", "text": "print(1)"},
        {"type": "text", "text": "[ask] Result:\nyes"},
        {"type": "text", "text": "<environment_details>\nx\n</environment_details>"},
        {"type": "text", "text": "and faster"},
    ]
    news = read_asked("anthropic", body({"role": "user", "content": told})).news
    assert news.texts == ("and faster",)
    assert news.results == (
        ToolResult("", "print(1)", False, "read_file for 'a.py'"),
        ToolResult("", "yes", False, "ask"),
    )


@pytest.mark.parametrize("protocol", ["anthropic", "openai_chat"])
def test_a_prompt_that_stands_in_tags_alone_is_what_was_said(protocol: str) -> None:
    prompt = {"role": "user", "content": "<input-text>\nlong\n</input-text>"}
    system = [{"role": "system", "content": "sum up"}] if protocol == "openai_chat" else []
    read = read_asked(protocol, body(*system, prompt))
    assert read.news.texts == (prompt["content"],)
    assert read.root == prompt["content"]
    history = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    assert read_asked(protocol, body(*history, prompt)).news.texts == ()


def test_half_an_emoji_hides_nothing() -> None:
    read = read_asked("anthropic", b'{"messages":[{"role":"user","content":"a \\ud83d"}]}')
    assert (read.news.texts, read.readable) == (("a \ufffd",), True)


def test_the_last_answer_is_found_far_from_the_end() -> None:
    turns = [{"role": "assistant", "content": "old"}]
    turns += [{"role": "user", "content": f"word {n}"} for n in range(9)]
    found = read_asked("anthropic", body({"role": "user", "content": "first"}, *turns))
    assert found.news.texts == tuple(f"word {n}" for n in range(9))
    assert found.root == "first"


def test_what_a_tool_gave_back_is_whole() -> None:
    content = [{"type": "text", "text": "a\nb"}, {"type": "text", "text": "c" * 500}]
    result = {"type": "tool_result", "tool_use_id": "t", "content": content, "is_error": True}
    news = read_asked("anthropic", body({"role": "user", "content": [result]})).news
    assert news.results == (ToolResult("t", f"a\nb\n{'c' * 500}", True),)


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("claude-code/interactive.02", "title"),
        ("claude-code/interactive.03", None),
        ("claude-code/context_cmd.01", "count_tokens"),
        ("claude-code/gateway_hints.02", None),
    ],
)
def test_captured_side_requests_are_told_apart(name: str, side: str | None) -> None:
    assert asked(name).side == side


@pytest.mark.parametrize(
    ("fields", "request_class", "side"),
    [
        ({"tools": [{"type": "web_search_20250305", "name": "w"}]}, None, "web_search"),
        ({}, "auxiliary", "auxiliary"),
        ({"max_tokens": 1}, None, "quota"),
        ({"system": "Analyze if this message indicates a new conversation topic."}, None, "topic"),
        ({"tools": [{"name": "Bash", "input_schema": {}}], "max_tokens": 1}, None, None),
        ({}, "subagent", None),
    ],
)
def test_side_requests_are_known_by_what_they_are(
    fields: dict[str, Any], request_class: str | None, side: str | None
) -> None:
    made = body({"role": "user", "content": "hi"}, **fields)
    assert read_asked("anthropic", made, "generate", request_class).side == side


def test_opencodes_title_request_is_known_by_its_words() -> None:
    words = ["Generate a title for this conversation:\n", "say pong"]
    made = body(*({"role": "user", "content": text} for text in words))
    assert read_asked("openai_chat", made).side == "title"


def test_a_compaction_is_told_by_its_class_or_its_words() -> None:
    history = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    for what in ("the conversation so far", "the RECENT portion of the conversation"):
        prompt = f"Only text. Your task is to create a detailed summary of {what}."
        asks = body(*history, {"role": "user", "content": prompt})
        assert read_asked("anthropic", asks).asks_summary
    assert read_asked("anthropic", body(*history), "generate", "compaction").asks_summary
    assert not read_asked("anthropic", body(*history)).asks_summary
    summary = "This session is being continued from a previous conversation that ran out."
    assert is_summary(summary)
    assert read_asked("anthropic", body({"role": "user", "content": summary})).begins_with_summary


@pytest.mark.parametrize("protocol", ["anthropic", "openai_chat", "some_protocol_of_tomorrow"])
def test_a_body_that_its_protocol_refuses_is_read_as_far_as_it_has_words(protocol: str) -> None:
    made = body(
        {"role": "user", "content": "first"},
        7,
        {"role": "assistant", "content": 9},
        {"role": "user", "content": [{"type": "text", "text": "second"}, {"type": 5}]},
    )
    read = read_asked(protocol, made)
    assert (read.news.texts, read.root, read.readable) == (("second",), "first", False)


@pytest.mark.parametrize("raw", [None, b"", b"\xff", b"[]", b'{"messages":5}', b"{" * 9999])
def test_what_is_no_body_is_unreadable_and_no_error(raw: bytes | None) -> None:
    assert read_asked("anthropic", raw) == Asked(readable=False)


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
def test_no_body_breaks_the_reading(messages: list[Any], config: object, raw: bytes) -> None:
    made = body(*messages, output_config=config, tools=messages, system=config)
    for one in (made, raw, b'{"messages":[' + raw + b"]}"):
        for protocol in ("anthropic", "openai_chat", "gemini"):
            assert isinstance(read_asked(protocol, one), Asked)
