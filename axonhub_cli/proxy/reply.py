"""The answer to one client: opened once, written, ended; it knows how long it has been silent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

HeaderList = list[tuple[bytes, bytes]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SSE_HEADERS: HeaderList = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


class Outlet(Protocol):
    """Where an attempt writes its answer: the client's reply, or a spool before it."""

    @property
    def opened(self) -> bool: ...
    @property
    def ended(self) -> bool: ...
    async def open(self, status: int, headers: HeaderList) -> None: ...
    async def write(self, data: bytes) -> None: ...
    async def end(self, data: bytes = b"") -> None: ...
    async def send_whole(self, status: int, headers: HeaderList, body: bytes) -> None: ...


class Reply:
    """Wraps ASGI's `send`. `opened`: the status has gone out. `ended`: nothing may follow."""

    def __init__(self, send: Send, clock: Callable[[], float]) -> None:
        self._send = send
        self._clock = clock
        self.opened = False
        self.ended = False
        self.status: int | None = None
        self.sent_at = clock()
        """Monotonic seconds of the last byte (at first: of the request)."""
        self.extra_headers: HeaderList = []
        """Added to whatever headers the answer is opened with."""
        self.early_headers: HeaderList = []
        """The same, for one that is opened before anybody has answered."""
        self._writing = 0

    @property
    def silent_s(self) -> float:
        """Seconds since the last byte went to the client; 0 while one waits for it to be read."""
        return 0.0 if self._writing else self._clock() - self.sent_at

    async def open(self, status: int, headers: HeaderList) -> None:
        """Send status and headers; a stream that a ping has opened stays as it is."""
        if not self.opened:
            await self._open(status, headers + self.extra_headers)

    async def open_early(self, headers: HeaderList) -> None:
        """Open a stream although nobody has answered yet, and so nobody can be named."""
        if not self.opened:
            await self._open(200, headers + self.early_headers)

    async def write(self, data: bytes) -> None:
        await self._put({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes = b"") -> None:
        self.ended = True
        await self._put({"type": "http.response.body", "body": data, "more_body": False})

    async def send_whole(self, status: int, headers: HeaderList, body: bytes) -> None:
        """A complete answer in one go."""
        length = (b"content-length", str(len(body)).encode())
        await self.open(status, [*headers, length])
        await self.end(body)

    async def _open(self, status: int, headers: HeaderList) -> None:
        self.opened = True
        self.status = status
        await self._put({"type": "http.response.start", "status": status, "headers": headers})

    async def _put(self, message: MutableMapping[str, Any]) -> None:
        self._writing += 1
        try:
            await self._send(message)
        finally:
            self._writing -= 1
            self.sent_at = self._clock()
