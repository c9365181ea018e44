"""Another protocol: the client's request goes up through the hub, the answer comes back through it.

client wire → decode → hub → names made fit → encode → dialect → upstream wire
client wire ← encode ← hub ← names given back ← dialect ← decode ← upstream wire
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from axonhub_cli import jsonio
from axonhub_cli.dialects import DIALECTS
from axonhub_cli.dialects.base import (
    Dialect,
    EventFilters,
    QuirkContext,
    Settings,
    apply_quirks,
    filter_response,
)
from axonhub_cli.errors import (
    ErrorInfo,
    UpstreamError,
    UpstreamGarbled,
    UpstreamStatus,
)
from axonhub_cli.ir.collect import BrokenAnswer, Collector, replay
from axonhub_cli.ir.events import BlockStarted, Event, Failed, Finished, Started
from axonhub_cli.ir.freeform import without_freeform
from axonhub_cli.ir.loss import Loss
from axonhub_cli.ir.naming import Naming
from axonhub_cli.ir.recall import NOTHING, Recall
from axonhub_cli.ir.request import Image, Request
from axonhub_cli.ir.response import Response
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.base import WireProtocol, is_error_body
from axonhub_cli.protocols.codec import Codec, ReplyContext, StreamDecoder
from axonhub_cli.protocols.sse import EventSplitter, parse_events
from axonhub_cli.providers import Provider
from axonhub_cli.proxy.relay import add_to_tail, tee
from axonhub_cli.proxy.reply import SSE_HEADERS, HeaderList, Outlet
from axonhub_cli.tracing.recorder import AttemptRecord

JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")
_NO_IMAGES = Loss(
    "answer.content[*]", "an answer holds no images here: a link or a note is given as text"
)
_PASSED = frozenset({b"request-id", b"x-request-id", b"retry-after", b"x-should-retry"})


def dialect_of(provider: Provider, protocol: str) -> Dialect:
    """How the provider's endpoint deviates; one that is not named speaks as it is written."""
    name = provider.dialects.get(protocol)
    return DIALECTS[name] if name is not None else Dialect("plain", protocol, relays=True)


def codec_of(protocol: WireProtocol) -> Codec:
    assert protocol.codec is not None, f"{protocol.name} cannot be converted"
    return protocol.codec


def encode_known(recall: Recall, item: Json) -> bytes:
    """An item of a body as JSON; of a known part it may have been written before."""
    known: bytes | None = recall.find("json", item)
    if known is None:
        known = jsonio.encode(item)
        recall.keep("json", item, known)
    return known


