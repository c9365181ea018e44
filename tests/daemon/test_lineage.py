"""Conversations without a session's name, by real daemons: each is one trace."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import chat_plays, plays
from tests.support.daemon import Daemon
from tests.support.gateway import COMPLETIONS, MESSAGES, Gateway
from tests.support.home import Home, channel
from tests.support.upstream import Upstream


def user(words: str) -> dict[str, Any]:
    return {"role": "user", "content": words}


def ask(
    daemon: Daemon, path: str, model: str, *messages: dict[str, Any], stream: bool, **headers: str
) -> tuple[str, bytes]:
    """One request; its trace and its answer."""
    body = {"model": model, "max_tokens": 100, "stream": stream, "messages": list(messages)}
    status, got, answer = daemon.post(json.dumps(body).encode(), path, **headers)
    assert status == 200, answer
    return got["ah-trace-id"], answer


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["claude-scripted-1", "gpt-scripted-1"])
@pytest.mark.parametrize("path", [MESSAGES, COMPLETIONS])
def test_the_next_turn_joins_its_trace_at_once(
    gateway: Gateway, path: str, model: str, stream: bool
) -> None:
    made = (plays.stream if stream else plays.message)("so it ", "is")
    chat = (chat_plays.stream if stream else chat_plays.message)("so it is")
    gateway.anthropic.reset(lambda _: made)
    gateway.chat.reset(lambda _: chat)
    first = user(f"{path} {model} {stream}")
    answer = {"role": "assistant", "content": "so it is"}
    begun, _ = ask(gateway.daemon, path, model, first, stream=stream)
    fresh, _ = ask(gateway.daemon, path, model, first, stream=stream)
    assert begun != fresh
    turns = [first, answer, user("and?")]
    # Nobody can tell them apart: whoever goes on takes the last that nobody went on from.
    assert ask(gateway.daemon, path, model, *turns, stream=stream)[0] == fresh
    assert ask(gateway.daemon, path, model, *turns, stream=stream)[0] == begun
    turns += [answer, user("then?")]
    third, _ = ask(gateway.daemon, path, model, *turns, stream=stream)
    assert third in (begun, fresh)


def test_a_session_that_begins_like_an_old_one_has_a_trace_of_its_own(gateway: Gateway) -> None:
    answer = {"role": "assistant", "content": "pong"}

    def runs(*words: str) -> set[str]:
        """A session that says its next words as soon as it is answered; its traces."""
        turns: list[dict[str, Any]] = []
        traces = set()
        for each in words:
            turns.append(user(each))
            path, model = MESSAGES, "claude-scripted-1"
            traces.add(ask(gateway.daemon, path, model, *turns, stream=False)[0])
            turns.append(answer)
        return traces

    old = runs("list the files", "and hidden ones", "thanks")
    asked_once = runs("list the files")
    new = runs("list the files", "sort them", "thanks")
    assert [len(traces) for traces in (old, asked_once, new)] == [1, 1, 1]
    assert len(old | asked_once | new) == 3


def test_a_turn_that_failed_is_sent_again_in_its_own_trace(gateway: Gateway) -> None:
    def asks(path: str, words: str, expected: int) -> str:
        turns = [user("who fails?"), {"role": "assistant", "content": "pong"}, user(words)]
        body = {"model": "claude-scripted-1", "max_tokens": 100, "messages": turns}
        status, got, _ = gateway.daemon.post(json.dumps(body).encode(), path)
        assert status == expected
        return got["ah-trace-id"]

    begun = {
        ask(gateway.daemon, MESSAGES, "claude-scripted-1", user("who fails?"), stream=False)[0]
        for _ in range(2)
    }
    failing = plays.error(400, "invalid_request_error", "too long")
    gateway.anthropic.script(failing)
    traces = [asks(f"{MESSAGES}/count_tokens", "A", 200), asks(MESSAGES, "A", 400)]
    traces.append(asks(MESSAGES, "A", 200))
    assert set(traces) == {traces[0]}
    assert {traces[0], asks(MESSAGES, "B", 200)} == begun


def test_a_header_wins_over_what_the_history_says(gateway: Gateway) -> None:
    turns = [user("who wins?")]
    begun, _ = ask(gateway.daemon, MESSAGES, "claude-scripted-1", *turns, stream=False)
    turns += [{"role": "assistant", "content": "pong"}, user("?")]
    named, _ = ask(
        gateway.daemon, MESSAGES, "claude-scripted-1", *turns, stream=False, AH_Trace_Id="mine"
    )
    assert (named, begun) == ("mine", begun)
    parent = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    linked, _ = ask(gateway.daemon, MESSAGES, "claude-scripted-1", *turns, stream=False, **parent)
    assert linked == begun


@pytest.fixture
def restarted(tmp_path: Path, upstream: Upstream) -> Iterator[tuple[Daemon, Daemon]]:
    home = Home(tmp_path)
    home.configure(channel(upstream.url))
    first, second = Daemon(home).start(), Daemon(home)
    try:
        yield first, second
    finally:
        first.stop()
        second.stop()


def test_a_conversation_goes_on_after_a_restart(restarted: tuple[Daemon, Daemon]) -> None:
    first, second = restarted
    turns = [user("before")]
    begun, _ = ask(first, MESSAGES, "claude-scripted-1", *turns, stream=False)
    first.stop()
    second.start()
    turns += [{"role": "assistant", "content": "pong"}, user("after")]
    assert ask(second, MESSAGES, "claude-scripted-1", *turns, stream=False)[0] == begun


def test_a_field_of_the_body_may_name_the_trace(home: Home, upstream: Upstream) -> None:
    home.configure(
        channel(upstream.url),
        server={"trace": {"extra_trace_body_fields": ["metadata.run", "session"]}},
    )
    daemon = Daemon(home).start()
    try:
        body = {"model": "claude-x", "max_tokens": 9, "messages": [user("hi")], "session": 7}
        traces = []
        for metadata in ({"run": "r1"}, {}):
            sent = json.dumps(body | {"metadata": metadata}).encode()
            traces.append(daemon.post(sent)[1]["ah-trace-id"])
        assert traces == ["r1", "7"]
    finally:
        daemon.stop()
