"""Relay of an answer whose client and channel speak the same protocol: bytes through, teed.

A stream's whole events pass as they were read. Until the first content they are held, so that a
failure can still go to the next channel; after it a failure becomes one `error` event.
"""

from __future__ import annotations

from collections.abc import Callable

from axonhub_cli.errors import ErrorInfo, UpstreamError, UpstreamGarbled, UpstreamStatus
from axonhub_cli.protocols.base import WireProtocol
from axonhub_cli.protocols.essentials import add_to_end, essentials
from axonhub_cli.protocols.sse import EventSplitter
from axonhub_cli.proxy.headers import response_headers
from axonhub_cli.proxy.reply import HeaderList, Outlet
from axonhub_cli.tracing.recorder import AttemptRecord

# Of an answer that is larger, the trace keeps the beginning, and what tells its tokens.
_TEE_LIMIT = 16 * 1024 * 1024
# The events that tell how a stream ended fit in it.
_TAIL = 8 * 1024


def tee(record: AttemptRecord, chunk: bytes, kept: int) -> int:
    """Note a chunk for the trace; `kept` is how much is kept so far, the new sum is returned."""
    if record.answer_dropped or kept + len(chunk) > _TEE_LIMIT:
        record.answer_dropped += len(chunk)
        record.answer_rest = add_to_end(record.answer_rest, chunk)
        return kept
    record.answer.append(chunk)
    return kept + len(chunk)


def tee_whole(record: AttemptRecord, body: bytes) -> None:
    """Note an answer that is no stream."""
    if len(body) > _TEE_LIMIT:
        record.answer_dropped = len(body)
        record.answer_rest = essentials([body])
    else:
        record.answer.append(body)


def add_to_tail(tail: bytes, whole: bytes) -> bytes:
    """The last of what has come, by which a stream's end is judged."""
    return whole if len(whole) >= _TAIL else (tail + whole)[-_TAIL:]


class StreamRelay:
    """One upstream stream on its way to the client.

    Before `committed` its methods raise `UpstreamError` and the client has seen nothing of it.
    """

    def __init__(
        self,
        reply: Outlet,
        protocol: WireProtocol,
        record: AttemptRecord,
        headers: HeaderList,
        request_id: str,
        elapsed_ms: Callable[[], float],
        conceal: Callable[[bytes], bytes] = lambda data: data,
    ) -> None:
        self.committed = False
        self.ended = False
        """The event that ends a stream has been passed on; little or nothing will follow."""
        self.failure: UpstreamError | None = None
        """What ended the stream after the commit, and was told to the client."""
        self._conceal = conceal
        self._elapsed_ms = elapsed_ms
        self._reply = reply
        self._protocol = protocol
        self._record = record
        self._headers = headers
        self._request_id = request_id
        self._splitter = EventSplitter()
        self._waiting: list[bytes] = []
        self._tail = b""
        self._kept = 0

    async def feed(self, chunk: bytes) -> bool:
        """Take what was read; True when it held a whole event."""
        self._kept = tee(self._record, chunk, self._kept)
        whole = self._splitter.feed(chunk)
        if not whole:
            return False
        whole = self._conceal(whole)
        if not self.committed:
            return await self._before_commit(whole)
        await self._pass_on(whole)
        return True

    def is_complete(self) -> bool:
        """Has the stop reason come? Little may follow it, and nothing of the answer."""
        return self.committed and self._protocol.read_end(self._tail).missing is not None

    async def finish(self) -> None:
        """The upstream is done: end the stream as it should end."""
        if not self.committed:
            raise UpstreamGarbled("the stream ended before any content", what="empty")
        end = self._protocol.read_end(self._tail)
        if end.missing is None:
            early = UpstreamGarbled("the upstream's stream ended too early", what="broken")
            await self.break_off(early)
            return
        if end.error is not None:
            self._fail(UpstreamGarbled(end.error, what="broken"))
        else:
            self._record.status = "completed"
        await self._reply.end(end.missing)

    async def break_off(self, error: UpstreamError) -> None:
        """End a committed stream with an error event; what was held of a cut event is dropped."""
        if self._protocol.read_end(self._tail).missing is not None:
            # The stop reason has come: with the connection nothing of the answer was lost.
            await self.finish()
            return
        self._fail(error)
        message = f"{error.message} (channel {self._record.channel!r}, by axonhub)"
        info = ErrorInfo.of(error.kind, message, request_id=self._request_id)
        await self._reply.end(self._protocol.encode_stream_error(info))

    def _fail(self, error: UpstreamError) -> None:
        self.failure = error
        self._record.status, self._record.error = "failed", error.message

    async def _before_commit(self, whole: bytes) -> bool:
        self._waiting.append(whole)
        point = self._protocol.read_point(whole)
        if point.error is not None:
            raise UpstreamStatus(
                self._protocol.error_status(point.error),
                [*self._without_type(), (b"content-type", b"application/json")],
                point.error,
                message="an error event came first",
            )
        if point.committed:
            self.committed = True
            self._record.first_event_ms = self._elapsed_ms()
            await self._reply.open(200, response_headers(self._headers))
            await self._pass_on(b"".join(self._waiting))
        return True

    async def _pass_on(self, whole: bytes) -> None:
        self._tail = add_to_tail(self._tail, whole)
        await self._reply.write(whole)
        self.ended = self.ended or self._protocol.is_terminal(whole)

    def _without_type(self) -> HeaderList:
        return [(n, v) for n, v in self._headers if n.lower() != b"content-type"]
