"""HTTP to the upstreams: one call, its answer, and what their failures mean.

With `transports`, the only file that knows aiohttp and httpx. Prepared requests go straight to
httpx's transport, and to aiohttp without anything between: their clients would re-parse headers,
cookies and redirects for each call.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
)
from contextlib import suppress
from functools import lru_cache
from typing import cast
from urllib.parse import urlsplit

import aiohttp
import httpx
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import PayloadEncodingError
from msgspec import Struct
from multidict import CIMultiDict
from yarl import URL

from axonhub_cli.config.userinfo import hide_userinfo
from axonhub_cli.echo.script import Reply, respond
from axonhub_cli.errors import (
    UpstreamError,
    UpstreamGarbled,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from axonhub_cli.proxy.reply import HeaderList
from axonhub_cli.proxy.transports import Transports

# From 1 MiB on aiohttp warns about raw bytes: they may block the loop of who writes them slowly.
# Written at once they cost one copy less, and uvloop sends what the socket takes.
_LARGEST_RAW_BODY = 1 << 20
# RFC 9110, section 5.5, but for the tab.
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class UpstreamCall(Struct, frozen=True):
    """One HTTP request, ready to send."""

    method: str
    url: str
    headers: HeaderList
    body: bytes
    connect_timeout: float
    proxy: str | None = None
    """None: as the environment says. Loopback never goes through a proxy."""
    ca_file: str | None = None
    """PEM file of further authorities that may have signed the upstream's certificate."""

    def __repr__(self) -> str:
        """Without the headers, which hold the credential."""
        return f"UpstreamCall({self.method} {hide_userinfo(self.url.partition('?')[0])})"


