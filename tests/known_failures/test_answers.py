"""What broke in other gateways on the way back: known-failures 5 to 9, 20, and 28 to 32.

Each test is named after what a user saw. The numbers are those of the list of forty public issues.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest

from tests.support import chat_plays, grammar, plays
from tests.support.gateway import COMPLETIONS, MESSAGES, Gateway
from tests.support.home import KEY, channel
from tests.support.upstream import PATIENCE, Gate

GPT = "gpt-scripted-1"
ASKED = {"model": GPT, "max_tokens": 99, "messages": [{"role": "user", "content": "hello"}]}
STREAM = ASKED | {"stream": True}


def streamed(gateway: Gateway) -> list[dict[str, Any]]:
    """The events of a streamed answer, which must be a proper Anthropic stream."""
    status, answer = gateway.ask(MESSAGES, STREAM)
    assert status == 200, answer
    grammar.STREAM["anthropic"](answer)
    return [json.loads(line[6:]) for line in answer.splitlines() if line.startswith(b"data: ")]


def blocks(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The content blocks that events make, as a client puts them together."""
    made: list[dict[str, Any]] = []
    for event in events:
        if event["type"] == "content_block_start":
            made.append(event["content_block"] | {"written": ""})
        elif event["type"] == "content_block_delta":
            ((_, words),) = ((k, v) for k, v in event["delta"].items() if k != "type")
            made[-1]["written"] += words if event["delta"]["type"] != "signature_delta" else ""
    return made


