"""Several requests sent at once, on one connection."""

from __future__ import annotations

import socket

from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.home import KEY
from tests.support.plays import as_events
from tests.support.upstream import PATIENCE, Data, Hang, Head, Upstream

BODY = b'{"model":"claude-x","max_tokens":9,"messages":[],"stream":true}'
HEAD = f"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: {KEY}\r\n"


def request(more: str = "") -> bytes:
    return f"{HEAD}{more}content-length: {len(BODY)}\r\n\r\n".encode() + BODY


def test_they_are_answered_in_order(daemon: Daemon, upstream: Upstream) -> None:
    upstream.script(plays.stream("first"), plays.stream("second"))
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=PATIENCE) as client:
        client.sendall(request() + request("connection: close\r\n"))
        answers = b""
        while data := client.recv(65536):
            answers += data
    assert answers.count(b"HTTP/1.1 200") == 2
    assert 0 < answers.index(b"first") < answers.index(b"second")


def test_a_client_that_leaves_ends_the_one_being_answered(
    daemon: Daemon, upstream: Upstream
) -> None:
    begun = as_events(plays.text("x"))[:4]
    upstream.script((Head(200, (plays.SSE,)), *map(Data, begun), Hang()))
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=PATIENCE) as client:
        client.sendall(request() + request())
        assert client.recv(1)
    upstream.requests[0].wait_closed()
    assert len(upstream.requests) == 1
