import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support import chat_plays, plays
from tests.support.daemon import Daemon
from tests.support.home import KEY, Home, channel
from tests.support.upstream import Upstream
from tests.tracing.records import record, store

ASKED = {"model": "claude-x", "stream": True, "messages": [{"role": "user", "content": "hi"}]}


@dataclass
class Setup:
    home: Home
    first: Upstream
    chat: Upstream
    request: str


@pytest.fixture
def setup(home: Home, upstream: Upstream) -> Iterator[Setup]:
    """A recorded request, and a chat channel beside the one that answered it."""
    chat = Upstream(chat_plays.default_answer)
    chat.start()
    other = {"type": "openai-compatible", "models": ["gpt-x"], "enabled": True}
    home.configure(channel(upstream.url, "first"), channel(chat.url, "chat", **other))
    daemon = Daemon(home).start()
    try:
        daemon.post(json.dumps(ASKED).encode())
    finally:
        daemon.stop()
    try:
        yield Setup(home, upstream, chat, home.json("request", "list")[0]["id"])
    finally:
        chat.stop()


def test_a_request_is_sent_to_another_channel_and_both_answers_stand_side_by_side(
    setup: Setup,
) -> None:
    setup.chat.script(chat_plays.stream("pong from chat"))
    done = setup.home.axonhub("request", "replay", setup.request[:12], "--channel", "chat")
    assert "this costs tokens" in done.stderr
    lines = {line.split("  ")[0].strip(): line for line in done.stdout.splitlines()}
    assert "first" in lines["channel"]
    assert "chat" in lines["channel"]
    assert "912 in" in lines["tokens"]
    assert "pong from chat" in done.stdout
    (seen,) = setup.chat.generations
    assert seen.json["model"] == "gpt-x"
    assert KEY not in str(seen.headers)


def test_a_replay_is_recorded_apart_and_names_its_original(setup: Setup) -> None:
    setup.home.axonhub("request", "replay", setup.request, "--channel", "chat")
    assert len(setup.home.json("request", "list")) == 1
    newest = setup.home.json("request", "list", "--tests")[0]
    assert (newest["source"], newest["trace_id"]) == ("replay", None)
    shown = setup.home.json("request", "show", newest["id"])
    assert shown["decision"]["replay_of"] == setup.request


def test_as_json_there_are_two_requests_with_their_words(setup: Setup) -> None:
    call = plays.tool_use("Bash", {"command": "ls"})
    setup.first.script(plays.stream("I look.", call))
    found = setup.home.json("request", "replay", setup.request, "--channel", "first")
    assert (found["original"]["id"], found["original"]["text"]) == (setup.request, "pong")
    assert found["replay"]["text"] == "I look."
    assert found["replay"]["calls"] == [{"name": "Bash", "input": '{"command":"ls"}'}]
    assert found["replay"]["tokens"]["cache_read"] == 900


def test_a_refusal_is_told_with_exit_code_1(setup: Setup) -> None:
    setup.chat.script(chat_plays.error(400, "no such thing"))
    done = setup.home.axonhub("request", "replay", setup.request, "--channel", "chat", check=False)
    assert (done.returncode, "no such thing" in done.stderr) == (1, True)
    assert "failed 400" in done.stdout


def test_what_cannot_be_sent_is_refused_without_a_word_of_costs(
    home: Home, upstream: Upstream
) -> None:
    home.configure(channel(upstream.url, "first"))
    store(home.paths.trace_db, [record("broken", body=b'{"model": ', attempts=[])]).close()
    done = home.axonhub("request", "replay", "broken", "--channel", "first", check=False)
    assert (done.returncode, "not valid JSON" in done.stderr) == (1, True)
    assert "costs tokens" not in done.stderr
    assert upstream.generations == []


def test_wrong_names_are_errors(setup: Setup) -> None:
    def fails(*args: str) -> str:
        done = setup.home.axonhub("request", "replay", *args, check=False)
        assert done.returncode in (1, 2)
        return done.stderr

    assert "no channel 'nowhere'" in fails(setup.request, "--channel", "nowhere")
    assert "no request 'nothing'" in fails("nothing", "--channel", "chat")
    assert "--channel" in fails(setup.request)
