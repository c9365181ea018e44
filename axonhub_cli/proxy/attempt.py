"""One call upstream: send, look at what comes first, relay it. Failures leave as `UpstreamError`.

What counts as an answer: a 2xx whose body is JSON or, for a stream, events. A redirect, an HTML
page, an empty body or an error dressed as a 200 is a failure like any status.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from axonhub_cli import jsonio
from axonhub_cli.errors import UpstreamError, UpstreamGarbled, UpstreamStatus
from axonhub_cli.protocols.base import WireProtocol, is_error_body
from axonhub_cli.proxy.conceal import Conceal
from axonhub_cli.proxy.convert import Conversion, StreamConvert, send_converted
from axonhub_cli.proxy.encodings import TooLarge, Undecodable, make_decoder
from axonhub_cli.proxy.headers import response_headers
from axonhub_cli.proxy.relay import StreamRelay, tee_whole
from axonhub_cli.proxy.reply import HeaderList, Outlet
from axonhub_cli.proxy.silence import SilenceLimit
from axonhub_cli.proxy.snapshot import Limits
from axonhub_cli.proxy.upstream import Exchange, UpstreamCall, Upstreams
from axonhub_cli.tracing.recorder import AttemptRecord

_LARGEST_ERROR_BODY = 16 * 1024 * 1024
_LARGEST_ANSWER = 256 * 1024 * 1024
# An error's status says most of it: its words are not waited for long.
_ERROR_BODY_S = 10.0
# Some upstreams keep the connection open after the last event; others send a word more.
_AFTER_THE_END_S = 0.5
# Others give the stop reason, then neither an end nor the connection's; the usage may yet come.
_AFTER_THE_STOP_S = 5.0
_EVENT_STARTS = (b"event", b"data", b"id", b"retry", b":")
_BEFORE_THE_FIRST = b"\xef\xbb\xbf \t\r\n"


class Attempt:
    """One attempt of one request. After a raised `UpstreamError` the client has seen no content."""

    def __init__(
        self,
        upstreams: Upstreams,
        protocol: WireProtocol,
        reply: Outlet,
        record: AttemptRecord,
        limits: Limits,
        request_id: str,
        clock: Callable[[], float],
        conversion: Conversion | None = None,
        answered: Callable[[float], None] = lambda ms: None,
    ) -> None:
        """`protocol` is the upstream's; `conversion` there is when the client's is another.
        `answered` is told when the first content of a stream has come, after how many ms."""
        self._answered = answered
        self._conversion = conversion
        self._clock = clock
        self._started = clock()
        self._upstreams = upstreams
        self._protocol = protocol
        self._reply = reply
        self._record = record
        self._limits = limits
        self._request_id = request_id
        self._conceal = Conceal([])

    async def stream(self, call: UpstreamCall) -> UpstreamError | None:
        """Relay a streamed answer; returns when the client has all of it, and what broke it off
        after the commit."""
        relay: StreamRelay | StreamConvert | None = None
        limit = self._limits.first_event
        message = f"no event came within {limit:g} s"
        try:
            async with SilenceLimit(limit, message, stage="first_event") as silence:
                exchange = await self._open(call)
                try:
                    await self._check(exchange)
                    chunks = _decoded(exchange, _LARGEST_ANSWER)
                    first = await anext(chunks, b"")
                    if _is_whole(exchange, first):
                        # It ignored `stream`; the client knows best what to do with it.
                        await self._pass_whole(exchange, first, chunks, silence, streamed=True)
                        return None
                    relay = self._relay(exchange)
                    silence.shorten(_AFTER_THE_STOP_S, once=relay.is_complete)
                    await self._pump(first, chunks, relay, silence)
                finally:
                    await exchange.aclose()
                # Whatever the client's side still has to take is not the upstream's silence.
                silence.writing(True)
                await relay.finish()
        except UpstreamError as error:
            if relay is None or not relay.committed:
                raise
            await relay.break_off(error)
        return relay.failure

    async def whole(self, call: UpstreamCall) -> None:
        """Pass on an answer that is not streamed."""
        limit = self._limits.total
        async with SilenceLimit(limit, f"no answer came within {limit:g} s") as silence:
            exchange = await self._open(call)
            try:
                await self._check(exchange)
                chunks = _decoded(exchange, _LARGEST_ANSWER)
                await self._pass_whole(exchange, b"", chunks, silence, streamed=False)
            finally:
                await exchange.aclose()

    async def _open(self, call: UpstreamCall) -> Exchange:
        exchange = await self._upstreams.open(call)
        self._conceal = Conceal(call.headers)
        exchange.headers = self._conceal.headers(exchange.headers)
        self._record.http_status = exchange.status
        self._record.answer_headers = exchange.headers
        # Anthropic's name for it, then that of OpenAI and most who speak its protocol.
        self._record.upstream_request_id = exchange.header(b"request-id") or exchange.header(
            b"x-request-id"
        )
        return exchange

    def _relay(self, exchange: Exchange) -> StreamRelay | StreamConvert:
        headers = _decoded_headers(exchange)

        def first_content_ms() -> float:
            ms = (self._clock() - self._started) * 1000
            self._answered(ms)
            return ms

        if self._conversion is not None:
            return StreamConvert(
                self._conversion,
                self._reply,
                self._record,
                headers,
                first_content_ms,
                self._conceal.bytes,
            )
        return StreamRelay(
            self._reply,
            self._protocol,
            self._record,
            headers,
            self._request_id,
            first_content_ms,
            self._conceal.bytes,
        )

    async def _pump(
        self,
        first: bytes,
        chunks: AsyncIterator[bytes],
        relay: StreamRelay | StreamConvert,
        silence: SilenceLimit,
    ) -> None:
        idle = self._limits.idle
        message = f"the upstream was silent for {idle:g} s"
        leave_at: float | None = None
        chunk: bytes | None = first
        while chunk is not None:
            silence.writing(True)
            whole = await relay.feed(chunk)
            silence.writing(False)
            if relay.ended and leave_at is None:
                leave_at = self._clock() + _AFTER_THE_END_S
                silence.heard(limit=_AFTER_THE_END_S, message=message)
            elif leave_at is not None and self._clock() > leave_at:
                return
            elif whole and leave_at is None:
                silence.heard(limit=idle, message=message)
            chunk = await anext(chunks, None)

    async def _pass_whole(
        self,
        exchange: Exchange,
        first: bytes,
        chunks: AsyncIterator[bytes],
        silence: SilenceLimit,
        *,
        streamed: bool,
    ) -> None:
        body = first + await _read(chunks, _LARGEST_ANSWER)
        # From here it is the client that takes its time.
        silence.writing(True)
        tee_whole(self._record, body)
        body = self._conceal.bytes(body)
        headers = response_headers(_decoded_headers(exchange))
        if self._conversion is not None:
            await send_converted(
                self._conversion, body, self._reply, self._record, headers, streamed=streamed
            )
            return
        self._refuse_garbage(exchange, body)
        if self._reply.opened:
            raise UpstreamGarbled("it answered without streaming, after a ping had begun a stream")
        self._record.status = "completed"
        await self._reply.send_whole(exchange.status, headers, body)

    async def _check(self, exchange: Exchange) -> None:
        """Raise unless this is the head of an answer."""
        status = exchange.status
        target = exchange.header(b"location")
        if 300 <= status < 400 and target is not None:
            raise UpstreamGarbled(f"it redirects to {target}: is the base URL right?")
        if not (200 <= status < 300 or 400 <= status < 600):
            raise UpstreamGarbled(f"it answered with the status {status}, which is no answer's")
        if status >= 400:
            body = self._conceal.bytes(await self._error_body(exchange))
            headers = response_headers(_decoded_headers(exchange))
            error = UpstreamStatus(status, headers, body, message=f"it answered {status}")
            raise error if self._conversion is None else self._conversion.error(error)
        content_type = (exchange.header(b"content-type") or "").lower()
        if "html" in content_type:
            raise UpstreamGarbled("it answered with a web page: is the base URL right?")

    async def _error_body(self, exchange: Exchange) -> bytes:
        """An error's words, as far as they can be had: its status counts without them too."""
        parts: list[bytes] = []
        size = 0
        with suppress(UpstreamError, TimeoutError):
            async with asyncio.timeout(_ERROR_BODY_S):
                async for chunk in _decoded(exchange, _LARGEST_ERROR_BODY):
                    parts.append(chunk)
                    size += len(chunk)
                    if size > _LARGEST_ERROR_BODY:
                        break
        body = b"".join(parts)
        tee_whole(self._record, body)
        return body

    def _refuse_garbage(self, exchange: Exchange, body: bytes) -> None:
        try:
            value = jsonio.decode(body)
        except jsonio.InvalidJson as error:
            if not body.strip():
                message = f"it answered {exchange.status} with an empty body"
                raise UpstreamGarbled(message, what="empty") from error
            message = f"it answered {exchange.status} with something that is not JSON"
            raise UpstreamGarbled(message) from error
        if is_error_body(value):
            headers = response_headers(_decoded_headers(exchange))
            raise UpstreamStatus(
                self._protocol.error_status(body), headers, body, message="it answered an error"
            )


