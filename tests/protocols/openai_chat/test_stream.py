"""Where a Chat stream commits, and whether it ended or was cut off."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.protocols.base import StreamEnd, StreamPoint
from axonhub_cli.protocols.openai_chat.stream import is_terminal, read_end, read_point
from axonhub_cli.protocols.sse import EventSplitter
from tests.protocols.openai_chat.wire import DONE, HEAD, call, chunk, data, usage_chunk

ROLE = chunk({"role": "assistant", "content": "", "refusal": None})
TEXT = chunk({"content": "finish_reason 🎈"})
STOP = chunk({}, "stop")
USAGE = usage_chunk(prompt_tokens=1, completion_tokens=2)
WHOLE = [ROLE, TEXT, b": a comment\n\n", STOP, USAGE, DONE]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_cut_stream_is_complete_only_after_its_finish_reason(end: bytes) -> None:
    """Cut at every byte: judged by its whole events, as the relay does it."""
    events = [event.replace(b"\n", end) for event in WHOLE]
    whole = b"".join(events)
    finished_at = len(whole) - len(b"".join(events[4:]))
    for cut in range(len(whole) + 1):
        judged = read_end(EventSplitter().feed(whole[:cut]))
        assert judged.error is None
        assert (judged.missing is not None) == (cut >= finished_at), whole[:cut]
        assert (judged.missing == b"") == (cut == len(whole))


def test_only_the_terminator_is_added() -> None:
    missing = read_end(b"".join(WHOLE[:-1])).missing
    assert missing == DONE
    assert read_end(b"".join([*WHOLE[:-1], missing])) == StreamEnd()


def test_done_completes_a_stream_without_a_finish_reason() -> None:
    assert read_end(ROLE + TEXT + DONE) == StreamEnd()


@pytest.mark.parametrize("reason", [None, "", "null", 0, [], {}])
def test_an_empty_finish_reason_is_none(reason: object) -> None:
    choice = {"index": 0, "delta": {}, "finish_reason": reason}
    assert read_end(data(HEAD | {"choices": [choice]})).missing is None
    assert read_point(data(HEAD | {"choices": [choice]})) == StreamPoint()


def test_empty_chunks_after_the_finish_reason_change_nothing() -> None:
    assert read_end(STOP + ROLE + b": hm\n\n" + chunk() + USAGE).missing == DONE


def test_what_follows_a_finish_reason_counts() -> None:
    assert read_end(STOP + TEXT).missing is None


@pytest.mark.parametrize(
    "error",
    [
        data({"error": {"message": "Overloaded"}}),
        data({"error": {"message": "Overloaded"}, "choices": []}),
        b"event: error\n" + data({"message": "Overloaded"}),
        data({"object": "error", "message": "Overloaded"}),
        data({"error": "Overloaded"}),
    ],
)
def test_an_error_ends_a_stream_and_is_told(error: bytes) -> None:
    assert read_end(ROLE + TEXT + error) == StreamEnd(error="Overloaded")
    point = read_point(ROLE + error + TEXT)
    assert point.error is not None
    assert b"Overloaded" in point.error
    assert is_terminal(error)


def test_an_error_without_words_is_told_as_one() -> None:
    assert read_end(b"event: error\ndata: oops\n\n").error == "an error event without a message"


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "a"},
        {"content": [{"type": "text", "text": "a"}]},
        {"reasoning_content": "a"},
        {"reasoning": "a"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "a"}]},
        {"refusal": "a"},
        {"function_call": {"name": "f"}},
        call(id="c", name="f"),
    ],
)
def test_a_stream_commits_with_its_first_content(delta: dict[str, object]) -> None:
    assert read_point(ROLE + chunk(delta)).committed
    assert read_end(STOP + chunk(delta)).missing is None


def test_roles_comments_and_empty_deltas_do_not_commit() -> None:
    empty = chunk({"content": "", "tool_calls": [], "reasoning_content": None})
    azure = data({"choices": [], "prompt_filter_results": [{}]})
    assert read_point(azure + ROLE + b": OPENROUTER PROCESSING\n\n" + empty) == StreamPoint()


def test_an_end_commits_too() -> None:
    assert read_point(ROLE + STOP).committed
    assert read_point(DONE).committed


def test_legacy_text_is_content() -> None:
    assert read_point(data({"choices": [{"text": "a"}]})).committed
    assert read_point(data({"choices": [{"message": {"content": "a"}}]})).committed


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"[DONE]" not in line), max_size=6))
def test_garbage_never_raises_and_never_ends_well(lines: list[bytes]) -> None:
    tail = b"".join(b"data: %b\n\n" % line for line in lines)
    assert read_end(tail).missing is None
    assert not read_point(tail).committed


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["choices", "delta", "content", "finish_reason", "error", "index"]),
                x,
            )
        ),
    )
)
def test_odd_json_never_raises(value: object) -> None:
    event = b"data: " + json.dumps(value).encode() + b"\n\n"
    read_end(event)
    read_point(event)
    is_terminal(event)


def test_deep_nesting_is_no_content() -> None:
    deep = b"data: " + b'{"a":' * 100_000 + b"\n\n"
    assert read_point(deep) == StreamPoint()
    assert read_end(deep).missing is None


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (DONE, True),
        (STOP + DONE, True),
        (STOP, False),
        (chunk({"content": 'data: [DONE] "error"'}), False),
        (chunk({"content": "a"}, error=None), False),
        (b": ping\n\n", False),
    ],
)
def test_what_ends_a_stream_is_told_from_words_in_it(events: bytes, expected: bool) -> None:
    assert is_terminal(events) is expected