def calls(events: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [
        (block["name"], json.loads(block["written"] or "{}"))
        for block in blocks(events)
        if block["type"] == "tool_use"
    ]


@contextmanager
def open_stream(gateway: Gateway, path: str = MESSAGES) -> Iterator[HTTPResponse]:
    """A streamed answer to be read piece by piece; leaving the context closes the connection."""
    connection = HTTPConnection("127.0.0.1", gateway.daemon.port, timeout=PATIENCE)
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    connection.request("POST", path, json.dumps(STREAM), headers)
    try:
        yield connection.getresponse()
    finally:
        connection.close()


WEATHER = chat_plays.call("get_weather", {"city": "Graz"}, "call_1")
NOW = chat_plays.call("now", {"zone": "utc"}, "call_2")
BOTH = [("get_weather", {"city": "Graz"}), ("now", {"zone": "utc"})]


def test_tool_use_arrives_with_an_empty_input(gateway: Gateway) -> None:
    """5: `input: {}` for models that are not Anthropic's, while streaming."""
    gateway.chat.script(chat_plays.stream(WEATHER))
    assert calls(streamed(gateway)) == BOTH[:1]


def test_thinking_delta_inside_a_text_block_and_claude_code_shows_nothing(
    gateway: Gateway,
) -> None:
    """6: also a second `message_start`."""
    pieces = (chat_plays.reasoning("hm"), "one", chat_plays.reasoning("ah"), "two")
    gateway.chat.script(chat_plays.stream(*pieces))
    events = streamed(gateway)
    assert [event["type"] for event in events].count("message_start") == 1
    assert [(b["type"], b["written"]) for b in blocks(events)] == [
        ("thinking", "hm"),
        ("text", "one"),
        ("thinking", "ah"),
        ("text", "two"),
    ]


def test_content_block_not_found(gateway: Gateway) -> None:
    """7: `Content block is not a thinking block`: interleaved calls in a sequential protocol."""
    gateway.chat.script(chat_plays.sse(chat_plays.interleaved(WEATHER, NOW)))
    assert calls(streamed(gateway)) == BOTH


def test_the_usage_of_message_start_is_refused(gateway: Gateway) -> None:
    """8: its shape, which Claude Code 2.1.79 wanted; and without any usage at all."""
    for usage in (chat_plays.USAGE, None):
        gateway.chat.script(chat_plays.stream("pong", usage=usage))
        usage_at_start = streamed(gateway)[0]["message"]["usage"]
        assert isinstance(usage_at_start["input_tokens"], int)
        assert isinstance(usage_at_start["output_tokens"], int)


def test_a_tool_call_is_lost_when_the_first_delta_has_an_empty_name(gateway: Gateway) -> None:
    """9"""
    begun = {"index": 0, "id": "call_1", "type": "function"}
    deltas = [
        {**begun, "function": {"name": "", "arguments": ""}},
        {"index": 0, "function": {"name": "now", "arguments": '{"zone": '}},
        {"index": 0, "function": {"arguments": '"utc"}'}},
    ]
    chunks = [chat_plays.chunk({"tool_calls": [delta]}) for delta in deltas]
    gateway.chat.script(
        chat_plays.sse([*chunks, chat_plays.chunk({}, "tool_calls"), chat_plays.DONE])
    )
    assert calls(streamed(gateway)) == BOTH[1:]


def test_a_missing_index_merges_parallel_calls_into_one(gateway: Gateway) -> None:
    """9"""
    gateway.chat.script(chat_plays.sse(chat_plays.without_index(WEATHER, NOW)))
    assert calls(streamed(gateway)) == BOTH


def test_multibyte_characters_split_across_chunks_are_broken(gateway: Gateway) -> None:
    """20: every byte comes alone."""
    raw = b"".join(chat_plays.as_chunks("x")).replace(b'"x"', '"für alle 🎈"'.encode())
    data = [raw[at : at + 1] for at in range(len(raw))]
    gateway.chat.script(chat_plays.sse(data))
    (text,) = blocks(streamed(gateway))
    assert text["written"] == "für alle 🎈"


def test_waiting_for_api_response(gateway: Gateway) -> None:
    """28: a silent upstream; the client hears pings in its own protocol's form."""
    gateway.configure(server={"ping_interval": "50ms"})
    gate = Gate()
    gateway.chat.script(plays.held(chat_plays.as_chunks("pong"), 0, gate))
    with open_stream(gateway) as answer:
        assert answer.status == 200
        assert answer.readline() == b"event: ping\n"
        gate.open()
        assert b"message_stop" in answer.read()


def test_gateway_pings_hid_a_dead_upstream_for_ever(gateway: Gateway) -> None:
    """28: our pings do not count as its life."""
    gateway.configure(server={"ping_interval": "50ms", "idle_timeout": "300ms"})
    gate = Gate()
    gateway.chat.script(plays.held(chat_plays.as_chunks("pong"), 2, gate))
    with open_stream(gateway) as answer:
        data = answer.read()
    gate.open()
    assert grammar.STREAM["anthropic"](data) == "error"
    assert b"timeout_error" in data


DIED = chat_plays.event({"error": {"message": "no capacity", "code": 502}})


def test_200_then_an_error_event_and_the_fallback_is_skipped(gateway: Gateway) -> None:
    """29: an error as the first event is a failed attempt, not an answer."""
    spare = {"type": "openai-compatible", "models": [GPT], "priority": 2}
    gateway.configure(channel(gateway.chat.url, "spare", **spare))
    gateway.chat.script(chat_plays.sse([DIED]), chat_plays.stream("pong"))
    (text,) = blocks(streamed(gateway))
    assert text["written"] == "pong"
    assert len(gateway.chat.generations) == 2


def test_a_finished_thinking_block_then_502_and_no_way_to_retry(gateway: Gateway) -> None:
    """29: it ends with an error event, every block closed, so that the client asks again."""
    gate = Gate()
    pieces = [*chat_plays.as_chunks(chat_plays.reasoning("hm"))[:3], DIED]
    gateway.chat.script(plays.held(pieces, 3, gate))
    with open_stream(gateway) as answer:
        first = answer.readline()
        gate.open()
        data = first + answer.read()
    assert grammar.STREAM["anthropic"](data) == "error"
    assert b"no capacity" in data


@pytest.mark.parametrize("status", [400, 402, 404, 413, 422, 429, 500, 503])
@pytest.mark.parametrize("stream", [False, True])
def test_openai_shaped_errors_make_claude_code_retry_without_end(
    gateway: Gateway, status: int, stream: bool
) -> None:
    """31: each error in the client's own shape, with the status that it knows."""
    gateway.chat.answer = lambda request: chat_plays.error(status, "its own words")
    got, body = gateway.ask(MESSAGES, ASKED | {"stream": stream})
    assert got == status
    grammar.ERROR["anthropic"](body)
    assert "its own words" in body["error"]["message"]


@pytest.mark.parametrize("status", [400, 404, 413, 429, 500])
def test_anthropic_shaped_errors_reach_an_openai_client(gateway: Gateway, status: int) -> None:
    """31: the same the other way."""
    gateway.anthropic.answer = lambda request: plays.error(status, "api_error", "its own words")
    got, body = gateway.ask(COMPLETIONS, ASKED | {"model": "claude-x"})
    assert got == status
    grammar.ERROR["openai_chat"](body)
    assert "its own words" in body["error"]["message"]


def test_the_client_left_and_the_upstream_keeps_generating(gateway: Gateway) -> None:
    """32: and billing."""
    gate = Gate()
    gateway.chat.script(plays.held(chat_plays.as_chunks("pong"), 2, gate))
    with open_stream(gateway) as answer:
        assert answer.readline() == b"event: message_start\n"
    gateway.chat.wait_for(1).wait_closed()
    gate.open()


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("content_filter", "refusal"),
        ("eos", "end_turn"),
    ],
)
def test_every_finish_reason_becomes_end_turn(gateway: Gateway, finish: str, reason: str) -> None:
    """A converter to beat: what stopped the model is what the client must know."""
    gateway.chat.script(
        chat_plays.stream("x", finish=finish), chat_plays.message("x", finish=finish)
    )
    (delta,) = [event for event in streamed(gateway) if event["type"] == "message_delta"]
    assert delta["delta"]["stop_reason"] == reason
    assert gateway.ask(MESSAGES, ASKED)[1]["stop_reason"] == reason


