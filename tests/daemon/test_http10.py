"""A client of HTTP/1.0 gets a stream without chunks."""

from __future__ import annotations

import socket

from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.home import KEY
from tests.support.upstream import PATIENCE

BODY = b'{"model":"claude-x","max_tokens":9,"messages":[],"stream":true}'


def ask(daemon: Daemon, method: str, path: str, body: bytes = b"") -> tuple[bytes, bytes]:
    head = f"{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nx-api-key: {KEY}\r\n"
    head += f"content-length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=PATIENCE) as client:
        client.sendall(head.encode() + body)
        answer = b""
        while data := client.recv(65536):
            answer += data
    first, _, rest = answer.partition(b"\r\n\r\n")
    return first.lower(), rest


def test_a_stream_comes_whole_and_with_its_length(daemon: Daemon) -> None:
    head, body = ask(daemon, "POST", "/v1/messages", BODY)
    assert body == b"".join(plays.as_events(plays.text("pong")))
    assert b"content-length: %d\r\n" % len(body) in head
    assert b"transfer-encoding" not in head


def test_a_whole_answer_and_an_error_stay_as_they_are(daemon: Daemon) -> None:
    head, body = ask(daemon, "GET", "/v1/models")
    assert head.count(b"content-length: %d\r\n" % len(body)) == 1
    head, body = ask(daemon, "GET", "/v1/messages")
    assert b" 405 " in head.partition(b"\r\n")[0]
    assert b"takes POST" in body
