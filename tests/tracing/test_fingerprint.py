import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.jsonio import read_envelope
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing.fingerprint import (
    KEY_BYTES,
    Context,
    Keys,
    Said,
    answer_keys,
    context_of,
    has_history,
    keys_in,
    said_in,
    said_in_stream,
    split_keys,
)
from tests.support import chat_plays, plays

LONG = "a long answer, told once and never again in just these words; " * 3
TOOL_ID = "toolu_01ABCDEFGHIJKLMN"


def envelope(*messages: dict[str, Any], field: str = "messages") -> Any:
    return read_envelope(json.dumps({"model": "m", field: list(messages)}).encode())[0]


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def keys_of(prompt: dict[str, Any], *blocks: dict[str, Any], owner: str = "k") -> Keys:
    """What is learned of an answer to a first request."""
    return answer_keys(owner, context_of(envelope(prompt)), said_in(blocks))


def is_found(learned: Keys, request: Any, owner: str = "k") -> bool:
    return any(
        key in learned for keys in keys_in(owner, request, learned.__contains__) for key in keys
    )


HI = user("hi")
HELLO = {"type": "text", "text": "Hello!"}
MARKED = {"type": "text", "text": "Hello! ", "cache_control": {"type": "ephemeral"}}
CALL = {"type": "tool_use", "id": TOOL_ID, "name": "ls", "input": {"a": 1.0}}
CHAT_CALL = {"id": TOOL_ID, "type": "function", "function": {"name": "ls", "arguments": "{}"}}


