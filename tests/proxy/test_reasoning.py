"""Signed reasoning goes back to who issued it, and to nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from axonhub_cli.protocols.codec import UNSIGNED
from tests.support import chat_plays, plays
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import Upstream

OWN = "c2lnbmVkLWJ5LWE="


@pytest.fixture
def second() -> Iterator[Upstream]:
    server = Upstream(plays.default_answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def pair(home: Home, upstream: Upstream, second: Upstream) -> Iterator[Daemon]:
    """Models `claude-a…` are the first upstream's, `claude-b…` the second's."""
    home.configure(
        channel(upstream.url, "a", models=["claude-a*"]),
        channel(second.url, "b", models=["claude-b*"]),
    )
    daemon = Daemon(home).start()
    try:
        yield daemon
    finally:
        daemon.stop()


def ask(daemon: Daemon, model: str, *thoughts: dict[str, Any]) -> int:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "hi"}]
    if thoughts:
        answer = [*thoughts, {"type": "text", "text": "pong"}]
        messages += [{"role": "assistant", "content": answer}, {"role": "user", "content": "on"}]
    body = {"model": model, "max_tokens": 9, "messages": messages}
    return daemon.post(json.dumps(body).encode())[0]


def thought(signature: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": "hm", "signature": signature}


def kinds(upstream: Upstream) -> list[str]:
    return [block["type"] for block in upstream.requests[-1].json["messages"][1]["content"]]


def test_a_signature_returns_to_its_issuer_and_not_to_another(
    pair: Daemon, upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.message(plays.thinking("hm", OWN), "pong"))
    ask(pair, "claude-a")
    ask(pair, "claude-a", thought(OWN))
    assert kinds(upstream) == ["thinking", "text"]
    ask(pair, "claude-b", thought(OWN))
    assert kinds(second) == ["text"]


def test_an_unknown_signature_goes_as_it_is(pair: Daemon, upstream: Upstream) -> None:
    ask(pair, "claude-a", thought("bm9ib2R5cw=="))
    assert kinds(upstream) == ["thinking", "text"]


def test_our_placeholder_goes_to_nobody(pair: Daemon, upstream: Upstream) -> None:
    ask(pair, "claude-a", thought(UNSIGNED))
    assert kinds(upstream) == ["text"]


def test_what_was_learned_outlives_a_restart(
    pair: Daemon, upstream: Upstream, second: Upstream
) -> None:
    upstream.script(plays.message(plays.thinking("hm", OWN), "pong"))
    ask(pair, "claude-a")
    pair.stop()
    again = Daemon(pair.home).start()
    try:
        ask(again, "claude-b", thought(OWN))
    finally:
        again.stop()
    assert kinds(second) == ["text"]


def test_a_refused_signature_is_answered_by_one_repetition_without_reasoning(
    pair: Daemon, upstream: Upstream
) -> None:
    words = "messages.1.content.0: Invalid `signature` in `thinking` block"
    upstream.script(plays.error(400, "invalid_request_error", words))
    assert ask(pair, "claude-a", thought("Zm9yZWlnbg==")) == 200
    assert kinds(upstream) == ["text"]
    assert len(upstream.requests) == 2


def test_a_second_refusal_reaches_the_client(pair: Daemon, upstream: Upstream) -> None:
    words = "messages.1.content.0: Invalid `signature` in `thinking` block"
    refusal = plays.error(400, "invalid_request_error", words)
    upstream.script(refusal, refusal)
    assert ask(pair, "claude-a", thought("Zm9yZWlnbg==")) == 400
    assert len(upstream.requests) == 2


def test_reasoning_of_a_chat_channel_is_not_shown_to_anthropic(
    home: Home, upstream: Upstream, second: Upstream
) -> None:
    second.answer = chat_plays.default_answer
    second.script(chat_plays.message(chat_plays.reasoning("hm"), "pong"))
    home.configure(
        channel(upstream.url, "a", models=["claude-a*"]),
        channel(second.url, "chat", models=["gpt-*"], type="openai-compatible"),
    )
    daemon = Daemon(home).start()
    try:
        body = {"model": "gpt-x", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
        answer = json.loads(daemon.post(json.dumps(body).encode())[2])["content"]
        assert [block["type"] for block in answer] == ["thinking", "text"]
        ask(daemon, "claude-a", answer[0])
    finally:
        daemon.stop()
    assert kinds(upstream) == ["text"]