class Conversion:
    """One candidate's conversion: made before the attempt, used for whatever it answers."""

    def __init__(
        self,
        request: Request,
        *,
        client: WireProtocol,
        upstream: WireProtocol,
        model: str,
        dialect: Dialect,
        settings: Settings,
        context: ReplyContext,
        recall: Recall = NOTHING,
    ) -> None:
        self.client = client
        self.upstream = upstream
        self.context = context
        self._dialect = dialect
        lost: tuple[Loss, ...] = ()
        if not dialect.custom_tools:
            request, lost = without_freeform(request)
        self._naming = Naming(request, client=client.name, upstream=upstream.name, recall=recall)
        fitted = self._naming.request(request)
        encoded = codec_of(upstream).encode_request(fitted, model, recall)
        quirks = QuirkContext(model, fitted, settings)
        body, losses = apply_quirks(dialect, encoded.body, quirks)
        self.body, self.parts = jsonio.encode_in_parts(body, partial(encode_known, recall))
        self.answer_losses: tuple[Loss, ...] = ()
        """What the answer could not say, as far as it has come."""
        self.losses: tuple[Loss, ...] = (*lost, *encoded.losses, *losses)

    def answer(self, body: bytes) -> Response:
        """A whole answer of the upstream, JSON or events. Raises `UpstreamError`."""
        if not body.strip():
            raise UpstreamGarbled("it answered 200 with an empty body", what="empty")
        if body.lstrip()[:1] != b"{":
            return self._collected(body)
        try:
            value = jsonio.decode(body)
        except jsonio.InvalidJson as error:
            raise UpstreamGarbled("it answered with something that is not JSON") from error
        if is_error_body(value):
            status = self.upstream.error_status(body)
            raise self.error(UpstreamStatus(status, [JSON], body, message="it answered an error"))
        response = codec_of(self.upstream).decode_response(value)
        filtered = filter_response(self._dialect, response, self.context.id)
        if any(isinstance(block, Image) for block in filtered.content):
            self._note_image()
        return self._naming.response(filtered)

    def _collected(self, body: bytes) -> Response:
        pipeline, collector = self.pipeline(), Collector()
        try:
            for event in (*pipeline.feed(body + b"\n\n"), *pipeline.close()):
                collector.add(event)
        except BrokenAnswer as broken:
            info = broken.error
            raise self.told(info, body + b"\n\n", "its answer is an error") from broken
        return collector.response()

    def encode_answer(self, response: Response) -> bytes:
        return jsonio.encode(codec_of(self.client).encode_response(response, self.context))

    def encode_stream(self, response: Response) -> bytes:
        encoder = codec_of(self.client).stream_encoder(self.context)
        return b"".join([encoder.feed(event) for event in replay(response)])

    def error(self, error: UpstreamStatus) -> UpstreamStatus:
        """An error answer of the upstream, in the client's shape."""
        info = codec_of(self.upstream).decode_error(error.status, error.body)
        headers = [(n, v) for n, v in error.headers if n.lower() in _PASSED]
        return UpstreamStatus(
            info.status,
            [*headers, JSON],
            self.client.encode_error(info),
            message=error.message,
            said=error.said,
        )

    def told(self, info: ErrorInfo, events: bytes, message: str) -> UpstreamStatus:
        """A failure among whole events of the upstream; its own words count before any content."""
        said = self.upstream.read_point(events).error
        body = self.client.encode_error(info)
        return UpstreamStatus(info.status, [JSON], body, message=message, said=said)

    def pipeline(self) -> Pipeline:
        filters = EventFilters(self._dialect, self.context.id)
        decoder = codec_of(self.upstream).stream_decoder()
        return Pipeline(decoder, filters, self._naming, self._note_image)

    def _note_image(self) -> None:
        if not codec_of(self.client).shows_images:
            self.answer_losses = (_NO_IMAGES,)


class Pipeline:
    """Upstream SSE bytes (whole events) to events of the hub, as the client is to see them."""

    def __init__(
        self,
        decoder: StreamDecoder,
        filters: EventFilters,
        naming: Naming,
        note_image: Callable[[], None],
    ) -> None:
        self._note_image = note_image
        self._decoder = decoder
        self._filters = filters
        self._naming = naming

    def feed(self, whole: bytes) -> list[Event]:
        events: list[Event] = []
        for sse in parse_events(whole):
            for event in self._decoder.feed(sse):
                events += self.pass_on(event)
        return events

    def close(self) -> list[Event]:
        return [out for event in self._decoder.close() for out in self.pass_on(event)]

    def pass_on(self, event: Event) -> list[Event]:
        if type(event) is BlockStarted and event.kind == "image":
            self._note_image()
        return [self._naming.event(each) for each in self._filters.feed(event)]