@pytest.mark.parametrize(
    "history",
    [
        [HI, assistant("Hello!"), user("and now?")],
        [HI, assistant([MARKED]), user("and now?")],
        [HI, assistant([{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo!"}])],
        [{"role": "system", "content": "be kind"}, HI, assistant("Hello!"), user("?")],
        [user([{"type": "text", "text": "hi"}]), assistant([{"type": "thinking"}, HELLO])],
        # A half answer that nobody has seen whole, or one put into the model's mouth, comes after.
        [HI, assistant("Hello!"), user("go on"), assistant("so"), user("?")],
    ],
)
def test_an_answer_is_recognised_in_whatever_shape_it_comes_back(history: list[Any]) -> None:
    assert is_found(keys_of(HI, HELLO), envelope(*history))


@pytest.mark.parametrize(
    "history",
    [
        [HI],
        [HI, user("hello?")],
        [HI, assistant("Hello"), user("?")],
        [user("hey"), assistant("Hello!"), user("?")],
        [HI, assistant(""), user("?")],
        [HI, assistant([{"type": "image"}]), user("?")],
        [user("else"), assistant("so"), HI, assistant("Hello!"), user("?")],
    ],
)
def test_no_other_history_is_taken_for_it(history: list[Any]) -> None:
    assert not is_found(keys_of(HI, HELLO), envelope(*history))


def test_anothers_key_recognises_nothing() -> None:
    history = envelope(HI, assistant("Hello!"), user("?"))
    assert not is_found(keys_of(HI, HELLO, owner="somebody"), history)


def test_a_telling_answer_is_recognised_after_its_prompt_was_changed() -> None:
    long = {"type": "text", "text": LONG}
    changed = user("hi, without what was pasted")
    assert is_found(keys_of(HI, long), envelope(changed, assistant(LONG), user("?")))
    called = envelope(changed, assistant(None, tool_calls=[CHAT_CALL]), user("?"))
    assert is_found(keys_of(HI, CALL), called)


def test_tool_calls_are_recognised_in_the_other_protocol_and_by_their_results() -> None:
    result = user([{"type": "tool_result", "tool_use_id": TOOL_ID, "content": "x"}])
    turn = context_of(envelope(HI, assistant([CALL]), result))
    asked = answer_keys("k", turn, said_in([HELLO]))
    chat = {"role": "tool", "tool_call_id": TOOL_ID, "content": "x"}
    assert is_found(asked, envelope(HI, assistant([CALL]), result, assistant("Hello!"), HI))
    assert is_found(asked, envelope(HI, assistant([CALL]), chat, assistant("Hello!"), HI))


def test_the_histories_of_responses_and_gemini_are_read_too() -> None:
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"type": "reasoning", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", **HELLO}]},
        {"role": "user", "content": "?"},
    ]
    assert is_found(keys_of(HI, HELLO), envelope(*items, field="input"))
    contents = [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [{"text": "hm", "thought": True}, {"text": "Hello!"}]},
        {"parts": [{"text": "?"}]},
    ]
    assert is_found(keys_of(HI, HELLO), envelope(*contents, field="contents"))
    call = {"type": "function_call", "call_id": TOOL_ID, "name": "ls", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": TOOL_ID, "output": "x"}
    assert is_found(keys_of(HI, CALL), envelope(HI, call, output, field="input"))


def test_only_a_request_of_more_than_one_message_has_a_history() -> None:
    assert not has_history(envelope(HI))
    assert not has_history(read_envelope(b'{"model": "m", "input": "hi"}')[0])
    assert has_history(envelope(HI, assistant("Hello!")))


def test_keys_come_apart_as_they_were_joined() -> None:
    keys = answer_keys("k", Context(), Said(LONG))
    assert len(keys) == 3
    assert split_keys(b"".join(keys)) == list(keys)
    assert all(len(key) == KEY_BYTES for key in keys)


WORDS = ["Hel", 'lo "you" ', "\\ué\n", "\U0001f600!"]


def test_a_stream_of_text_is_read_without_decoding_its_events() -> None:
    events = [
        plays.event("content_block_delta", delta={"type": "text_delta", "text": word})
        for word in WORDS
    ]
    chunks = [chat_plays.chunk({"content": word}) for word in WORDS]
    chunks.append(chat_plays.chunk({"content": None}))
    expected = Said("".join(WORDS).strip())
    assert said_in_stream("anthropic", b"".join(events)) == expected
    assert said_in_stream("openai_chat", b"".join(chunks)) == expected


@pytest.mark.parametrize(
    ("protocol", "stream"),
    [
        ("anthropic", b"".join(plays.as_events(plays.tool_use("ls", {})))),
        ("openai_chat", b"".join(chat_plays.as_chunks(chat_plays.call("ls", {})))),
        ("anthropic", b'data: {"type": "text_delta", "index": 0, "text": "x"}'),
        ("openai_chat", b'data: {"content": ["x"]}'),
        ("openai_chat", b'data: {"content": "\\x"}'),
        ("gemini", b"data: {}"),
    ],
)
def test_any_other_stream_is_left_to_be_decoded(protocol: str, stream: bytes) -> None:
    assert said_in_stream(protocol, stream) is None


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_what_is_cut_out_of_a_stream_is_what_decoding_it_tells(words: list[str]) -> None:
    valid = [word.encode("utf-8", "replace").decode() for word in words]
    events = b"".join(plays.as_events(plays.text("")))
    first, last = events.split(b"event: content_block_stop", 1)
    deltas = b"".join(
        plays.event("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
        for word in valid
    )
    stream = first + deltas + b"event: content_block_stop" + last
    decoded = said_in(PROTOCOLS["anthropic"].read_answer(stream).content)
    assert said_in_stream("anthropic", stream) == decoded


NAMES = st.sampled_from(["role", "content", "type", "text", "id", "parts", "tool_calls"])
ANYTHING = st.recursive(
    st.none() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)
)


@given(ANYTHING)
def test_no_messages_break_it(value: Any) -> None:
    messages = value if isinstance(value, list) else [value]
    body = json.dumps({"model": "m", "messages": messages}).encode()
    found = read_envelope(body)[0]
    assert all(len(keys) <= 2 for keys in keys_in("k", found, lambda mark: True))
    assert isinstance(context_of(found), Context)
