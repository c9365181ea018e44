"""A relayed Chat stream tells its tokens to the trace, and to the client only if it asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from axonhub_cli.dialects import DIALECTS
from axonhub_cli.dialects.base import QuirkContext, apply_quirks
from axonhub_cli.errors import UpstreamStatus
from axonhub_cli.proxy.stream_usage import UsageHider, refuses_usage, without_usage
from tests.proxy.test_cost_telling import Heard
from tests.support import chat_plays
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import Upstream

PATH = "/v1/chat/completions"
BODY = b'{"model": "gpt-x", "messages": [{"role": "user", "content": "hi"}], "stream": true }'
ASKED = b',"stream_options":{"include_usage":true}'
UNSEEN = chat_plays.as_chunks("pong", usage=None)


def with_options(options: str) -> bytes:
    return BODY.replace(b'"stream": true', b'"stream": true, "stream_options": ' + options.encode())


@pytest.fixture
def chat() -> Iterator[Upstream]:
    server = Upstream(chat_plays.default_answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def relaying(home: Home, chat: Upstream) -> Iterator[Daemon]:
    home.configure(
        channel(
            chat.url,
            "c",
            type="openai-compatible",
            models=["gpt-*"],
            mappings=[{"from": "gpt-old", "to": "gpt-x"}],
        ),
        channel(chat.url, "glm", type="zhipu", models=["glm-*"]),
        prices=[{"model": "*", "input": 3.0, "output": 15.0, "cache_read": 0.3}],
    )
    daemon = Daemon(home).start()
    try:
        yield daemon
    finally:
        daemon.stop()


def test_a_client_that_asks_for_no_usage_gets_none_and_the_trace_has_it(
    relaying: Daemon, chat: Upstream
) -> None:
    status, headers, answer = relaying.post(BODY, PATH)
    assert (status, answer) == (200, b"".join(UNSEEN))
    assert chat.requests[-1].body == BODY[:-1] + ASKED + b"}"
    relaying.stop()
    row = relaying.home.json("request", "show", headers["ah-request-id"])
    assert row["tokens"] == {
        "input": 12,
        "cache_read": 900,
        "cache_write": 0,
        "output": 17,
        "reasoning": 7,
    }
    assert row["cost_usd"] == pytest.approx((12 * 3 + 900 * 0.3 + 17 * 15) / 1e6, abs=1e-12)
    assert (row["unpriced"], row["losses"]) == (0, [])
    diff = relaying.home.json("request", "show", row["id"], "--diff")
    (change,) = diff[0]["changes"] if isinstance(diff, list) else diff["changes"]
    assert (change["path"], change["kind"]) == ("stream_options", "added")
    assert "to know its cost" in change["why"]


def test_a_client_that_asks_gets_every_byte(relaying: Daemon, chat: Upstream) -> None:
    asking = with_options('{"include_usage" : true}')
    assert relaying.post(asking, PATH)[2] == b"".join(chat_plays.as_chunks("pong"))
    assert chat.requests[-1].body == asking


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ('{"include_usage": false}', '{"include_usage":true}'),
        ("null", '{"include_usage":true}'),
        ('{"other": 1}', '{"other":1,"include_usage":true}'),
    ],
)
def test_what_a_client_says_of_its_stream_stays(
    relaying: Daemon, chat: Upstream, given: str, sent: str
) -> None:
    assert relaying.post(with_options(given), PATH)[2] == b"".join(UNSEEN)
    assert chat.requests[-1].body == with_options(sent)


@pytest.mark.parametrize(
    "body",
    [
        with_options("7"),
        with_options('{"include_usage": "yes"}'),
        with_options('{}, "stream_options": {}'),
        BODY.replace(b"true", b"false"),
        BODY.replace(b"gpt-x", b"glm-4.6"),
    ],
)
def test_odd_questions_whole_answers_and_providers_that_tell_unasked_are_left_alone(
    relaying: Daemon, chat: Upstream, body: bytes
) -> None:
    relaying.post(body, PATH)
    sent = chat.requests[-1].body
    assert sent == body or b"glm" in body
    assert ASKED not in sent


def test_the_question_stands_beside_a_model_that_is_renamed(
    relaying: Daemon, chat: Upstream
) -> None:
    renamed = BODY.replace(b"gpt-x", b"gpt-old")
    assert relaying.post(renamed, PATH)[2] == b"".join(UNSEEN)
    expected = BODY.replace(b'"gpt-x"', b'"gpt-x"' + ASKED)
    assert chat.requests[-1].body == expected


def test_a_key_of_this_name_further_in_is_not_the_clients_question(
    relaying: Daemon, chat: Upstream
) -> None:
    tool = b'"tools": [{"stream_options": {"include_usage": true}}], "stream": true'
    assert relaying.post(BODY.replace(b'"stream": true', tool), PATH)[2] == b"".join(UNSEEN)
    assert chat.requests[-1].json["stream_options"] == {"include_usage": True}


def test_a_server_that_refuses_the_question_is_asked_again_without_it_and_never_again(
    relaying: Daemon, chat: Upstream
) -> None:
    refusal = chat_plays.error(400, "Unrecognized request argument supplied: stream_options")
    chat.script(refusal)
    status, headers, answer = relaying.post(BODY, PATH)
    assert (status, answer) == (200, b"".join(UNSEEN))
    assert [request.body for request in chat.requests] == [BODY[:-1] + ASKED + b"}", BODY]
    assert relaying.post(BODY, PATH)[0] == 200
    assert chat.requests[-1].body == BODY
    relaying.stop()
    row = relaying.home.json("request", "show", headers["ah-request-id"])
    assert [attempt["state"] for attempt in row["attempts"]] == ["failed", "completed"]
    assert row["decision"]["failures"][0]["kind"] == "stream_usage"


def test_a_refusal_of_the_clients_own_question_is_the_clients(
    relaying: Daemon, chat: Upstream
) -> None:
    chat.script(chat_plays.error(400, "stream_options is not known", "invalid_request_error"))
    assert relaying.post(with_options('{"include_usage": true}'), PATH)[0] == 400
    assert len(chat.requests) == 1


def test_a_stream_without_usage_costs_what_nobody_knows(relaying: Daemon, chat: Upstream) -> None:
    chat.script(chat_plays.stream("pong", usage=None))
    _, headers, answer = relaying.post(BODY, PATH)
    assert answer == b"".join(UNSEEN)
    relaying.stop()
    row = relaying.home.json("request", "show", headers["ah-request-id"])
    assert (row["cost_usd"], row["unpriced"]) == (None, 1)


def heard(*pieces: bytes) -> bytes:
    heard = Heard()
    hider = UsageHider(heard)

    async def tell() -> None:
        await hider.open(200, [])
        for piece in pieces[:-1]:
            await hider.write(piece)
        await hider.end(pieces[-1])

    asyncio.run(tell())
    assert (hider.opened, hider.ended) == (True, True)
    return heard.data


USAGE_ALONE = chat_plays.chunk(choices=[], usage=chat_plays.USAGE)


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
def test_a_chunk_of_tokens_alone_is_held_back_wherever_it_stands(end: bytes) -> None:
    alone, piece = (each.replace(b"\n\n", end) for each in (USAGE_ALONE, chat_plays.chunk()))
    done = b"data: [DONE]" + end
    assert without_usage(piece + alone + done) == piece + done
    assert without_usage(alone) == b""
    assert heard(piece, alone, done) == piece + done
    assert heard(piece, b": ping" + end + alone + done, b"") == piece + b": ping" + end + done


@pytest.mark.parametrize(
    "event",
    [
        chat_plays.chunk({"content": "x"}, "stop", usage=chat_plays.USAGE),
        chat_plays.chunk({"content": '"choices":[] "usage"'}),
        chat_plays.chunk(choices=[], prompt_filter_results=[{"prompt_index": 0}]),
        chat_plays.chunk(choices=[], usage=None),
        b'data: {"choices":[],"usage":{broken}\n\n',
        b': {"choices":[]}\n\n',
        b'data: {"choices":[]',
    ],
)
def test_whatever_else_there_is_passes(event: bytes) -> None:
    assert heard(event, b"") == event
    assert heard(event) == event


def test_an_answer_that_came_whole_passes() -> None:
    told = Heard()
    asyncio.run(UsageHider(told).send_whole(200, [], USAGE_ALONE))
    assert told.data == USAGE_ALONE


@pytest.mark.parametrize("name", [n for n, d in DIALECTS.items() if d.protocol == "openai_chat"])
def test_a_provider_is_asked_unless_its_dialect_drops_the_question(name: str) -> None:
    dialect = DIALECTS[name]
    asked: dict[str, Any] = json.loads(BODY) | {"stream_options": {"include_usage": True}}
    sent, _ = apply_quirks(dialect, asked, QuirkContext("m"))
    assert ("stream_options" in sent) is dialect.stream_usage


def test_a_refusal_is_known_by_its_words() -> None:
    def refusal(status: int, words: bytes) -> bool:
        return refuses_usage(UpstreamStatus(status, [], words, message=""))

    assert refusal(400, b"Unrecognized request argument supplied: stream_options")
    assert refusal(422, b'{"loc": ["body", "stream_options", "include_usage"]}')
    assert not refusal(429, b"stream_options")
    assert not refusal(400, b"no such model")
