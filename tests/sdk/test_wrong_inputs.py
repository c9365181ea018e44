"""What clients get wrong, and the sentence that helps: always an error in Anthropic's shape."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.support.daemon import Daemon
from tests.support.home import channel
from tests.support.upstream import Upstream

REQUEST = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "hello"}],
}
BODY = json.dumps(REQUEST).encode()


def error_of(answer: bytes) -> tuple[str, str]:
    """Type and message of an Anthropic-shaped error."""
    value: Any = json.loads(answer)
    assert value["type"] == "error"
    return value["error"]["type"], value["error"]["message"]


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"", "empty"), (b"{oops", "JSON"), (b"[1]", "object"), (b'"text"', "object")],
)
def test_a_body_that_is_no_request(
    daemon: Daemon, upstream: Upstream, body: bytes, words: str
) -> None:
    status, _, answer = daemon.post(body)
    assert status == 400
    kind, message = error_of(answer)
    assert kind == "invalid_request_error"
    assert words.lower() in message.lower()
    assert upstream.requests == []


def test_a_body_without_a_model(daemon: Daemon) -> None:
    status, _, answer = daemon.post(b'{"max_tokens": 9}')
    assert (status, "model" in error_of(answer)[1]) == (400, True)


def test_a_body_of_another_type(daemon: Daemon) -> None:
    status, _, answer = daemon.post(BODY, content_type="text/plain")
    kind, message = error_of(answer)
    assert status in (400, 415)
    assert kind == "invalid_request_error"
    assert "application/json" in message


def test_a_body_over_the_limit(daemon: Daemon, upstream: Upstream) -> None:
    daemon.home.configure(channel(upstream.url), server={"max_request_bytes": 1000})
    status, _, answer = daemon.post(json.dumps(REQUEST | {"pad": "x" * 2000}).encode())
    assert (status, error_of(answer)[0]) == (413, "request_too_large")
    assert upstream.requests == []


def test_a_small_body_that_unpacks_over_the_limit(daemon: Daemon, upstream: Upstream) -> None:
    daemon.home.configure(channel(upstream.url), server={"max_request_bytes": 1000})
    bomb = gzip.compress(json.dumps(REQUEST | {"pad": "x" * 100_000}).encode())
    assert len(bomb) < 1000
    status, _, answer = daemon.post(bomb, content_encoding="gzip")
    assert (status, error_of(answer)[0]) == (413, "request_too_large")


def test_a_compressed_body_is_unpacked(daemon: Daemon, upstream: Upstream) -> None:
    status, _, _ = daemon.post(gzip.compress(BODY), content_encoding="gzip")
    assert status == 200
    assert upstream.requests[0].body == BODY
    assert upstream.requests[0].header("content-encoding") is None


def test_a_lone_surrogate_is_repaired_in_place(daemon: Daemon, upstream: Upstream) -> None:
    broken = BODY.replace(b"hello", rb"half \ud83d an emoji, a whole one \ud83c\udf88")
    status, _, _ = daemon.post(broken)
    assert status == 200
    assert upstream.requests[0].body == broken.replace(rb"\ud83d", rb"\ufffd", 1)


def test_an_unknown_model(daemon: Daemon, upstream: Upstream) -> None:
    status, _, answer = daemon.post(BODY.replace(b"claude-sonnet-4-5", b"gpt-17"))
    kind, message = error_of(answer)
    assert (status, kind) == (404, "not_found_error")
    assert "gpt-17" in message
    assert upstream.requests == []


def test_no_channel_at_all(daemon: Daemon) -> None:
    daemon.home.configure()
    status, _, answer = daemon.post(BODY)
    kind, message = error_of(answer)
    assert status in (404, 503)
    assert "axonhub channel add" in message


def test_only_a_disabled_channel(daemon: Daemon, upstream: Upstream) -> None:
    daemon.home.configure(channel(upstream.url, enabled=False))
    status, _, answer = daemon.post(BODY)
    assert status in (404, 503)
    assert "disabled" in error_of(answer)[1]
    assert upstream.requests == []


@pytest.mark.parametrize("credential", ["", "Bearer ah-" + "1" * 64, "Bearer sk-other"])
def test_a_wrong_key(daemon: Daemon, upstream: Upstream, credential: str) -> None:
    status, _, answer = daemon.post(BODY, authorization=credential)
    kind, message = error_of(answer)
    assert (status, kind) == (401, "authentication_error")
    assert "axonhub env" in message
    assert "1" * 64 not in message
    assert upstream.requests == []


def test_a_disabled_key(daemon: Daemon, upstream: Upstream) -> None:
    daemon.home.configure(channel(upstream.url), key={"enabled": False})
    status, _, answer = daemon.post(BODY)
    kind, message = error_of(answer)
    assert (status, kind) in [(401, "authentication_error"), (403, "permission_error")]
    assert "disabled" in message
    assert upstream.requests == []


def test_a_foreign_origin_is_refused(daemon: Daemon, upstream: Upstream) -> None:
    status, headers, _ = daemon.post(BODY, origin="https://evil.example")
    assert status == 403
    assert "access-control-allow-origin" not in {name.lower() for name in headers}
    assert upstream.requests == []


def test_a_foreign_host_is_refused(daemon: Daemon, upstream: Upstream) -> None:
    status, _, _ = daemon.post(BODY, host="evil.example")
    assert status in (403, 421)
    assert upstream.requests == []


def test_a_path_that_is_not_there(daemon: Daemon) -> None:
    status, _, answer = daemon.post(BODY, path="/anthropic/v1/complete")
    assert (status, error_of(answer)[0]) == (404, "not_found_error")
