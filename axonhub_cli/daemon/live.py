"""`GET /admin/api/live`: requests as they begin and end, a line of JSON each, until either leaves.

Empty lines in between tell each side that the other is still there.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from axonhub_cli import jsonio
from axonhub_cli.daemon.shield import Scope
from axonhub_cli.proxy.guard import ClientLeft, Receive, guarded
from axonhub_cli.proxy.reply import Reply
from axonhub_cli.tracing.live import Feed, Listener

BEAT_S = 5.0
_LINES = (b"content-type", b"application/x-ndjson")


class LiveEndpoint:
    """For axonhub's own command line."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    async def __call__(self, scope: Scope, receive: Receive, reply: Reply, proof: str) -> None:
        hello = {"event": "hello", "proof": proof}
        listener = self._feed.listen()
        try:
            await reply.open(200, [_LINES, (b"cache-control", b"no-store")])
            await reply.write(_line(hello))
            with suppress(ClientLeft):
                await guarded(_tell(listener, reply), receive=receive, reply=reply, pings=None)
        finally:
            self._feed.leave(listener)


async def _tell(listener: Listener, reply: Reply) -> None:
    while True:
        try:
            async with asyncio.timeout(BEAT_S):
                event = await listener.take()
        except TimeoutError:
            await reply.write(b"\n")
            continue
        if event is None:
            await reply.end()
            return
        await reply.write(_line(event))


def _line(event: object) -> bytes:
    return jsonio.encode(event) + b"\n"
