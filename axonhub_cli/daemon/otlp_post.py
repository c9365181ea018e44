"""One post to a collector, and what its answer means.

OTLP/HTTP (opentelemetry.io/docs/specs/otlp, 1.9, § OTLP/HTTP Response, read 2026-11): 200 is
success, with a `partialSuccess` where some was rejected, which is never sent again; 429, 502, 503
and 504 ask for a repetition, after `Retry-After` if that is said; no other answer does.
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from time import time
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from axonhub_cli import __version__, jsonio
from axonhub_cli.daemon.otlp_settings import Destination
from axonhub_cli.errors import AxonHubError
from axonhub_cli.proxy.retry_after import read_retry_after

_AGAIN = frozenset({429, 502, 503, 504})
_GRPC = 4317
_MOST_READ = 64 * 1024
_LONGEST_WORDS = 200
_COMPRESSION = 6
NO_STATUS = "error"


class Verdict(Struct, frozen=True):
    """`again`: the same may be sent once more, after `wait` seconds if the collector says so."""

    kind: Literal["taken", "again", "refused"]
    code: str
    """The status, or `NO_STATUS`."""
    why: str | None = None
    """What went wrong, as a clause."""
    wait: float | None = None
    rejected: int = 0
    """How many spans, of a post that was taken."""


class Poster:
    """For one thread: keeps its connection open between posts. `reveal` may block."""

    def __init__(self, reveal: Callable[[str], str]) -> None:
        self._reveal = reveal
        self._connection: HTTPConnection | None = None
        self._at: Destination | None = None

    def post(self, to: Destination, body: bytes, timeout: float) -> Verdict:
        """Send; never raises for what the network, the collector or a secret does. `timeout`: of
        each step, in seconds."""
        try:
            headers = self._headers(to)
            sent = gzip.compress(body, _COMPRESSION) if to.gzip else body
            return self._exchange(to, sent, headers, timeout)
        except AxonHubError as error:
            return Verdict("again", NO_STATUS, error.message)
        except OSError as error:
            self.close()
            return _unanswered(to, error.strerror or str(error))
        except HTTPException as error:
            self.close()
            return _unanswered(to, f"no HTTP ({type(error).__name__})")
        except Exception as error:
            # What it says may hold a header's value.
            self.close()
            return Verdict("refused", NO_STATUS, f"it cannot be sent ({type(error).__name__})")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _headers(self, to: Destination) -> dict[str, str]:
        shown = {name: self._reveal(reference) for name, reference in to.headers.items()}
        own = {"content-type": "application/json", "user-agent": f"axonhub/{__version__}"}
        if to.gzip:
            own["content-encoding"] = "gzip"
        return own | to.given | shown

    def _exchange(
        self, to: Destination, body: bytes, headers: dict[str, str], timeout: float
    ) -> Verdict:
        kept = self._connection is not None and self._at == to
        if not kept:
            self.close()
            self._connection, self._at = _connect(to, timeout), to
        assert self._connection is not None
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout)
        try:
            self._connection.request("POST", _target(to), body, headers | _proxy_key(to))
            answer = self._connection.getresponse()
        except (ConnectionError, HTTPException):
            self.close()
            if not kept:
                raise
            # The collector has closed a connection that nobody used.
            return self._exchange(to, body, headers, timeout)
        said = answer.read(_MOST_READ)
        if answer.read(1):
            self.close()
        return _judge(to, answer, said)


def _connect(to: Destination, timeout: float) -> HTTPConnection:
    url = urlsplit(to.url)
    assert url.hostname is not None
    at = urlsplit(to.proxy) if to.proxy is not None else url
    if to.proxy is not None and (at.scheme != "http" or at.hostname is None):
        raise OSError(None, "only http:// proxies are spoken to")
    assert at.hostname is not None
    if url.scheme != "https":
        return HTTPConnection(at.hostname, at.port, timeout=timeout)
    import os
    import ssl

    file = os.path.expanduser(to.ca_file) if to.ca_file is not None else None
    try:
        context = ssl.create_default_context(cafile=file)
    except OSError as error:
        raise OSError(error.errno, f"its ca_file {file}: {error.strerror}") from error
    connection = HTTPSConnection(at.hostname, at.port, timeout=timeout, context=context)
    if to.proxy is not None:
        connection.set_tunnel(url.hostname, url.port or 443, _basic(to.proxy))
    return connection


def _target(to: Destination) -> str:
    """What is asked for: a proxy without a tunnel wants the whole URL."""
    url = urlsplit(to.url)
    return to.url if to.proxy is not None and url.scheme == "http" else url.path or "/"


def _proxy_key(to: Destination) -> dict[str, str]:
    """Through a tunnel it has been shown already."""
    in_front = to.proxy is not None and to.url.startswith("http:")
    return _basic(to.proxy) if to.proxy is not None and in_front else {}


def _basic(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"proxy-authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _unanswered(to: Destination, reason: str) -> Verdict:
    grpc = urlsplit(to.url).port == _GRPC
    hint = f"; {_GRPC} is usually OTLP/gRPC's port, OTLP/HTTP's is 4318" if grpc else ""
    return Verdict("again", NO_STATUS, f"{to.url}: {reason}{hint}")


def _judge(to: Destination, answer: HTTPResponse, said: bytes) -> Verdict:
    code = str(answer.status)
    if 200 <= answer.status < 300:
        rejected, words = _read_partial(said)
        why = f"{to.url} rejected {rejected} of it{words}" if rejected else None
        return Verdict("taken", code, why, rejected=rejected)
    why = f"{to.url} answered {code}"
    if answer.status in _AGAIN:
        headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in answer.getheaders()]
        return Verdict("again", code, why, read_retry_after(headers, time()))
    if 300 <= answer.status < 400 or answer.status in (404, 405):
        why += ": is the endpoint right?"
    elif answer.status in (401, 403):
        why += ": look at telemetry.otlp_headers"
    return Verdict("refused", code, why)


def _read_partial(said: bytes) -> tuple[int, str]:
    """How many spans or points were rejected, and the collector's words on it."""
    try:
        told = jsonio.decode(said) if said.strip() else None
    except jsonio.InvalidJson:
        return 0, ""
    partial: Any = told.get("partialSuccess") if isinstance(told, dict) else None
    if not isinstance(partial, dict):
        return 0, ""
    words = partial.get("errorMessage")
    detail = f": {words[:_LONGEST_WORDS]}" if isinstance(words, str) and words else ""
    for name in ("rejectedSpans", "rejectedDataPoints"):
        # 64-bit numbers are texts in protobuf's JSON.
        count = str(partial.get(name) or "0")
        if count.isdecimal() and int(count):
            return int(count), detail
    return 0, detail
