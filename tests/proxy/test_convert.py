"""Requests that meet a channel of another protocol, over real sockets, both ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.daemon.test_metrics import wait_for
from tests.support import chat_plays, plays
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.plays import as_events
from tests.support.upstream import Close, Hang, Upstream

MESSAGES = "/v1/messages"
CHAT = "/v1/chat/completions"
ASK: dict[str, Any] = {
    "model": "claude-x",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "hi"}],
}


@pytest.fixture
def chat() -> Iterator[Upstream]:
    server = Upstream(chat_plays.default_answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def both(home: Home, upstream: Upstream, chat: Upstream) -> Iterator[Daemon]:
    """Channel `chat` for models `gpt-*`, channel `main` (Anthropic) for `claude-*`."""
    home.configure(
        channel(upstream.url),
        channel(chat.url, "chat", type="openai-compatible", models=["gpt-*"]),
        mappings={"claude-x": "gpt-x"},
    )
    daemon = Daemon(home).start()
    try:
        yield daemon
    finally:
        daemon.stop()


def ask(daemon: Daemon, path: str, **more: Any) -> tuple[int, Any, bytes]:
    return daemon.post(json.dumps(ASK | more).encode(), path)


def events_of(stream: bytes) -> list[str]:
    return [
        line.removeprefix("event: ")
        for line in stream.decode().splitlines()
        if line.startswith("event: ")
    ]


def test_an_anthropic_client_gets_its_own_shape_from_a_chat_channel(
    both: Daemon, chat: Upstream
) -> None:
    status, headers, answer = ask(both, MESSAGES, system="be brief")
    found = json.loads(answer)
    assert (status, headers["ah-channel"], headers["ah-upstream-model"]) == (200, "chat", "gpt-x")
    assert (found["type"], found["model"]) == ("message", "claude-x")
    assert found["content"] == [{"type": "text", "text": "pong"}]
    sent = chat.requests[0]
    assert sent.target == "/v1/chat/completions"
    assert sent.json["messages"][0] == {"role": "system", "content": "be brief"}
    assert sent.header("anthropic-version") is None


def test_its_stream_has_the_events_it_expects(both: Daemon, chat: Upstream) -> None:
    status, headers, answer = ask(both, MESSAGES, stream=True)
    assert status == 200
    assert headers["content-type"].startswith("text/event-stream")
    names = events_of(answer)
    assert (names[0], names[-2:]) == ("message_start", ["message_delta", "message_stop"])
    assert chat.requests[0].json["stream_options"] == {"include_usage": True}


def test_an_openai_client_gets_its_own_shape_from_an_anthropic_channel(
    both: Daemon, upstream: Upstream
) -> None:
    status, _, answer = ask(both, CHAT, model="claude-haiku-4-5")
    found = json.loads(answer)
    assert (status, found["object"], found["model"]) == (
        200,
        "chat.completion",
        "claude-haiku-4-5",
    )
    assert found["choices"][0]["message"]["content"] == "pong"
    assert upstream.requests[0].target == "/v1/messages"


def test_its_stream_ends_with_done(both: Daemon, upstream: Upstream) -> None:
    _, _, answer = ask(both, CHAT, model="claude-haiku-4-5", stream=True)
    assert answer.endswith(b"data: [DONE]\n\n")
    assert b'"content":"pong"' in answer


def test_a_chat_client_and_a_chat_channel_need_no_conversion(both: Daemon, chat: Upstream) -> None:
    body = b'{ "model" : "gpt-y", "messages":[{"role":"user","content":"hi"}],"seed":1.0 }'
    status, _, _ = both.post(body, CHAT)
    assert (status, chat.requests[0].body) == (200, body)


@pytest.mark.parametrize(("path", "model"), [(MESSAGES, "claude-x"), (CHAT, "claude-haiku-4-5")])
@pytest.mark.parametrize("stream", [False, True])
def test_an_upstreams_error_comes_in_the_clients_shape(
    both: Daemon, upstream: Upstream, chat: Upstream, path: str, model: str, stream: bool
) -> None:
    upstream.script(plays.error(429, "rate_limit_error", "slow down", ("retry-after", "7")))
    chat.script(chat_plays.error(429, "slow down", "rate_limit_error", "rate_limit_exceeded"))
    status, _, answer = ask(both, path, model=model, stream=stream)
    error = json.loads(answer)["error"]
    assert (status, error["message"]) == (429, "slow down")
    assert error["type"] == "rate_limit_error"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("shape", ["status", "whole", "events"])
def test_an_empty_balance_is_known_by_the_upstreams_own_words(
    both: Daemon, chat: Upstream, shape: str, stream: bool
) -> None:
    words = "You exceeded your current quota"
    error = {"error": {"message": words, "type": "insufficient_quota", "code": None}}
    said = json.dumps(error).encode()
    chat.script(
        {
            "status": plays.body(429, said, plays.JSON),
            "whole": plays.body(200, said, plays.JSON),
            "events": plays.body(200, chat_plays.chunk() + chat_plays.event(error), plays.SSE),
        }[shape]
    )
    status, _, answer = ask(both, MESSAGES, stream=stream)
    assert (status, json.loads(answer)["error"]["message"]) == (429, words)
    wait_for(both, 'axonhub_attempt_errors_total{channel="chat",kind="402"}', 1)


def test_prompt_too_long_is_told_in_the_upstreams_words(both: Daemon, upstream: Upstream) -> None:
    upstream.script(plays.error(400, "invalid_request_error", "prompt is too long: 9 > 8"))
    status, _, answer = ask(both, CHAT, model="claude-haiku-4-5")
    assert status == 400
    assert "prompt is too long: 9 > 8" in json.loads(answer)["error"]["message"]


def test_a_broken_stream_ends_with_the_clients_own_error(both: Daemon, upstream: Upstream) -> None:
    pieces = as_events(plays.text("a long story"))
    upstream.script(plays.truncated(pieces, len(b"".join(pieces[:4])), how=Close()))
    status, _, answer = ask(both, CHAT, model="claude-haiku-4-5", stream=True)
    assert status == 200
    assert b"[DONE]" not in answer
    error = json.loads(answer.rpartition(b"data: ")[2])["error"]
    assert "(channel 'main', by axonhub)" in error["message"]


def test_a_stream_asked_for_comes_also_from_a_whole_answer(both: Daemon, chat: Upstream) -> None:
    chat.script(chat_plays.message("pong"))
    _, headers, answer = ask(both, MESSAGES, stream=True)
    assert headers["content-type"].startswith("text/event-stream")
    assert events_of(answer)[-1] == "message_stop"


def test_a_whole_answer_asked_for_comes_also_from_a_stream(both: Daemon, chat: Upstream) -> None:
    chat.script(chat_plays.stream("pong"))
    status, _, answer = ask(both, MESSAGES)
    assert (status, json.loads(answer)["content"][0]["text"]) == (200, "pong")


def test_failover_crosses_protocols(home: Home, upstream: Upstream, chat: Upstream) -> None:
    upstream.script(plays.overloaded())
    home.configure(
        channel(upstream.url),
        channel(chat.url, "chat", type="openai-compatible", models=["claude-*"]),
    )
    daemon = Daemon(home).start()
    try:
        status, headers, answer = ask(daemon, MESSAGES, stream=True)
    finally:
        daemon.stop()
    assert (status, headers["ah-channel"]) == (200, "chat")
    assert events_of(answer)[-1] == "message_stop"


def test_the_client_that_leaves_ends_a_converted_call(both: Daemon, chat: Upstream) -> None:
    import socket

    from tests.support.home import KEY

    chat.script((Hang(),))
    body = json.dumps(ASK | {"stream": True}).encode()
    with socket.create_connection(("127.0.0.1", both.port), timeout=15) as connection:
        connection.sendall(
            b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: %b\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (KEY.encode(), len(body), body)
        )
        seen = chat.wait_for(1)
    seen.wait_closed()


def test_tokens_are_counted_here_for_a_channel_that_cannot(both: Daemon, chat: Upstream) -> None:
    status, _, answer = ask(both, f"{MESSAGES}/count_tokens")
    assert status == 200
    assert json.loads(answer)["input_tokens"] > 0
    assert chat.requests == []


def test_tokens_are_counted_here_when_the_upstream_has_no_count(
    both: Daemon, upstream: Upstream
) -> None:
    upstream.answer = lambda request: plays.error(404, "not_found_error", "no such path")
    status, _, answer = ask(both, f"{MESSAGES}/count_tokens", model="claude-haiku-4-5")
    assert status == 200
    assert json.loads(answer)["input_tokens"] > 0


def test_what_does_not_cross_is_in_the_trace(both: Daemon, home: Home) -> None:
    ask(both, MESSAGES, top_k=5)
    both.stop()
    (request,) = home.json("request", "list")
    assert "top_k" in [loss["path"] for loss in request["losses"]]
    assert (request["protocol"], request["upstream_protocol"]) == ("anthropic", "openai_chat")


def test_who_the_client_is_stays_here(both: Daemon, chat: Upstream) -> None:
    both.post(
        json.dumps(ASK | {"metadata": {"user_id": "me-and-my-device"}}).encode(),
        MESSAGES,
        x_claude_code_session_id="256523fe-a4f3-45df-954d-4ce2220ffb9a",
    )
    sent = chat.requests[0]
    assert b"me-and-my-device" not in sent.body
    assert not [name for name, _ in sent.headers if name.lower().startswith("x-claude-code")]