def _decoded_headers(exchange: Exchange) -> HeaderList:
    """The head without its content encoding, which is undone here."""
    return [(n, v) for n, v in exchange.headers if n.lower() != b"content-encoding"]


def _is_whole(exchange: Exchange, first: bytes) -> bool:
    """Is this a JSON answer instead of events? Labels are wrong in both directions."""
    start = first.lstrip(_BEFORE_THE_FIRST)
    if start[:1] == b"{":
        return True
    is_json = "json" in (exchange.header(b"content-type") or "").lower()
    return is_json and not start.startswith(_EVENT_STARTS)


async def _read(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > limit:
            raise UpstreamGarbled(f"its answer is larger than {limit:,} bytes")
    return b"".join(parts)


def _decoded(exchange: Exchange, limit: int) -> AsyncIterator[bytes]:
    """The body's chunks, unpacked when an upstream compresses although it was asked not to."""
    encoding = (exchange.header(b"content-encoding") or "").strip().lower()
    if encoding in ("", "identity"):
        return exchange.chunks()
    return _unpack(exchange, encoding, limit)


async def _unpack(exchange: Exchange, encoding: str, limit: int) -> AsyncIterator[bytes]:
    try:
        decoder = make_decoder(encoding, limit)
        async for chunk in exchange.chunks():
            if data := decoder.feed(chunk):
                yield data
        decoder.finish()
    except (Undecodable, TooLarge) as error:
        raise UpstreamGarbled(f"its {encoding} encoding cannot be undone: {error}") from error
