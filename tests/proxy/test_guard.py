"""The client leaves: the upstream's work ends with it. The upstream is silent: pings go out."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import MutableMapping
from typing import Any

import pytest

from axonhub_cli.proxy.guard import ClientLeft, Pings, guarded
from axonhub_cli.proxy.reply import Reply
from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.home import KEY, Home, channel
from tests.support.plays import as_events
from tests.support.upstream import Gate, Upstream

STREAMED = b'{"model":"claude-x","stream":true,"messages":[]}'
WHOLE = b'{"model":"claude-x","messages":[]}'
PING = b'event: ping\ndata: {"type": "ping"}\n\n'


def send_request(daemon: Daemon, body: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", daemon.port), timeout=15)
    connection.sendall(
        b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"X-Api-Key: %b\r\nContent-Length: %d\r\n\r\n%b" % (KEY.encode(), len(body), body)
    )
    return connection


@pytest.mark.parametrize("body", [STREAMED, WHOLE], ids=["stream", "whole"])
def test_a_client_that_leaves_before_the_headers_ends_the_upstream_call(
    daemon: Daemon, upstream: Upstream, body: bytes
) -> None:
    upstream.script(plays.hang())
    connection = send_request(daemon, body)
    seen = upstream.wait_for(1)
    connection.close()
    seen.wait_closed()


def test_a_client_that_leaves_inside_a_stream_ends_the_upstream_call(
    daemon: Daemon, upstream: Upstream
) -> None:
    upstream.script(plays.held(as_events(plays.text("x")), 4, Gate()))
    connection = send_request(daemon, STREAMED)
    assert connection.recv(64 * 1024)
    connection.close()
    upstream.wait_for(1).wait_closed()


def test_a_silent_stream_is_pinged_between_its_events(home: Home, upstream: Upstream) -> None:
    gate = Gate()
    pieces = as_events(plays.text("x"))
    upstream.script(plays.held(pieces, 4, gate))
    home.configure(channel(upstream.url), server={"ping_interval": "50ms"})
    daemon = Daemon(home).start()
    try:
        with send_request(daemon, STREAMED) as connection:
            seen = b""
            while seen.count(PING) < pieces[:4].count(PING) + 2:
                seen += connection.recv(64 * 1024)
            gate.open()
            while b"message_stop" not in seen:
                seen += connection.recv(64 * 1024)
    finally:
        daemon.stop()
    for piece in pieces:
        assert piece in seen


class Wires:
    """ASGI's two ends in memory."""

    def __init__(self) -> None:
        self.sent: list[MutableMapping[str, Any]] = []
        self.received: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)


def test_the_client_that_leaves_cancels_the_work() -> None:
    async def story() -> bool:
        wires, ended = Wires(), asyncio.Event()
        reply = Reply(wires.send, asyncio.get_running_loop().time)

        async def work() -> None:
            await wires.received.put({"type": "http.disconnect"})
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        with pytest.raises(ClientLeft):
            await guarded(work(), receive=wires.received.get, reply=reply, pings=None)
        return ended.is_set()

    assert asyncio.run(story())


def test_a_cancellation_from_outside_stays_one() -> None:
    async def story() -> None:
        wires = Wires()
        reply = Reply(wires.send, asyncio.get_running_loop().time)
        task = asyncio.get_running_loop().create_task(
            guarded(asyncio.sleep(3600), receive=wires.received.get, reply=reply, pings=None)
        )
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())


def test_the_disconnect_after_a_complete_answer_is_none() -> None:
    async def story() -> list[MutableMapping[str, Any]]:
        wires = Wires()
        reply = Reply(wires.send, asyncio.get_running_loop().time)

        async def work() -> None:
            await reply.send_whole(200, [], b"x")
            await wires.received.put({"type": "http.disconnect"})
            for _ in range(5):
                await asyncio.sleep(0)

        await guarded(work(), receive=wires.received.get, reply=reply, pings=None)
        return wires.sent

    assert len(asyncio.run(story())) == 2


def test_a_ping_opens_a_stream_that_nobody_has_opened() -> None:
    async def story() -> list[MutableMapping[str, Any]]:
        wires, pinged = Wires(), asyncio.Event()

        async def send(message: MutableMapping[str, Any]) -> None:
            await wires.send(message)
            if message.get("body"):
                pinged.set()

        reply = Reply(send, asyncio.get_running_loop().time)
        await guarded(
            _until(pinged), receive=wires.received.get, reply=reply, pings=Pings(PING, 0.01)
        )
        return wires.sent

    first, second = asyncio.run(story())[:2]
    assert first["status"] == 200
    assert second["body"] == PING


async def _until(event: asyncio.Event) -> None:
    await event.wait()


class Slow(Wires):
    """A client that takes its time to read the head."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.goes_on = asyncio.Event(), asyncio.Event()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        await super().send(message)
        if message["type"] == "http.response.start":
            self.reached.set()
            await self.goes_on.wait()


def test_no_ping_follows_an_answer_that_ended_while_the_head_was_sent() -> None:
    async def story() -> list[MutableMapping[str, Any]]:
        wires = Slow()
        reply = Reply(wires.send, asyncio.get_running_loop().time)

        async def work() -> None:
            await wires.reached.wait()
            await reply.end(b"end")
            wires.goes_on.set()
            for _ in range(5):
                await asyncio.sleep(0)

        await guarded(work(), receive=wires.received.get, reply=reply, pings=Pings(PING, 0.01))
        return wires.sent

    assert [message.get("body") for message in asyncio.run(story())] == [None, b"end"]


def test_a_watcher_that_breaks_leaves_nothing_unheard() -> None:
    unheard: list[dict[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        raise OSError("torn")

    async def story() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: unheard.append(context))
        reply = Reply(Wires().send, loop.time)
        await guarded(asyncio.sleep(0.01), receive=receive, reply=reply, pings=None)
        gc.collect()

    asyncio.run(story())
    assert unheard == []
