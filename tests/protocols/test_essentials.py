import json
from typing import Any

import pytest

from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.essentials import HEAD, TAIL, add_to_end, essentials


def sse(*events: dict[str, Any] | str) -> list[bytes]:
    return [
        (f"data: {e}" if isinstance(e, str) else f"data: {json.dumps(e)}").encode() + b"\n\n"
        for e in events
    ]


def named(*events: dict[str, Any]) -> list[bytes]:
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]


def delta(text: str) -> dict[str, Any]:
    return {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": text},
    }


USED = {"input_tokens": 7, "cache_read_input_tokens": 900, "output_tokens": 1}
ANTHROPIC_STREAM = named(
    {"type": "message_start", "message": {"model": "m", "usage": USED}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    *(delta(f"word {n} \\n\n " * 9) for n in range(400)),
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "max_tokens"},
        "usage": {"output_tokens": 99},
    },
    {"type": "message_stop"},
)
ANTHROPIC = {
    "type": "message",
    "model": "m",
    "content": [{"type": "text", "text": "x" * 60_000}, {"type": "tool_use", "input": {"a": 1}}],
    "stop_reason": "tool_use",
    "usage": USED,
}
CHAT_USAGE = {
    "prompt_tokens": 70,
    "completion_tokens": 9,
    "prompt_tokens_details": {"cached_tokens": 60},
}
CHAT_STREAM = sse(
    *({"model": "m", "choices": [{"delta": {"content": f"word {n} " * 9}}]} for n in range(400)),
    {"model": "m", "choices": [{"delta": {}, "finish_reason": "length"}]},
    {"model": "m", "choices": [], "usage": CHAT_USAGE},
    "[DONE]",
)
CALL = {"type": "function", "id": "c", "function": {"name": "f", "arguments": '{"a": "%s"}'}}
CHAT = {
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": "x" * 60_000,
                "tool_calls": [
                    CALL | {"function": {"name": "f", "arguments": json.dumps({"a": "y" * 9000})}}
                ],
            },
        }
    ],
    "usage": CHAT_USAGE,
}


@pytest.mark.parametrize(
    ("protocol", "answer"),
    [
        ("anthropic", ANTHROPIC_STREAM),
        ("anthropic", [json.dumps(ANTHROPIC).encode()]),
        ("openai_chat", CHAT_STREAM),
        ("openai_chat", [json.dumps(CHAT).encode()]),
        ("openai_chat", [b"\xef\xbb\xbf\n", json.dumps(CHAT).encode()]),
    ],
)
def test_what_is_left_of_an_answer_tells_what_the_whole_told(
    protocol: str, answer: list[bytes]
) -> None:
    read = PROTOCOLS[protocol].read_totals
    left = essentials(answer)
    assert len(left) <= HEAD + TAIL + 2
    whole = read(b"".join(answer))
    assert whole.usage.output is not None
    assert whole.stop_reason is not None
    assert read(left) == whole


def test_a_small_answer_is_left_whole() -> None:
    assert essentials([b"data: {", b"}\n\n"]) == b"data: {}\n\n"
    assert essentials([]) == b""


@pytest.mark.parametrize("answer", [b"<html>" * 9000, b'{"a": [' * 9000, b"[" + b"1," * 90_000])
def test_what_is_no_answer_is_left_in_part(answer: bytes) -> None:
    assert len(essentials([answer])) == HEAD + 2 + TAIL


def test_a_document_that_is_long_in_small_things_is_cut_too() -> None:
    wide = {"type": "message", "content": [{"n": n} for n in range(90_000)], "usage": USED}
    left = PROTOCOLS["anthropic"].read_totals(essentials([json.dumps(wide).encode()]))
    assert left.usage.cache_read == USED["cache_read_input_tokens"]


def test_the_end_of_a_stream_is_kept_while_it_goes_on() -> None:
    end = b""
    for number in range(100):
        end = add_to_end(end, b"%04d" % number * 300)
    assert end == b"".join(b"%04d" % number * 300 for number in range(100))[-TAIL:]
    assert add_to_end(b"", b"x" * 2 * TAIL) == b"x" * TAIL
