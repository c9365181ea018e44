"""A client that leaves is told of to each of its requests, also where it had sent several at once.

uvicorn tells the last one that came. The one being answered would go on until its upstream ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import asyncio


def http_protocol() -> type[asyncio.Protocol] | Literal["h11"]:
    """What uvicorn is to read requests with; h11 takes one request after the other anyway."""
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
    except ImportError:
        return "h11"

    class Pipelined(HttpToolsProtocol):
        _earlier: tuple[RequestResponseCycle, ...] = ()

        def on_headers_complete(self) -> None:
            before = self.cycle
            super().on_headers_complete()
            if before is not None and before is not self.cycle:
                running = (*self._earlier, before)
                self._earlier = tuple(c for c in running if not c.response_complete)

        def connection_lost(self, exc: Exception | None) -> None:
            for cycle in self._earlier:
                cycle.disconnected = True
                cycle.message_event.set()
            super().connection_lost(exc)

    return Pipelined
