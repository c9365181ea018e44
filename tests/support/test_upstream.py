"""The scripted upstream does what its scripts say."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support import plays
from tests.support.upstream import Close, End, Gate, Reset, Upstream, refusing_url

BODY = json.dumps({"model": "claude-scripted", "stream": True}).encode()


@contextmanager
def connected(upstream: Upstream) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", upstream.port, timeout=10)
    try:
        yield connection
    finally:
        connection.close()


def post(connection: http.client.HTTPConnection, body: bytes = BODY) -> http.client.HTTPResponse:
    connection.request("POST", "/v1/messages?beta=true", body, {"X-Odd": "Kept"})
    return connection.getresponse()


def test_the_default_answer_and_what_was_asked(upstream: Upstream) -> None:
    with connected(upstream) as connection:
        answer = post(connection)
        assert answer.read() == b"".join(plays.as_events(plays.text("pong")))
        post(connection, b'{"stream": false}').read()
    first, second = upstream.requests
    assert (first.method, first.target, first.body) == ("POST", "/v1/messages?beta=true", BODY)
    assert ("X-Odd", "Kept") in first.headers
    assert first.connection == second.connection


def test_scripts_are_played_in_order(upstream: Upstream) -> None:
    upstream.script(plays.overloaded(), plays.rate_limited("7"), plays.html())
    with connected(upstream) as connection:
        statuses = []
        for _ in range(3):
            answer = post(connection)
            statuses.append((answer.status, answer.headers["retry-after"]))
            answer.read()
    assert statuses == [(529, None), (429, "7"), (200, None)]


def test_a_gate_holds_a_stream_until_it_is_opened(upstream: Upstream) -> None:
    gate = Gate()
    upstream.script(plays.held([b"data: 1\n\n", b"data: 2\n\n"], 1, gate))
    with connected(upstream) as connection:
        answer = post(connection)
        assert answer.readline() == b"data: 1\n"
        gate.wait_reached()
        assert not upstream.requests[0].done.is_set()
        gate.open()
        assert answer.read() == b"\ndata: 2\n\n"


def test_a_client_that_leaves_is_noticed(upstream: Upstream) -> None:
    upstream.script(plays.hang())
    with connected(upstream) as connection:
        connection.request("POST", "/v1/messages", BODY)
        request = upstream.wait_for(1)
    request.wait_closed()
    assert request.closed_at is not None


def test_a_reset_is_a_reset(upstream: Upstream) -> None:
    upstream.script(plays.reset())
    with connected(upstream) as connection, pytest.raises(ConnectionResetError):
        post(connection)


@pytest.mark.parametrize("how", [Close(), Reset(), End()])
def test_a_stream_is_cut_where_it_was_to_be(upstream: Upstream, how: Close | Reset | End) -> None:
    upstream.script(plays.truncated([b"data: 1\n\n", b"data: 2\n\n"], 12, how=how))
    with connected(upstream) as connection:
        answer = post(connection)
        try:
            assert answer.read() == b"data: 1\n\ndat"
            assert how == End()
        except http.client.IncompleteRead as broken:
            assert (broken.partial, how) == (b"data: 1\n\ndat", Close())
        except ConnectionResetError:
            assert how == Reset()


def test_a_refusing_address_refuses() -> None:
    with refusing_url() as url, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
