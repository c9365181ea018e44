"""The answer to one client, opened once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from axonhub_cli.proxy.reply import SSE_HEADERS, Reply


class Wire:
    """What went out, and a clock that a test turns."""

    def __init__(self) -> None:
        self.now = 100.0
        self.messages: list[MutableMapping[str, Any]] = []

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.messages.append(message)

    def clock(self) -> float:
        return self.now


def play(script: Callable[[Reply, Wire], Awaitable[None]]) -> tuple[Reply, Wire]:
    wire = Wire()
    reply = Reply(wire.send, wire.clock)
    asyncio.run(_await(script(reply, wire)))
    return reply, wire


async def _await(work: Awaitable[None]) -> None:
    await work


def test_a_whole_answer_has_its_length() -> None:
    async def script(reply: Reply, wire: Wire) -> None:
        reply.extra_headers = [(b"ah-request-id", b"req_1")]
        await reply.send_whole(404, [(b"content-type", b"x")], b"body")

    reply, wire = play(script)
    assert (reply.status, reply.opened, reply.ended) == (404, True, True)
    start, body = wire.messages
    assert start["status"] == 404
    assert start["headers"] == [
        (b"content-type", b"x"),
        (b"content-length", b"4"),
        (b"ah-request-id", b"req_1"),
    ]
    assert (body["body"], body["more_body"]) == (b"body", False)


def test_a_stream_that_a_ping_has_opened_stays_as_it_is() -> None:
    async def script(reply: Reply, wire: Wire) -> None:
        await reply.open(200, SSE_HEADERS)
        await reply.write(b"ping")
        await reply.open(529, [(b"content-type", b"application/json")])
        await reply.write(b"event")
        await reply.end(b"last")

    reply, wire = play(script)
    assert reply.status == 200
    assert [m["type"] for m in wire.messages] == ["http.response.start"] + 3 * [
        "http.response.body"
    ]
    assert wire.messages[0]["headers"] == SSE_HEADERS
    assert [m["more_body"] for m in wire.messages[1:]] == [True, True, False]


def test_headers_of_one_answer_do_not_stick_to_the_next() -> None:
    async def script(reply: Reply, wire: Wire) -> None:
        reply.extra_headers = [(b"a", b"b")]
        await reply.open(200, SSE_HEADERS)

    play(script)
    assert (b"a", b"b") not in SSE_HEADERS


def test_it_knows_how_long_it_has_been_silent() -> None:
    silences = []

    async def script(reply: Reply, wire: Wire) -> None:
        for step in (reply.open(200, []), reply.write(b"x"), reply.end()):
            wire.now += 5
            silences.append(reply.silent_s)
            await step
            silences.append(reply.silent_s)

    reply, wire = play(script)
    assert silences == [5, 0, 5, 0, 5, 0]
    assert reply.sent_at == wire.now


def test_nothing_was_said_yet() -> None:
    wire = Wire()
    reply = Reply(wire.send, wire.clock)
    wire.now += 3
    assert (reply.opened, reply.ended, reply.status, reply.silent_s) == (False, False, None, 3)


def test_a_client_that_does_not_read_is_not_one_that_waits() -> None:
    async def story() -> tuple[float, float]:
        wire, gate = Wire(), asyncio.Event()

        async def send(message: MutableMapping[str, Any]) -> None:
            await gate.wait()

        reply = Reply(send, wire.clock)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(reply.write(b"event"))
            await asyncio.sleep(0)
            wire.now += 60
            blocked = reply.silent_s
            gate.set()
        return blocked, reply.silent_s

    assert asyncio.run(story()) == (0.0, 0.0)


def test_a_stream_that_is_opened_before_an_answer_names_nobody() -> None:
    async def script(reply: Reply, wire: Wire) -> None:
        reply.early_headers = [(b"ah-request-id", b"req_1")]
        reply.extra_headers = [(b"ah-request-id", b"req_1"), (b"ah-channel", b"a")]
        await reply.open_early(SSE_HEADERS)
        await reply.open_early(SSE_HEADERS)
        await reply.open(200, SSE_HEADERS)

    reply, wire = play(script)
    assert (reply.status, reply.opened) == (200, True)
    assert [message["headers"] for message in wire.messages] == [
        [*SSE_HEADERS, (b"ah-request-id", b"req_1")]
    ]
