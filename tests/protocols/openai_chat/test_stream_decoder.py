"""A Chat stream as the hub's events: the order of blocks, and every way to end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.ir.collect import collect
from axonhub_cli.ir.events import (
    BlockEnded,
    BlockStarted,
    Event,
    Failed,
    Finished,
    SignatureDelta,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolArgsDelta,
)
from axonhub_cli.ir.request import RedactedThinking, Text, Thinking, ToolCall
from axonhub_cli.ir.response import Stop, Usage
from axonhub_cli.protocols.openai_chat.stream_decoder import TRUNCATED
from tests.protocols.openai_chat.wire import (
    DONE,
    HEAD,
    call,
    chunk,
    data,
    decode,
    usage_chunk,
)

ROLE = chunk({"role": "assistant", "content": "", "refusal": None})
FULL = [
    ROLE,
    chunk({"content": None, "reasoning_content": "H"}),
    chunk({"content": None, "reasoning_content": "m."}),
    chunk({"content": "po"}),
    chunk({"content": "ng 🎈"}),
    chunk(call(0, id="c1", name="f", arguments="")),
    chunk(call(0, arguments='{"a":1}')),
    chunk({}, "tool_calls"),
    usage_chunk(prompt_tokens=9, completion_tokens=4, total_tokens=13),
    DONE,
]
EVENTS: list[Event] = [
    Started("chatcmpl-1", "m"),
    BlockStarted(0, "thinking"),
    ThinkingDelta(0, "H"),
    ThinkingDelta(0, "m."),
    BlockEnded(0),
    BlockStarted(1, "text"),
    TextDelta(1, "po"),
    TextDelta(1, "ng 🎈"),
    BlockEnded(1),
    BlockStarted(2, "tool_call", id="c1", name="f"),
    ToolArgsDelta(2, '{"a":1}'),
    BlockEnded(2),
    Finished(Stop("tool_use"), Usage(input=9, output=4)),
]


def test_a_stream_is_read_event_by_event() -> None:
    assert decode(*FULL) == EVENTS


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_and_comments_make_no_difference(end: bytes) -> None:
    stream = b": OPENROUTER PROCESSING\n\n" + b": hm\n\n".join(FULL)
    assert decode(stream.replace(b"\n", end)) == EVENTS


@given(st.lists(st.integers(min_value=0, max_value=len(b"".join(FULL))), max_size=8))
def test_any_split_of_the_bytes_gives_the_same_events(cuts: list[int]) -> None:
    stream, edges = b"".join(FULL), [0, *sorted(cuts)]
    pieces = [stream[a:b] for a, b in zip(edges, [*edges[1:], len(stream)], strict=True)]
    assert decode(*pieces) == EVENTS


def test_a_stream_cut_anywhere_ends_in_one_failure_with_all_blocks_closed() -> None:
    stream = b"".join(FULL)
    complete_at = len(stream) - len(b"".join(FULL[8:]))
    for cut in range(len(stream)):
        events = decode(stream[:cut])
        last = events[-1]
        if cut >= complete_at:
            assert isinstance(last, Finished)
        else:
            assert isinstance(last, Failed)
            assert (last.error.kind, last.error.message) == ("upstream", TRUNCATED)
        assert not any(isinstance(event, Failed | Finished) for event in events[:-1])
        opened = [event.key for event in events if isinstance(event, BlockStarted)]
        closed = [event.key for event in events if isinstance(event, BlockEnded)]
        assert sorted(opened) == sorted(closed)


def test_a_finish_reason_counts_as_complete_without_done_and_usage() -> None:
    assert decode(*FULL[:8])[-1] == Finished(Stop("tool_use"))


def test_done_counts_as_complete_without_a_finish_reason() -> None:
    assert decode(*FULL[:7], DONE)[-1] == Finished()


def test_nothing_comes_after_the_end() -> None:
    assert decode(*FULL, chunk({"content": "more"}), data({"error": "late"})) == EVENTS


def test_an_end_without_a_beginning_is_no_answer() -> None:
    assert [type(event) for event in decode(DONE)] == [Failed]
    assert [type(event) for event in decode()] == [Failed]
    assert [type(event) for event in decode(chunk({}), DONE)] == [Started, Finished]


USAGE = Usage(input=1, output=2)
_USAGE = {"prompt_tokens": 1, "completion_tokens": 2}


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk({}, "stop"), usage_chunk(**_USAGE), DONE],
        [chunk({}, "stop", usage=_USAGE), DONE],
        [chunk({}, "stop", usage=_USAGE)],
        [chunk({"content": ""}, usage=_USAGE), chunk({}, "stop"), DONE],
        [chunk({"content": ""}, usage={"prompt_tokens": 1}), chunk({}, "stop", usage=_USAGE)],
        [data({"choices": [{"delta": {}, "finish_reason": "stop", "usage": _USAGE}]}), DONE],
        [chunk({}, "stop", x_groq={"id": "r", "usage": _USAGE}), DONE],
        [chunk({}, "stop"), chunk({}, usage=_USAGE), DONE],
    ],
)
def test_usage_is_found_wherever_it_comes(chunks: list[bytes]) -> None:
    assert decode(ROLE, *chunks)[-1] == Finished(Stop("end"), USAGE)


def texts(*chunks: bytes) -> list[str]:
    return [event.text for event in decode(*chunks, DONE) if isinstance(event, TextDelta)]


@pytest.mark.parametrize(
    "piece",
    [
        chunk({"content": "a"}),
        chunk({"content": [{"type": "text", "text": "a"}]}),
        chunk({"role": "assistant", "content": "a", "reasoning_content": None, "tool_calls": []}),
        chunk({"refusal": "a"}),
        data({"choices": [{"index": 0, "text": "a"}]}),
        data({"choices": [{"delta": {"content": "a"}}]}),
        data({"choices": [{"index": 0, "message": {"role": "assistant", "content": "a"}}]}),
    ],
)
def test_text_is_found_wherever_it_stands(piece: bytes) -> None:
    assert texts(piece) == ["a"]


def test_a_whole_message_at_the_end_repeats_nothing() -> None:
    whole = data({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]})
    assert texts(chunk({"content": "a"}), whole) == ["a"]


def test_a_call_whose_arguments_are_whole_ends_when_something_else_begins() -> None:
    events = decode(
        chunk(call(0, id="c", name="f", arguments='{"a"')),
        chunk(call(0, arguments=":1}")),
        chunk(call(1, id="d", name="g")),
        chunk({"content": "b"}),
        chunk(call(0, arguments=" ")),
        DONE,
    )
    assert events[1:] == [
        BlockStarted(0, "tool_call", id="c", name="f"),
        ToolArgsDelta(0, '{"a"'),
        ToolArgsDelta(0, ":1}"),
        BlockEnded(0),
        BlockStarted(1, "tool_call", id="d", name="g"),
        BlockStarted(2, "text"),
        TextDelta(2, "b"),
        BlockEnded(2),
        BlockEnded(1),
        Finished(),
    ]


def test_other_choices_are_passed_over() -> None:
    other = data(HEAD | {"choices": [{"index": 1, "delta": {"content": "x"}}]})
    assert texts(chunk({"content": "a"}), other) == ["a"]


@pytest.mark.parametrize("odd", [b"data: {\n\n", b"data: 7\n\n", data({"choices": [7, {}]})])
def test_what_is_no_chunk_is_passed_over(odd: bytes) -> None:
    assert texts(odd, chunk({"content": "a"}), odd) == ["a"]


def test_the_first_chunk_of_azure_starts_nothing() -> None:
    azure = data({"id": "", "model": "", "choices": [], "prompt_filter_results": []})
    assert decode(azure, *FULL) == EVENTS


def test_text_and_reasoning_never_stand_in_one_block() -> None:
    """known-failures 6: a thinking delta inside a text block shows nothing."""
    events = decode(
        chunk({"reasoning": "1", "content": "2"}),
        chunk({"reasoning": "3"}),
        chunk({"content": "4"}, "stop"),
    )
    assert collect(events).content == (Thinking("1"), Text("2"), Thinking("3"), Text("4"))


def test_a_signature_closes_its_thinking() -> None:
    whole = {"type": "reasoning.text", "text": "Hm.", "signature": "c2ln", "format": "a"}
    sealed = {"type": "reasoning.encrypted", "data": "eA==", "format": "anthropic-claude-v1"}
    events = decode(
        chunk({"reasoning_content": "Hm."}),
        chunk({"reasoning_details": [whole]}),
        chunk({"reasoning_content": "\n\nSo."}),
        chunk({"reasoning_details": [{"type": "reasoning.text", "signature": "eHg="}]}),
        chunk({"reasoning_details": [sealed, whole]}),
        DONE,
    )
    assert SignatureDelta(0, "c2ln") in events
    assert collect(events).content == (
        Thinking("Hm.", "c2ln"),
        Thinking("So.", "eHg="),
        RedactedThinking("eA=="),
        Thinking("Hm.", "c2ln"),
    )


def test_a_signature_without_text_is_thinking_that_is_not_shown() -> None:
    detail = {"type": "reasoning.text", "signature": "c2ln"}
    events = decode(chunk({"reasoning_details": [detail]}), DONE)
    assert collect(events).content == (Thinking("", "c2ln"),)


def test_reasoning_told_twice_is_taken_once() -> None:
    detail = {"type": "reasoning.text", "text": "Hm."}
    events = decode(chunk({"reasoning": "Hm.", "reasoning_details": [detail]}), DONE)
    assert collect(events).content == (Thinking("Hm."),)
    events = decode(chunk({"reasoning_details": [detail]}), DONE)
    assert collect(events).content == (Thinking("Hm."),)


def test_a_refusal_is_told_as_one() -> None:
    events = decode(chunk({"refusal": "I "}), chunk({"refusal": "won't."}), chunk({}, "stop"))
    assert collect(events).content == (Text("I won't."),)
    assert events[-1] == Finished(Stop("refusal"))


def test_a_stop_sequence_is_told_where_the_server_tells_it() -> None:
    choice = {"index": 0, "delta": {}, "finish_reason": "stop", "stop_reason": "###"}
    assert decode(data({"choices": [choice]}))[-1] == Finished(
        Stop("stop_sequence", sequence="###")
    )


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        (data({"error": {"message": "hm", "code": 429}}), "rate_limited", 429),
        (data({"error": {"message": "hm"}}), "upstream", 500),
        (b"event: error\n" + data({"message": "hm"}), "upstream", 500),
        (data({"object": "error", "message": "hm", "code": 400}), "invalid_request", 400),
        (
            data(HEAD | {"error": {"message": "hm", "code": 502}, "choices": []}),
            "upstream",
            502,
        ),
    ],
)
def test_an_error_inside_a_stream_fails_it(error: bytes, kind: str, status: int) -> None:
    events = decode(ROLE, chunk({"content": "a"}), error, DONE)
    last = events[-1]
    assert isinstance(last, Failed)
    assert (last.error.kind, last.error.status, last.error.message) == (kind, status, "hm")
    assert events[-2] == BlockEnded(0)


@pytest.mark.parametrize("reason", ["error", "insufficient_system_resource", "network_error"])
def test_a_finish_reason_that_means_a_break_fails_the_stream(reason: str) -> None:
    events = decode(ROLE, chunk({"content": "a"}, reason), usage_chunk(prompt_tokens=1), DONE)
    assert isinstance(events[-1], Failed)
    assert collect([*events[:-1], Finished()]).content == (Text("a"),)


def test_calls_after_text_close_it_and_text_after_calls_is_a_block_of_its_own() -> None:
    events = decode(
        chunk({"content": "a"}),
        chunk({"content": "b"} | call(0, id="c", name="f", arguments="{}")),
        chunk({"content": "c"}),
        DONE,
    )
    assert collect(events).content == (Text("ab"), ToolCall("c", "f", "{}"), Text("c"))


def test_members_of_the_first_chunk_are_kept() -> None:
    first = data(HEAD | {"choices": [{"delta": {}}], "service_tier": "default"} | {"provider": "P"})
    assert decode(first)[0] == Started(
        "chatcmpl-1", "m", service_tier="default", extra={"provider": "P"}
    )


odd_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "choices delta content reasoning reasoning_details tool_calls function id name "
                "arguments index finish_reason usage error message text type signature".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.lists(odd_json, max_size=5))
def test_odd_chunks_never_raise_and_keep_the_order(values: list[Any]) -> None:
    chunks = [f"data: {json.dumps({'choices': [{'delta': v}]})}\n\n".encode() for v in values]
    chunks += [f"data: {json.dumps(v)}\n\n".encode() for v in values]
    events = decode(*chunks, DONE)
    try:
        collect(events)
    except Exception as broken:
        assert type(broken).__name__ == "BrokenAnswer"
