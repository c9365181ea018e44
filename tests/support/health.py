"""A listener that answers `GET /health` as a daemon does, or as a stranger on its port would."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from axonhub_cli.config.paths import Paths
from axonhub_cli.daemon.state import DaemonState, proof, write_state


@contextmanager
def listener(answer: Callable[[str], bytes | None]) -> Iterator[int]:
    """A server: `answer` gets the request's text; None keeps the client waiting."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                request = connection.recv(65536).decode(errors="replace")
                reply = answer(request)
                if reply is None:
                    over.wait(10)
                else:
                    connection.sendall(reply)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def healthy(secret: str, **more: object) -> Callable[[str], bytes]:
    """The answer of a daemon that knows `secret`; `more` are further fields of its health."""

    def answer(request: str) -> bytes:
        challenge = request.partition("AH-Challenge: ")[2].partition("\r\n")[0]
        body = msgspec.json.encode({"status": "ok", "proof": proof(secret, challenge)} | more)
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
        return head + body

    return answer


@contextmanager
def running(paths: Paths, *, url: str | None = None, **more: object) -> Iterator[DaemonState]:
    """A home whose daemon seems to run: a state file, and somebody who answers for it."""
    with listener(healthy("s3cret", **more)) as port:
        state = DaemonState(
            pid=os.getpid(),
            url=url or f"http://localhost:{port}",
            host="127.0.0.1",
            port=port,
            version="0.1.0",
            started_at=1_700_000_000.0,
            secret="s3cret",
        )
        write_state(paths, state)
        yield state