class StreamConvert:
    """One upstream stream on its way to a client of another protocol; see `relay.StreamRelay`.

    Before `committed` its methods raise `UpstreamError` and the client has seen nothing of it.
    """

    def __init__(
        self,
        conversion: Conversion,
        reply: Outlet,
        record: AttemptRecord,
        headers: HeaderList,
        elapsed_ms: Callable[[], float],
        conceal: Callable[[bytes], bytes],
    ) -> None:
        self.committed = False
        self.ended = False
        self.failure: UpstreamError | None = None
        self._conversion = conversion
        self._pipeline = conversion.pipeline()
        self._encoder = codec_of(conversion.client).stream_encoder(conversion.context)
        self._reply = reply
        self._record = record
        self._headers = [(n, v) for n, v in headers if n.lower() in _PASSED]
        self._elapsed_ms = elapsed_ms
        self._conceal = conceal
        self._splitter = EventSplitter()
        self._waiting: list[bytes] = []
        self._tail = b""
        self._kept = 0
        self._read = b""

    async def feed(self, chunk: bytes) -> bool:
        """Take what was read; True when it held a whole event."""
        self._kept = tee(self._record, chunk, self._kept)
        whole = self._splitter.feed(chunk)
        if not whole:
            return False
        self._tail = add_to_tail(self._tail, whole)
        if not self.ended:
            self._read = self._conceal(whole)
            await self._pass_on(self._pipeline.feed(self._read))
        return True

    def is_complete(self) -> bool:
        """Has the stop reason come? Little may follow it, and nothing of the answer."""
        return self.committed and self._conversion.upstream.read_end(self._tail).missing is not None

    async def finish(self) -> None:
        """The upstream is done: end the client's stream as it should end."""
        if not self.ended:
            events = self._pipeline.close()
            if not self.committed and any(isinstance(event, Failed) for event in events):
                raise UpstreamGarbled("the stream ended before any content", what="empty")
            await self._pass_on([self._signed(event) for event in events])
        if not self.ended:
            raise UpstreamGarbled("the stream ended before any content", what="empty")
        await self._reply.end()

    async def break_off(self, error: UpstreamError) -> None:
        """End a committed stream: properly if its end has come, else with an error event."""
        events = [] if self.ended else self._pipeline.close()
        finished = next((e for e in events if isinstance(e, Finished)), None)
        if finished is None and not self.ended:
            events = [e for e in events if not isinstance(e, Failed)]
            events.append(self._signed(Failed(ErrorInfo.of(error.kind, error.message))))
        with suppress(UpstreamError):
            await self._pass_on(events)
        if self.failure is not None:
            self.failure = error
        await self._reply.end()

    def _signed(self, event: Event) -> Event:
        """A failure that is told in our words says whose they are, and of which request."""
        if not isinstance(event, Failed) or not self.committed:
            return event
        message = f"{event.error.message} (channel {self._record.channel!r}, by axonhub)"
        request_id = self._conversion.context.id
        return Failed(ErrorInfo.of(event.error.kind, message, request_id=request_id))

    async def _pass_on(self, events: list[Event]) -> None:
        """All events of one read go out together."""
        for event in events:
            self._note(event)
        data = b"".join([self._encoder.feed(event) for event in events])
        if not self.committed:
            self._waiting.append(data)
            if not any(not isinstance(event, Started) for event in events):
                return
            self.committed = True
            self._record.first_event_ms = self._elapsed_ms()
            await self._reply.open(200, [*SSE_HEADERS, *self._headers])
            data = b"".join(self._waiting)
        if data:
            if self._record.delivered is not None:
                self._record.delivered.append(data)
            await self._reply.write(data)

    def _note(self, event: Event) -> None:
        """Keep the record, and raise while a failure can still be followed by another attempt."""
        match event:
            case Failed(info):
                if not self.committed:
                    raise self._conversion.told(info, self._read, "an error came first")
                self.failure = UpstreamGarbled(info.message, what="broken")
                self._record.status, self._record.error = "failed", info.message
                self.ended = True
            case Finished():
                self._record.status = "completed"
                self.ended = True
            case _:
                pass


async def send_converted(
    conversion: Conversion,
    body: bytes,
    reply: Outlet,
    record: AttemptRecord,
    headers: HeaderList,
    *,
    streamed: bool,
) -> None:
    """Give the client an answer that came whole: as a stream when it asked for one."""
    response = conversion.answer(body)
    record.status = "completed"
    passed = [(n, v) for n, v in headers if n in _PASSED]
    encode = conversion.encode_stream if streamed else conversion.encode_answer
    data = encode(response)
    if record.delivered is not None:
        record.delivered.append(data)
    if streamed:
        await reply.open(200, [*SSE_HEADERS, *passed])
        await reply.end(data)
    else:
        await reply.send_whole(200, [JSON, *passed], data)
