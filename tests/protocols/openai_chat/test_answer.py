"""Finished answers, read for the trace."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from axonhub_cli.ir.events import Finished
from axonhub_cli.ir.response import Usage
from axonhub_cli.protocols.base import Answer
from axonhub_cli.protocols.openai_chat.answer import read_answer, read_totals
from axonhub_cli.protocols.openai_chat.stream_decoder import ChatStreamDecoder
from axonhub_cli.protocols.sse import parse_events
from tests.protocols.openai_chat.wire import DONE, call, chunk, data, usage_chunk

STREAM = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "Hm."}),
    chunk({"content": "po"}),
    chunk({"content": "ng"}),
    chunk(call(0, id="c1", name="f", arguments='{"a"')),
    chunk(call(0, arguments=": 1}")),
    chunk({}, "tool_calls"),
    usage_chunk(prompt_tokens=9, completion_tokens=4, prompt_tokens_details={"cached_tokens": 6}),
    DONE,
]
USAGE = Usage(input=3, cache_read=6, output=4)
CONTENT = (
    {"type": "thinking", "thinking": "Hm."},
    {"type": "text", "text": "pong"},
    {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
)
TOTALS = Answer(model="m", stop_reason="tool_calls", usage=USAGE, complete=True, id="chatcmpl-1")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_stream_is_read_to_its_message(end: bytes) -> None:
    stream = b": hm\n\n" + b"".join(STREAM)
    answer = read_answer(stream.replace(b"\n", end))
    assert answer.content == CONTENT
    assert read_totals(stream.replace(b"\n", end)) == TOTALS
    assert replace(answer, content=()) == TOTALS


def test_thinking_that_cannot_be_read_is_shown_as_such() -> None:
    sealed = {"type": "reasoning.encrypted", "data": "eA==", "format": "anthropic-claude-v1"}
    answer = read_answer(chunk({"reasoning_details": [sealed]}, "stop"))
    assert answer.content == ({"type": "redacted_thinking"},)


def test_a_long_stream_s_totals_are_read_from_its_ends() -> None:
    stream = [STREAM[0], *[chunk({"content": "x" * 1000}) for _ in range(100)], *STREAM[6:]]
    assert read_totals(b"".join(stream)) == TOTALS
    huge = chunk({"content": "x" * 100_000}, "stop", usage={"prompt_tokens": 1})
    assert read_totals(huge) == Answer(
        model="m", stop_reason="stop", usage=Usage(input=1), complete=True, id="chatcmpl-1"
    )


TOLD = {"prompt_tokens": 10, "completion_tokens": 2}
ZEROS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


@pytest.mark.parametrize(
    "stream",
    [
        # With every piece, and zeros in the end.
        [chunk({"content": "x"}, usage=TOLD), chunk({}, "stop", usage=ZEROS), DONE],
        [chunk({"content": "x"}, usage=TOLD), chunk({}, "stop"), usage_chunk(**ZEROS), DONE],
        # The last piece is larger than what is looked at first.
        [chunk({"content": "x" * 100_000}, "stop", usage=TOLD), DONE],
        # A piece comes after it.
        [usage_chunk(**TOLD), chunk({"content": "y"}), chunk({}, "stop"), DONE],
        [usage_chunk(**TOLD), *[chunk({"content": "y" * 1000})] * 100, chunk({}, "stop"), DONE],
        [usage_chunk(**ZEROS), chunk({"content": "x"}, "stop"), usage_chunk(**TOLD), DONE],
    ],
)
def test_the_last_usage_that_counts_anything_is_the_answers(stream: list[bytes]) -> None:
    answer = read_totals(b"".join(stream))
    assert (answer.usage, answer.complete) == (Usage(input=10, output=2), True)
    assert answer.stop_reason == "stop"
    decoder = ChatStreamDecoder()
    events = [event for sse in parse_events(b"".join(stream)) for event in decoder.feed(sse)]
    finished = [event for event in (*events, *decoder.close()) if isinstance(event, Finished)]
    assert [event.usage for event in finished] == [Usage(input=10, output=2)]


@pytest.mark.parametrize("usage", [ZEROS, None, {}, []])
def test_zeros_beside_an_answer_are_no_counts(usage: object) -> None:
    body = {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}], "usage": usage}
    assert read_totals(json.dumps(body).encode()).usage == Usage()
    assert read_totals(chunk({"content": "x"}, "stop", usage=usage) + DONE).usage == Usage()


def test_an_output_of_none_beside_an_answer_is_not_counted() -> None:
    usage = {"prompt_tokens": 12, "completion_tokens": 0}
    stream = [chunk({}, "stop"), usage_chunk(**usage), DONE]
    assert read_totals(b"".join(stream)).usage == Usage(input=12, output=0)
    said = [chunk({"content": "x"}), *stream]
    assert read_totals(b"".join(said)).usage == Usage(input=12)
    body = {"choices": [{"message": {"content": "x"}}], "usage": usage}
    assert read_totals(json.dumps(body).encode()).usage == Usage(input=12)


def test_sources_of_a_search_are_charged_for_apart() -> None:
    for apart in ("num_sources_used", "num_search_queries", "citation_tokens"):
        searched = TOLD | {apart: 3}
        assert read_totals(chunk({"content": "x"}, "stop", usage=searched)).partial
    body = {"choices": [{"message": {"content": "x"}}], "usage": searched}
    assert read_totals(json.dumps(body).encode()).partial
    counted = read_totals(usage_chunk(**TOLD, server_tool_use={"web_search_requests": 2}))
    assert (counted.usage.web_searches, counted.partial) == (2, False)


def test_what_the_upstream_says_of_its_price_is_told() -> None:
    paid = TOLD | {"cost": 0.00123}
    stream = [chunk({"content": "x"}), chunk({}, "stop", service_tier="flex"), usage_chunk(**paid)]
    told = {"service_tier": "flex", "cost": "0.00123"}
    assert read_totals(b"".join([*stream, DONE])).told == told
    body = {"choices": [{"message": {"content": "x"}}], "usage": paid}
    assert read_totals(json.dumps(body).encode()).told == {"cost": "0.00123"}


def test_an_answer_in_json_is_read() -> None:
    message = {
        "content": "pong",
        "reasoning_content": "Hm.",
        "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": '{"a": 1}'}}],
    }
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "cached_tokens": 6}
    choices = [{"message": message, "finish_reason": "tool_calls"}]
    body = json.dumps(
        {"id": "chatcmpl-1", "model": "m", "choices": choices, "usage": usage}
    ).encode()
    assert read_answer(b"\xef\xbb\xbf \n" + body) == replace(TOTALS, content=CONTENT)
    assert read_totals(body) == TOTALS


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"error": {"message": "no credit"}}', "no credit"),
        (b'[{"error": {"message": "no credit"}}]', "no credit"),
        (b'{"error": {"code": 7}}', "an error without a message"),
        (data({"error": {"message": "no credit"}}), "no credit"),
        (data({"error": {"message": "no credit"}}) + DONE, "no credit"),
        (b"event: error\ndata: oops\n\n", "an error without a message"),
    ],
)
def test_an_error_is_told_by_its_message(body: bytes, error: str) -> None:
    assert read_answer(body) == Answer(error=error)


def test_an_answer_that_broke_off_is_told_as_one() -> None:
    stream = b"".join([*STREAM[:4], chunk({}, "error")])
    answer = read_answer(stream)
    assert (answer.complete, answer.error) == (False, "finish_reason 'error'")
    assert answer.content == CONTENT[:2]
    body = b'{"choices": [{"finish_reason": "error", "message": {}}]}'
    assert read_answer(body).error == "its answer broke off: finish_reason 'error'"


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"id": "x', b"[]", b"data: \n\n", b"7", b"{}"])
def test_what_is_no_answer_says_nothing(body: bytes) -> None:
    assert read_answer(body) == Answer()


def test_a_stream_cut_in_the_middle_keeps_what_came() -> None:
    answer = read_answer(b"".join(STREAM[:5]) + b'data: {"choi')
    assert (answer.model, answer.complete, answer.stop_reason) == ("m", False, None)
    assert answer.content[:1] == CONTENT[:1]


def test_what_a_cut_call_has_of_its_input_is_kept() -> None:
    """The blocks of an answer end with it, cut or not."""
    stream = b"".join(STREAM[:5]) + data({"error": {"message": "cut"}})
    assert read_answer(stream).content[2]["input"] == '{"a"'


def test_done_or_a_finish_reason_completes_a_stream() -> None:
    assert read_answer(b"".join(STREAM[:7])).complete
    assert read_answer(b"".join([*STREAM[:4], DONE])).complete


def test_the_first_chunk_without_a_model_is_passed_over() -> None:
    azure = data({"model": "", "choices": []})
    assert read_totals(azure + b"".join(STREAM)) == TOTALS


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    read_answer(body)
    read_answer(b"data: " + body + b"\n\n")
    read_totals(b"{" + body)


@given(st.integers(min_value=0, max_value=len(b"".join(STREAM))))
def test_a_stream_cut_anywhere_reads_as_the_beginning_of_the_whole(cut: int) -> None:
    part = read_answer(b"".join(STREAM)[:cut])
    assert part.error is None
    assert len(part.content) <= 3


def test_deep_nesting_is_no_answer() -> None:
    assert read_answer(b"[" * 100_000) == Answer()
    deep = b'{"choices": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert read_answer(deep) == Answer()