def test_claude_code_breaks_on_tool_use_without_a_call(gateway: Gateway) -> None:
    """A stop reason that does not fit the content is mended."""
    gateway.chat.script(chat_plays.stream("x", finish="tool_calls"))
    assert streamed(gateway)[-2]["delta"]["stop_reason"] == "end_turn"
    gateway.chat.script(chat_plays.stream(NOW, finish="stop"))
    assert streamed(gateway)[-2]["delta"]["stop_reason"] == "tool_use"


def test_an_image_in_the_answer_vanishes(gateway: Gateway) -> None:
    """A model that draws answers with `images` beside its text: an Anthropic client is told of
    each, by its address where it has one, and the trace says what could not be shown."""
    images = [
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ]
    texts = [
        "Here.",
        "![image](https://example.com/a.png)",
        "[image/png, 9 bytes: an image that Anthropic Messages cannot show in an answer]",
    ]
    body = {"model": GPT, "max_tokens": 9, "messages": [{"role": "user", "content": "draw"}]}
    gateway.chat.script(chat_plays.message("Here.", {"images": images}))
    _, headers, answer = gateway.daemon.post(json.dumps(body).encode(), MESSAGES)
    assert [block["text"] for block in json.loads(answer)["content"]] == texts
    assert [loss["path"] for loss in gateway.losses(headers["ah-request-id"])] == [
        "answer.content[*]"
    ]
    gateway.chat.script(chat_plays.stream("Here.", {"images": images}))
    _, headers, answer = gateway.daemon.post(json.dumps(body | {"stream": True}).encode(), MESSAGES)
    grammar.STREAM["anthropic"](answer)
    events = [json.loads(line[6:]) for line in answer.splitlines() if line.startswith(b"data: ")]
    assert [block["written"] for block in blocks(events)] == texts
    assert [loss["path"] for loss in gateway.losses(headers["ah-request-id"])] == [
        "answer.content[*]"
    ]
