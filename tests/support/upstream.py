"""A scripted upstream: an HTTP/1.1 server in its own thread that answers, and fails, on command.

    upstream.script(error(529), message("pong"))     # the next two requests for an answer
    ...
    upstream.requests[0].header("anthropic-beta")    # what came, byte for byte

A request is answered by a `Play`, a tuple of steps: whole answers are built in `plays.py`, odd ones
from the steps here. Nothing sleeps: a `Gate` holds an answer until the test opens it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

PATIENCE = 15.0
"""Seconds that a wait in a test may last before it is a failure."""

Headers = list[tuple[str, str]]

# What asks for an answer, in the protocols there are; counts of tokens and lists do not.
_GENERATIONS = ("/messages", "/chat/completions")


class Gate:
    """Holds a play until `open()`; `reached` tells that the play stands before it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._lock = threading.Lock()
        self._is_open = False
        self._waiting: list[Callable[[], None]] = []

    def open(self) -> None:
        with self._lock:
            self._is_open = True
            waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()

    def wait_reached(self) -> None:
        assert self.reached.wait(PATIENCE), "the upstream never came to this gate"

    async def passed(self) -> None:
        loop = asyncio.get_running_loop()
        opened = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(opened.set)

        with self._lock:
            if not self._is_open:
                self._waiting.append(wake)
            else:
                opened.set()
        self.reached.set()
        await opened.wait()


@dataclass(frozen=True)
class Head:
    """Status line and headers. Without `content-length` or `raw` the body is chunked."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def is_chunked(self) -> bool:
        return not any(name.lower() == "content-length" for name, _ in self.headers)


@dataclass(frozen=True)
class Data:
    """Bytes of the body: one chunk where the body is chunked."""

    data: bytes


@dataclass(frozen=True)
class End:
    """The proper end of the body."""


@dataclass(frozen=True)
class Raw:
    """Bytes as they are, outside any framing: interim responses, broken heads."""

    data: bytes


@dataclass(frozen=True)
class Wait:
    gate: Gate


@dataclass(frozen=True)
class Hang:
    """Nothing more, until the client leaves or the upstream is stopped."""


@dataclass(frozen=True)
class Reset:
    """Cut the connection with a TCP reset."""


@dataclass(frozen=True)
class Close:
    """Close the connection (FIN), whether the answer is whole or not."""


Step = Head | Data | End | Raw | Wait | Hang | Reset | Close
Play = tuple[Step, ...]


@dataclass
class SeenRequest:
    """One request as it came."""

    method: str
    target: str
    headers: Headers
    body: bytes
    connection: int
    """Number of the connection, so that a test can see which requests shared one."""
    arrived_at: float
    closed_at: float | None = None
    """When the client closed the connection before its answer was complete."""
    closed: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    """The play is over: sent, or given up because the client left."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The only value of a header; None when absent. Twice the same header is a failure."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    def wait_closed(self) -> None:
        assert self.closed.wait(PATIENCE), "the client did not close the connection"