class Exchange:
    """An answer whose head has come; `aclose` ends the upstream's work on it."""

    def __init__(
        self,
        status: int,
        headers: HeaderList,
        chunks: AsyncGenerator[bytes, None],
        hang_up: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self._chunks = chunks
        self._hang_up = hang_up

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it is read. Raises `UpstreamUnreachable` when the connection breaks."""
        return self._chunks

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([chunk async for chunk in self._chunks])

    def header(self, name: bytes) -> str | None:
        """The first header of that (lower-case) name."""
        for key, value in self.headers:
            if key.lower() == name:
                return value.decode("latin-1")
        return None

    async def aclose(self) -> None:
        # The answer is done with: an error while hanging up is nobody's any more.
        with suppress(httpx.HTTPError, aiohttp.ClientError, OSError):
            await self._chunks.aclose()
            if self._hang_up is not None:
                await self._hang_up()


class Upstreams:
    """The connection pools of one process. Make it inside the running loop; close it there."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._transports = Transports(environ)

    async def open(self, call: UpstreamCall) -> Exchange:
        """Send, and wait for the head of the answer.

        Raises `UpstreamUnreachable` or `UpstreamTimeout` (connecting only: how long to wait for
        an answer is the caller's to limit).
        """
        if call.url.startswith("echo:"):
            return _open_echo(call)
        way = self._transports.find(call.url, call.headers, call.proxy, call.ca_file)
        try:
            if isinstance(way, aiohttp.ClientSession):
                return await _open_direct(way, call)
            response = await way.handle_async_request(_request(call))
        except (httpx.HTTPError, aiohttp.ClientError, OSError, ValueError) as error:
            proxy = self._transports.proxy(call.url, call.proxy)
            raise _translate(error, call, proxy) from error
        chunks = _read(cast("httpx.AsyncByteStream", response.stream))
        return Exchange(response.status_code, list(response.headers.raw), chunks, response.aclose)

    async def aclose(self) -> None:
        await self._transports.aclose()


async def _open_direct(session: aiohttp.ClientSession, call: UpstreamCall) -> Exchange:
    response = await session.request(
        call.method,
        _parse_direct_url(call.url),
        headers=CIMultiDict([(name.decode(), value.decode()) for name, value in call.headers]),
        data=_payload(call.body),
        allow_redirects=False,
        timeout=_direct_timeout(call.connect_timeout),
    )

    async def hang_up() -> None:
        response.release()
        # A body that is still being written must not be left to nobody.
        await response.wait_for_close()

    return Exchange(
        response.status,
        list(response.raw_headers),
        _read(response.content.iter_any()),
        hang_up,
    )


def _payload(body: bytes) -> aiohttp.Payload | None:
    """What aiohttp would look up in its registry for each body."""
    if not body:
        return None
    return _LargeBody(body) if len(body) >= _LARGEST_RAW_BODY else aiohttp.BytesPayload(body)


@lru_cache(maxsize=256)
def _parse_direct_url(url: str) -> URL:
    # It was seen that nothing in it would be quoted anew.
    return URL(url, encoded=True)


@lru_cache(maxsize=256)
def _direct_timeout(connect: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(sock_connect=connect)


def _request(call: UpstreamCall) -> httpx.Request:
    timeout = {"connect": call.connect_timeout, "pool": None, "read": None, "write": None}
    extensions = {"timeout": timeout}
    if len(call.body) < _LARGEST_RAW_BODY:
        return httpx.Request(
            call.method,
            _parse_url(call.url),
            headers=call.headers,
            content=call.body,
            extensions=extensions,
        )
    headers = [*call.headers, (b"content-length", str(len(call.body)).encode())]
    return httpx.Request(
        call.method, call.url, headers=headers, stream=_LargeBody(call.body), extensions=extensions
    )


_parse_url = lru_cache(maxsize=256)(httpx.URL)


class _LargeBody(aiohttp.Payload, httpx.AsyncByteStream):
    """A body that both libraries take as it is."""

    _autoclose = True  # nothing is held that must be closed

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._size = len(body)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return str(self._value, encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        await writer.write(self._value)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._value


async def _read(stream: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in stream:
            yield chunk
    except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
        reason = _reason(error.__cause__ or error)
        message = f"the connection broke inside the answer: {reason}"
        raise UpstreamUnreachable(message, inside=True) from error


def _translate(cause: Exception, call: UpstreamCall, proxy: str | None) -> UpstreamError:
    """What a failed call means."""
    where = urlsplit(call.url).netloc
    if isinstance(cause, aiohttp.ConnectionTimeoutError | httpx.ConnectTimeout):
        message = f"no connection to {where} within {call.connect_timeout:g} s"
        return UpstreamTimeout(message, stage="connect")
    if isinstance(cause, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError) or (
        "CERTIFICATE_VERIFY_FAILED" in str(cause)
    ):
        return UpstreamUnreachable(
            f"the certificate of {where} is not trusted: {_reason(cause)}",
            hint="give the channel the CA's file with --ca-file; behind a company proxy, set "
            "SSL_CERT_FILE to its bundle",
        )
    if isinstance(cause, aiohttp.ClientConnectorError | httpx.ConnectError):
        place = f"the proxy {hide_userinfo(proxy)}" if proxy and _is_network_error(cause) else where
        return UpstreamUnreachable(f"cannot connect to {place}: {_reason(cause)}")
    if isinstance(cause, httpx.ProxyError):
        return UpstreamUnreachable(f"the proxy refused the connection: {_reason(cause)}")
    if isinstance(cause, httpx.LocalProtocolError | ValueError) and (
        name := _unsendable_header(call.headers)
    ):
        return UpstreamUnreachable(f"the header {name!r} holds what no header can carry")
    if isinstance(cause, httpx.LocalProtocolError):
        return UpstreamUnreachable(f"the request to {where} cannot be written: {_reason(cause)}")
    if isinstance(cause, httpx.UnsupportedProtocol | aiohttp.InvalidURL | ValueError):
        return UpstreamUnreachable(f"{hide_userinfo(call.url)} is not a URL that can be called")
    return _broken(cause, where)


def _unsendable_header(headers: HeaderList) -> str | None:
    """The name of a header with a control character; its value may be a credential."""
    for name, value in headers:
        if _CONTROL.search(value):
            return name.decode("latin-1")
    return None


def _broken(cause: Exception, where: str) -> UpstreamError:
    """An open connection gave no head of an answer. Where a byte of one came, it may have been
    worked on and billed: only silence is repeated."""
    told = cause.args[0] if cause.args else ""
    begun = isinstance(cause, aiohttp.ServerDisconnectedError) and not isinstance(told, str)
    if begun:
        message = f"{where} closed the connection inside its answer's head"
        return UpstreamUnreachable(message, inside=True)
    ended = isinstance(cause, httpx.RemoteProtocolError) and "disconnected" in str(told)
    if isinstance(cause, aiohttp.ClientResponseError | httpx.RemoteProtocolError) and not ended:
        return UpstreamGarbled(f"what {where} answers is not HTTP: is the base URL right?")
    return UpstreamUnreachable(f"{where} closed the connection without an answer", dropped=True)


def _reason(error: BaseException) -> str:
    """What went wrong, in the system's words where it was the system that failed."""
    root = _root(error)
    if (
        isinstance(root, OSError)
        and root.errno
        and not isinstance(root, ssl.SSLError | socket.gaierror)
    ):
        return os.strerror(root.errno).lower()
    if isinstance(root, PayloadEncodingError):
        short = "Not enough data" in root.message
        return "it was cut short" if short else " ".join(root.message.split())
    text = getattr(root, "strerror", None) or str(root) or type(root).__name__
    return hide_userinfo(text)


def _is_network_error(error: BaseException) -> bool:
    """Not one of TLS, which may come from behind a proxy."""
    root = _root(error)
    return isinstance(root, OSError) and not isinstance(root, ssl.SSLError)


def _root(error: BaseException) -> BaseException:
    """What happened first, below what each library made of it."""
    first = error.args[0] if error.args else None  # where httpcore keeps its cause
    inner = getattr(error, "os_error", None) or error.__cause__ or first
    if isinstance(inner, BaseException):
        return _root(inner)
    if isinstance(error, BaseExceptionGroup):  # one for each address of the host
        return _root(error.exceptions[0])
    return error


def _open_echo(call: UpstreamCall) -> Exchange:
    reply = respond(call.url.removeprefix("echo:"), call.body)
    return Exchange(reply.status, reply.headers, _play(reply))


async def _play(reply: Reply) -> AsyncGenerator[bytes, None]:
    for delay, chunk in reply.chunks:
        if delay:
            await asyncio.sleep(delay)
        yield chunk
