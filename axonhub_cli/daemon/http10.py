"""Answers for HTTP/1.0 clients, which know no chunks: whole, with their length.

The server would write a stream in chunks to anybody (RFC 9112, 6.1 forbids it for 1.0).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


def whole(send: Send) -> Send:
    """An ASGI `send` that holds an answer until all of it is there."""
    start: Message = {}
    parts: list[bytes] = []

    async def hold(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        parts.append(message.get("body", b""))
        if message.get("more_body", False):
            return
        body = b"".join(parts)
        length = (b"content-length", str(len(body)).encode())
        headers = [(name, value) for name, value in start["headers"] if name != length[0]]
        await send({**start, "headers": [*headers, length]})
        await send({**message, "body": body})

    return hold
