"""Beside one request: cancel its work when the client leaves, ping a stream that is silent.

Nobody else watches: an ASGI server tells of a lost client only to who asks `receive`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from axonhub_cli.proxy.reply import SSE_HEADERS, Reply

logger = logging.getLogger("axonhub")

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientLeft(Exception):
    """The client closed the connection before it had its answer."""


class Pings:
    """What to send into a silent stream, and after how many seconds of silence."""

    def __init__(self, event: bytes, interval: float) -> None:
        self.event = event
        self.interval = interval


async def guarded(
    work: Awaitable[None], *, receive: Receive, reply: Reply, pings: Pings | None
) -> None:
    """Await `work`; raises `ClientLeft` in its place when the client leaves first."""
    main = asyncio.current_task()
    assert main is not None
    left = False

    async def watch() -> None:
        nonlocal left
        while True:
            try:
                async with asyncio.timeout(_until_ping(reply, pings)):
                    message = await receive()
            except TimeoutError:
                assert pings is not None
                await _ping(reply, pings)
                continue
            # uvicorn says "disconnect" after a complete answer too.
            if message["type"] == "http.disconnect":
                if not reply.ended:
                    left = True
                    main.cancel()
                return

    # Held here and always ended here; a TaskGroup would wrap every error of `work` in a group.
    watcher = asyncio.get_running_loop().create_task(watch())
    try:
        await work
    except asyncio.CancelledError:
        if left and main.uncancel() == 0:
            raise ClientLeft from None
        raise
    finally:
        watcher.cancel()
        watcher.add_done_callback(_note_fault)


def _note_fault(watcher: asyncio.Task[None]) -> None:
    """A watcher that broke has told nobody; a cancelled one is what should be."""
    if not watcher.cancelled() and (error := watcher.exception()) is not None:
        logger.debug("watching a client failed: %r", error)


def _until_ping(reply: Reply, pings: Pings | None) -> float | None:
    if pings is None:
        return None
    return max(0.01, pings.interval - reply.silent_s)


async def _ping(reply: Reply, pings: Pings) -> None:
    """Whole events only are ever written, so a ping lands between two of them."""
    if reply.ended or reply.silent_s < pings.interval:
        return
    await reply.open_early(SSE_HEADERS)
    # The answer may have come to its end while the head waited to be sent.
    if not reply.ended:
        await reply.write(pings.event)
