"""The relay of a stream: complete ones byte for byte, broken ones whole up to the break."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.errors import UpstreamGarbled, UpstreamStatus
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.relay import StreamRelay, tee, tee_whole
from axonhub_cli.proxy.reply import Reply
from axonhub_cli.tracing.recorder import AttemptRecord
from tests.support.plays import as_events, event, text, thinking, tool_use

ANTHROPIC = PROTOCOLS["anthropic"]
BLOCKS = (thinking("hm"), text("häppy 🎉"), tool_use("Bash", {"command": "echo hi"}))
STREAM = b"".join(as_events(*BLOCKS))
STOP_REASON = STREAM.index(b"event: message_stop")
CONTENT = STREAM.index(b"event: content_block_start")


class Relayed:
    """What came out for chunks that went in."""

    def __init__(self) -> None:
        self.record = AttemptRecord("main", "claude-x", "anthropic")
        self.out = b""
        self.ended = False

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.out += message.get("body", b"")
        self.ended = self.ended or message.get("more_body") is False

    async def run(self, chunks: list[bytes]) -> None:
        reply = Reply(self.send, lambda: 0.0)
        relay = StreamRelay(reply, ANTHROPIC, self.record, [], "req_1", lambda: 5.0)
        for chunk in chunks:
            await relay.feed(chunk)
        await relay.finish()


def relayed(chunks: list[bytes]) -> Relayed:
    result = Relayed()
    asyncio.run(result.run(chunks))
    return result


def cut(data: bytes, at: list[int]) -> list[bytes]:
    ends = sorted({min(n, len(data)) for n in at} | {len(data)})
    return [data[a:b] for a, b in zip([0, *ends], ends, strict=False) if a != b]


@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_a_complete_stream_comes_out_as_it_went_in_however_it_is_cut(at: list[int]) -> None:
    result = relayed(cut(STREAM, at))
    assert (result.out, result.ended) == (STREAM, True)
    assert result.record.status == "completed"
    assert b"".join(result.record.answer) == STREAM


@given(st.lists(st.integers(0, len(STREAM)), max_size=20), st.sampled_from([b"\r\n", b"\r", b"\n"]))
def test_line_ends_of_any_kind_stay(at: list[int], line_end: bytes) -> None:
    stream = STREAM.replace(b"\n", line_end)
    assert relayed(cut(stream, at)).out == stream


@given(st.integers(CONTENT, STOP_REASON - 1))
def test_a_truncated_stream_keeps_its_whole_events_and_ends_with_one_error(at: int) -> None:
    first = STREAM.index(b"\n\n", CONTENT) + 2
    if at < first:
        with pytest.raises(UpstreamGarbled):
            relayed([STREAM[:at]])
        return
    result = relayed([STREAM[:at]])
    whole = STREAM[: STREAM.rindex(b"\n\n", 0, at) + 2]
    assert result.out.startswith(whole)
    assert result.out[len(whole) :].startswith(b"event: error\n")
    assert result.out.count(b"event: error\n") == 1
    assert result.record.status == "failed"


@given(st.integers(STOP_REASON, len(STREAM)))
def test_a_stream_with_its_stop_reason_is_complete(at: int) -> None:
    result = relayed([STREAM[:at]])
    assert result.record.status == "completed"
    assert result.out.count(b"message_stop") == 2
    assert result.out.startswith(STREAM[:STOP_REASON])


def test_nothing_goes_out_before_the_first_content() -> None:
    async def story() -> tuple[bytes, bytes]:
        result = Relayed()
        reply = Reply(result.send, lambda: 0.0)
        relay = StreamRelay(reply, ANTHROPIC, result.record, [], "req_1", lambda: 5.0)
        await relay.feed(STREAM[:CONTENT])
        held = result.out
        await relay.feed(STREAM[CONTENT:])
        return held, result.out

    assert asyncio.run(story()) == (b"", STREAM)


def test_the_first_content_is_when_the_record_says() -> None:
    assert relayed([STREAM]).record.first_event_ms == 5.0


def test_an_error_before_the_content_is_a_failed_attempt() -> None:
    error = event("error", error={"type": "overloaded_error", "message": "no"})
    with pytest.raises(UpstreamStatus) as raised:
        relayed([STREAM[:CONTENT], error])
    assert raised.value.status == 529


def test_an_error_event_after_the_content_ends_the_stream_as_it_came() -> None:
    error = event("error", error={"type": "overloaded_error", "message": "no more"})
    result = relayed([STREAM[:STOP_REASON][:-200].rpartition(b"\n\n")[0] + b"\n\n", error])
    assert result.out.endswith(error)
    assert (result.record.status, result.record.error) == ("failed", "no more")


def test_an_answer_without_content_is_an_answer() -> None:
    stream = b"".join(as_events())
    assert relayed([stream]).out == stream


def test_the_tee_keeps_the_beginning_of_a_huge_answer() -> None:
    record = AttemptRecord("main", "claude-x", "anthropic")
    kept = tee(record, b"x" * (15 * 1024 * 1024), 0)
    kept = tee(record, b"y" * (2 * 1024 * 1024), kept)
    kept = tee(record, b"the end", kept)
    assert len(record.answer) == 1
    assert record.answer_dropped == 2 * 1024 * 1024 + len(b"the end")
    assert record.answer_rest.endswith(b"yythe end")
    assert record.telling().endswith(b"x\n\n" + record.answer_rest)


def test_a_huge_answer_that_is_no_stream_still_tells_what_it_used() -> None:
    record = AttemptRecord("main", "claude-x", "anthropic")
    usage = {"input_tokens": 5, "output_tokens": 7}
    body = json.dumps({"content": [{"text": "x" * 17 * 1024 * 1024}], "usage": usage}).encode()
    tee_whole(record, body)
    assert (record.answer, record.answer_dropped) == ([], len(body))
    assert json.loads(record.telling())["usage"] == usage
    small = AttemptRecord("main", "claude-x", "anthropic")
    tee_whole(small, b"{}")
    assert (small.telling(), small.answer_dropped) == (b"{}", 0)
