"""Errors as answers, in the shape of the protocol whose path was called."""

from __future__ import annotations

from axonhub_cli.errors import ErrorInfo
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.base import WireProtocol
from axonhub_cli.proxy.reply import HeaderList, Reply

JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")
# A person must act first; a client that repeats would only be slower to say so.
_FINAL = frozenset({400, 401, 403, 404, 405, 413, 415})


async def send_error(
    reply: Reply, path: str, info: ErrorInfo, headers: HeaderList | None = None
) -> None:
    """Answer with an error; a stream that is open gets it as an event."""
    protocol = protocol_of(path)
    if reply.opened:
        if not reply.ended:
            await reply.end(protocol.encode_stream_error(info))
        return
    more = [(b"x-should-retry", b"false")] if info.status in _FINAL else []
    await reply.send_whole(
        info.status, [JSON, *more, *(headers or [])], protocol.encode_error(info)
    )


def protocol_of(path: str) -> WireProtocol:
    """The protocol whose client calls `path`; for a path of nobody's, Anthropic's."""
    for protocol in PROTOCOLS.values():
        for route in protocol.routes:
            if path in route.paths:
                return protocol
    return PROTOCOLS["anthropic"]