class Upstream:
    """The server. `start()` and `stop()`, or the fixture `upstream`."""

    def __init__(
        self, answer: Callable[[SeenRequest], Play], tls: ssl.SSLContext | None = None
    ) -> None:
        self._tls = tls
        self.answer = answer
        """Answers what no script is left for."""
        self.requests: list[SeenRequest] = []
        self.connections = 0
        self.port = 0
        self._scripts: deque[Play] = deque()
        self._came = threading.Condition()
        self._open: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="upstream", daemon=True)
        self._ready = threading.Event()

    @property
    def url(self) -> str:
        """By its address; with TLS by the name that its certificate has."""
        return (
            f"http://127.0.0.1:{self.port}"
            if self._tls is None
            else f"https://localhost:{self.port}"
        )

    @property
    def generations(self) -> list[SeenRequest]:
        """The requests for an answer alone."""
        return [request for request in self.requests if request.path.endswith(_GENERATIONS)]

    def script(self, *plays: Play) -> None:
        """Queue answers for the next requests for an answer."""
        self._scripts.extend(plays)

    def reset(self, answer: Callable[[SeenRequest], Play]) -> None:
        """Forget what came and what was scripted, so that tests can share an upstream."""
        self.answer = answer
        self._scripts.clear()
        self.requests = []

    def wait_for(self, count: int) -> SeenRequest:
        """Wait until `count` requests have come in all; returns the last of them."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.requests) >= count, PATIENCE), (
                f"{len(self.requests)} requests came, not {count}"
            )
            return self.requests[count - 1]

    def wait_until(self, wanted: Callable[[SeenRequest], bool]) -> SeenRequest:
        """Wait for a request of which this holds."""
        with self._came:
            came = self._came.wait_for(lambda: any(map(wanted, self.requests)), PATIENCE)
            assert came, "the request never came"
            return next(filter(wanted, self.requests))

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(
            loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, ssl=self._tls)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        loop.run_forever()
        server.close()
        for connection in list(self._open):
            connection.abort()
        loop.run_until_complete(self._settle())
        loop.close()

    async def _settle(self) -> None:
        """Let the cancelled plays and the closed sockets come to their ends."""
        while self._open:
            await asyncio.sleep(0)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    def _choose(self, request: SeenRequest) -> Play:
        with self._came:
            self.requests.append(request)
            self._came.notify_all()
        if self._scripts and request.path.endswith(_GENERATIONS):
            return self._scripts.popleft()
        return self.answer(request)


class _Connection(asyncio.Protocol):
    """One client connection: reads requests, plays answers, notices when the client leaves."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._buffer = b""
        self._request: SeenRequest | None = None
        self._playing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._upstream.connections += 1
        self._number = self._upstream.connections
        self._upstream._open.add(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def eof_received(self) -> bool:
        self._left()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._left()
        self._upstream._open.discard(self)

    def abort(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
        self._transport.abort()

    def _left(self) -> None:
        request, self._request = self._request, None
        if request is not None and not request.done.is_set():
            request.closed_at = monotonic()
            request.closed.set()
            if self._playing is not None:
                self._playing.cancel()

    def _next(self) -> None:
        if self._request is not None:
            return
        parsed = _parse(self._buffer, self._number)
        if parsed is None:
            return
        self._request, self._buffer = parsed
        play = self._upstream._choose(self._request)
        self._playing = self._upstream._loop.create_task(self._perform(self._request, play))

    async def _perform(self, request: SeenRequest, play: Play) -> None:
        chunked = False
        try:
            for step in play:
                if isinstance(step, Head):
                    chunked = step.is_chunked
                await self._step(step, chunked=chunked)
        finally:
            request.done.set()
        self._request = None
        self._next()

    async def _step(self, step: Step, *, chunked: bool) -> None:
        write = self._transport.write
        match step:
            case Head():
                write(_head(step))
            case Data(data):
                write(b"%x\r\n%b\r\n" % (len(data), data) if chunked and data else data)
            case End():
                write(b"0\r\n\r\n" if chunked else b"")
            case Raw(data):
                write(data)
            case Wait(gate):
                await gate.passed()
            case Hang():
                await asyncio.Event().wait()
            case Reset():
                connection: socket.socket = self._transport.get_extra_info("socket")
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self._transport.abort()
            case Close():
                self._transport.close()


@contextmanager
def refusing_url() -> Iterator[str]:
    """A base URL on which every connection is refused, for as long as the context lasts."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def _head(head: Head) -> bytes:
    lines = [f"HTTP/1.1 {head.status} Scripted"]
    lines += [f"{name}: {value}" for name, value in head.headers]
    if head.is_chunked:
        lines.append("transfer-encoding: chunked")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _parse(buffer: bytes, connection: int) -> tuple[SeenRequest, bytes] | None:
    """The first request in the buffer and what follows it; None while it is not complete."""
    head, found, rest = buffer.partition(b"\r\n\r\n")
    if not found:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    known = {name.lower(): value for name, value in headers}
    if known.get("transfer-encoding") == "chunked":
        read = _unchunk(rest)
    else:
        length = int(known.get("content-length", "0"))
        read = (rest[:length], rest[length:]) if len(rest) >= length else None
    if read is None:
        return None
    body, rest = read
    return SeenRequest(method, target, headers, body, connection, monotonic()), rest


def _unchunk(data: bytes) -> tuple[bytes, bytes] | None:
    parts: list[bytes] = []
    with suppress(ValueError):
        while True:
            line, rest = data.split(b"\r\n", 1)
            size = int(line.split(b";")[0], 16)
            if len(rest) < size + 2:
                return None
            if size == 0:
                return b"".join(parts), rest[2:]
            parts.append(rest[:size])
            data = rest[size + 2 :]
    return None
