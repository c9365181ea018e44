"""A stream that is read whole before the client sees any of it, then replayed in order.

It takes the place of the reply for one attempt, so that a break in mid-stream, after what would
have been the commit, can still be followed by another attempt.
"""

from __future__ import annotations

from collections import deque

from axonhub_cli.errors import UpstreamGarbled
from axonhub_cli.proxy.reply import HeaderList, Outlet

_LARGEST = 256 * 1024 * 1024


class Spool:
    """Keeps what an attempt writes; `replay` gives it to the client."""

    def __init__(self, reply: Outlet, largest: int = _LARGEST) -> None:
        self._reply = reply
        self._largest = largest
        self._head: tuple[int, HeaderList] | None = None
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self.ended = False

    @property
    def opened(self) -> bool:
        """Has the client's stream been opened, by a ping?"""
        return self._reply.opened

    async def open(self, status: int, headers: HeaderList) -> None:
        if self._head is None:
            self._head = (status, headers)

    async def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._largest:
            raise UpstreamGarbled(f"its answer is larger than {self._largest:,} bytes")
        self._pieces.append(data)

    async def end(self, data: bytes = b"") -> None:
        await self.write(data)
        self.ended = True

    async def send_whole(self, status: int, headers: HeaderList, body: bytes) -> None:
        """An answer that came whole has nothing left to break."""
        self.ended = True
        await self._reply.send_whole(status, headers, body)

    async def replay(self) -> None:
        """Everything, in the pieces in which it was written; each is let go of once it is sent."""
        if self._reply.ended:
            return
        if self._head is not None:
            await self._reply.open(*self._head)
        while self._pieces:
            await self._reply.write(self._pieces.popleft())
        await self._reply.end()
