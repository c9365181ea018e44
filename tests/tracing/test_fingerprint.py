import gc
import json
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.jsonio import read_envelope
from axonhub_cli.tracing.fingerprint import (
    KEY_BYTES,
    Context,
    History,
    Keys,
    answer_keys,
    context_of,
    join_keys,
    split_keys,
)
from axonhub_cli.tracing.known_answers import KnownAnswers, Place
from axonhub_cli.tracing.said import Said, said_in

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
    known = KnownAnswers(100)
    known.add(learned, Place("trace"))
    return known.find(History(owner, request)) is not None


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


KIMI_CALL = {"type": "tool_use", "id": "functions.run_bash:0", "name": "run_bash", "input": {}}
GEMINI_CALL = {"functionCall": {"name": "run_bash", "args": {"command": "ls"}}}


@pytest.mark.parametrize("call", [KIMI_CALL, GEMINI_CALL])
def test_a_call_whose_id_others_have_too_does_not_tell_by_itself(call: dict[str, Any]) -> None:
    assert is_found(keys_of(HI, call), envelope(HI, assistant([call]), user("?")))
    assert not is_found(keys_of(HI, call), envelope(user("hey"), assistant([call]), user("?")))


@pytest.mark.parametrize("said", [[CALL], [{"type": "text", "text": "Looking, now."}, CALL]])
def test_the_step_of_an_agent_is_known_by_its_calls_whatever_is_said_beside(said: Any) -> None:
    learned = keys_of(HI, {"type": "text", "text": "Calling Bash."}, CALL)
    assert is_found(learned, envelope(HI, assistant(said), user("?")))
    chat = assistant(None, tool_calls=[CHAT_CALL])
    assert is_found(learned, envelope(HI, chat, {"role": "tool", "tool_call_id": TOOL_ID}))


@pytest.mark.parametrize(
    ("blocks", "back"),
    [
        (["One. \n\n", "Two."], ["One.", "Two."]),
        (["One. \n\n", "Two."], ["One.\nTwo."]),
        (["One  \n\n\ntwo"], ["One\n\ntwo"]),
        (["One\ntwo"], ["One\r\ntwo"]),
        (["<think>\nhm, <what>\n</think>\n\nOne"], ["One"]),
        (["<thinking>hm</thinking> One"], ["One"]),
    ],
)
def test_neither_space_nor_thoughts_make_it_another_answer(
    blocks: list[str], back: list[str]
) -> None:
    learned = keys_of(HI, *({"type": "text", "text": words} for words in blocks))
    content = [{"type": "text", "text": words} for words in back]
    assert is_found(learned, envelope(HI, assistant(content), user("?")))


def test_an_answer_whose_first_words_were_given_is_known_with_them() -> None:
    asked = context_of(envelope(HI, assistant("{")))
    learned = answer_keys("k", asked, Said('"a": 1}'))
    assert is_found(learned, envelope(HI, assistant('{"a": 1}'), user("?")))
    paused = context_of(envelope(HI, assistant([CALL])))
    learned = answer_keys("k", paused, Said("Hello!"))
    assert is_found(learned, envelope(HI, assistant([CALL]), assistant("Hello!"), user("?")))


def test_where_it_is_not_known_what_was_asked_only_a_telling_answer_is_known() -> None:
    assert answer_keys("k", None, Said("Hello!")) == ()
    assert is_found(answer_keys("k", None, Said(LONG)), envelope(HI, assistant(LONG), HI))


def test_what_follows_an_answer_is_told_apart_by_its_turns() -> None:
    history = History("k", envelope(HI, assistant("a"), user("1"), assistant("b"), user("2")))
    last, first = history
    assert len(history.steps_after(last)) == 1
    up_to_1, up_to_b, whole = history.steps_after(first)
    shorter = History("k", envelope(HI, assistant("a"), user("1")))
    assert [shorter.steps_after(seen) for seen in shorter] == [[up_to_1]]
    assert len({up_to_1, up_to_b, whole}) == 3


def test_calls_whose_results_are_given_one_by_one_are_known() -> None:
    other = CALL | {"id": "toolu_01NMLKJIHGFEDCBA"}
    learned = keys_of(HI, CALL, other)
    for call in (CALL, other):
        alone = envelope(HI, assistant([call]), user("the result"))
        assert is_found(learned, alone)


def test_keys_come_apart_as_they_were_joined() -> None:
    keys = answer_keys("k", Context(Said("hi"), Said("and now?")), Said(LONG))
    assert len(keys) == 4
    assert all(len(key) == KEY_BYTES for key in keys)
    stored = join_keys(keys)
    assert stored is not None
    assert split_keys(stored) == keys
    assert join_keys(()) is None


def test_keys_of_another_version_are_none() -> None:
    assert split_keys(b"k" * 2 * KEY_BYTES) == ()
    assert split_keys(b"\x01" + b"k" * KEY_BYTES) == ()


SPACE = st.text(" \n\t\r", max_size=3)
WORDS = st.lists(st.tuples(st.text("ab<>/é中", min_size=1, max_size=5), SPACE, SPACE), min_size=1)


@given(WORDS, st.integers(0, 9))
def test_however_a_client_sets_its_spaces_and_blocks_it_is_the_same_answer(
    words: list[tuple[str, str, str]], cut: int
) -> None:
    given_as = "".join(word + space for word, space, _ in words)
    blocks = [words[:cut], words[cut:]]
    back = ["".join(space + word for word, _, space in block) for block in blocks]
    content = [{"type": "text", "text": each} for each in back]
    learned = keys_of(HI, {"type": "text", "text": given_as})
    assert is_found(learned, envelope(HI, assistant(content), user("?")))


NAMES = st.sampled_from(["role", "content", "type", "text", "id", "parts", "tool_calls"])
ANYTHING = st.recursive(
    st.none() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)
)


@given(ANYTHING)
def test_no_messages_break_it(value: Any) -> None:
    messages = value if isinstance(value, list) else [value]
    body = json.dumps({"model": "m", "messages": messages}).encode()
    found = read_envelope(body)[0]
    history = History("k", found)
    for seen in history:
        assert len(history.keys_after(seen)) == 2
        assert history.steps_after(seen)
    assert isinstance(context_of(found), Context)


def test_a_history_goes_with_whoever_held_it_last_and_its_body_with_it() -> None:
    gc.disable()
    try:
        history = History("k", envelope(HI, assistant("Hello!"), HI))
        assert next(iter(history), None) is not None
        held = weakref.ref(history)
        del history
        assert held() is None
    finally:
        gc.enable()
