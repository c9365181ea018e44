"""The hub's events to a Messages stream: one message, its blocks strictly one after the other.

    message_start  (content_block_start content_block_delta* content_block_stop)*
    message_delta  message_stop          or, at any point, `error` after the open block's stop

A block that begins while another is open waits, with its deltas, for that one's end. Blocks of
text and reasoning are not written before they say something: an empty block that a client sends
back is refused by the API.
"""

from __future__ import annotations

from typing import Literal

from axonhub_cli import jsonio
from axonhub_cli.ir.collect import is_citation, merge_usage, stop_of
from axonhub_cli.ir.events import (
    BlockEnded,
    BlockStarted,
    Event,
    Failed,
    Finished,
    NativeDelta,
    SignatureDelta,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolArgsDelta,
)
from axonhub_cli.ir.request import Image, Opaque, RedactedThinking, ToolCall
from axonhub_cli.ir.response import Stop, Usage
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.anthropic.errors import encode_stream_error
from axonhub_cli.protocols.anthropic.names import NAME, STOP_WORDS
from axonhub_cli.protocols.anthropic.response import (
    describe,
    encode_answer_block,
    encode_stop_details,
    encode_tier,
    make_tool_id,
    own_extra,
)
from axonhub_cli.protocols.anthropic.usage import encode_last_usage, encode_usage
from axonhub_cli.protocols.codec import UNSIGNED, ReplyContext
from axonhub_cli.protocols.read import as_str
from axonhub_cli.protocols.sse import encode_event

_Delta = TextDelta | ThinkingDelta | SignatureDelta | ToolArgsDelta | NativeDelta

_DELTA = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,'
    b'"delta":{"type":"%b","%b":%b}}\n\n'
)
_STOP = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
_MESSAGE_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'

_EMPTY: dict[str, dict[str, Json]] = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
}


class _Block:
    """The block that is open; `written` once its start has gone out."""

    def __init__(self, start: BlockStarted) -> None:
        self.start = start
        self.written = False
        self.signature: list[str] = []
        self.has_arguments = False


class AnthropicStreamEncoder:
    """One stream. Nothing follows `Finished` or `Failed`."""

    def __init__(self, context: ReplyContext) -> None:
        self._context = context
        self._place: Literal["before", "inside", "after"] = "before"
        self._open: _Block | None = None
        self._index = 0
        self._waiting: dict[int, list[Event]] = {}
        self._called = False
        self._usage = Usage()

    def feed(self, event: Event) -> bytes:
        if self._place == "inside":
            block = self._open
            if type(event) is TextDelta and block is not None and block.start.key == event.key:
                # Nearly all events of a stream are these.
                return self._say(block, b"text_delta", b"text", event.text)
            return self._on_event(event)
        if self._place == "after":
            return b""
        self._place = "inside"
        if isinstance(event, Started):
            return self._on_started(event)
        if isinstance(event, Failed):
            return self._on_event(event)
        return self._on_started(Started()) + self._on_event(event)

    def _on_event(self, event: Event) -> bytes:
        match event:
            case BlockStarted():
                return self._on_block(event)
            case BlockEnded(key):
                return self._on_end(key)
            case Finished():
                return self._on_finished(event)
            case Failed(error):
                ended = self._end_all()
                self._place = "after"
                return ended + encode_stream_error(error)
            case Started():
                self._usage = merge_usage(self._usage, event.usage)
                return b""
            case _:
                return self._on_delta(event)

    def _on_started(self, event: Started) -> bytes:
        self._usage = event.usage
        message = {
            "id": event.id or self._context.id,
            "type": "message",
            "role": "assistant",
            "model": self._context.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {**encode_usage(event.usage), **encode_tier(event.service_tier)},
            **own_extra(event.extra),
        }
        return _event("message_start", message=message)

    def _on_block(self, start: BlockStarted) -> bytes:
        if self._open is not None:
            self._waiting[start.key] = [start]
            return b""
        foreign = _foreign(start)
        if foreign is not None:
            self._open = block = _Block(BlockStarted(start.key, "text"))
            return self._say(block, b"text_delta", b"text", describe(foreign))
        self._open = block = _Block(start)
        return b"" if start.kind in _EMPTY else self._write_start(block)

    def _write_start(self, block: _Block) -> bytes:
        block.written = True
        content = _EMPTY.get(block.start.kind) or self._whole(block.start)
        return _event("content_block_start", index=self._index, content_block=content)

    def _whole(self, start: BlockStarted) -> dict[str, Json] | None:
        id = make_tool_id(self._context.id, self._index)
        if start.kind == "tool_call":
            self._called = True
            return encode_answer_block(ToolCall(start.id or "", start.name or "", ""), id)
        if start.kind == "redacted_thinking":
            return encode_answer_block(RedactedThinking(as_str(start.data)), id)
        opaque = Opaque(start.protocol or "", start.name or "", start.data)
        return encode_answer_block(opaque, id)

    def _on_delta(self, delta: _Delta) -> bytes:
        block = self._open
        if block is None or block.start.key != delta.key:
            if waiting := self._waiting.get(delta.key):
                waiting.append(delta)
            return b""
        match delta:
            case TextDelta(_, text):
                return self._say(block, b"text_delta", b"text", text)
            case ThinkingDelta(_, text):
                return self._say(block, b"thinking_delta", b"thinking", text)
            case ToolArgsDelta(_, text):
                block.has_arguments = block.has_arguments or bool(text)
                return self._say(block, b"input_json_delta", b"partial_json", text)
            case SignatureDelta(_, signature):
                # Clients take the last delta for the whole signature.
                block.signature.append(signature)
                return b""
            case NativeDelta():
                return self._cite(block, delta)

    def _say(self, block: _Block, kind: bytes, member: bytes, text: str) -> bytes:
        if not text:
            return b""
        delta = _DELTA % (self._index, kind, member, jsonio.encode(text))
        return delta if block.written else self._write_start(block) + delta

    def _cite(self, block: _Block, native: NativeDelta) -> bytes:
        if native.protocol != NAME:
            return b""
        data = native.data
        delta = {"type": "citations_delta", "citation": data} if is_citation(native) else data
        start = b"" if block.written else self._write_start(block)
        return start + _event("content_block_delta", index=self._index, delta=delta)

    def _on_end(self, key: int) -> bytes:
        if self._open is None or self._open.start.key != key:
            if waiting := self._waiting.get(key):
                waiting.append(BlockEnded(key))
            return b""
        return self._end(self._open) + self._drain()

    def _end(self, block: _Block) -> bytes:
        self._open = None
        last = b""
        if block.start.kind == "thinking" and (block.written or block.signature):
            signature = "".join(block.signature) or UNSIGNED
            last = self._say(block, b"signature_delta", b"signature", signature)
        elif block.start.kind == "tool_call" and not block.has_arguments:
            last = self._say(block, b"input_json_delta", b"partial_json", "{}")
        if not block.written:
            return b""
        stop = last + _STOP % self._index
        self._index += 1
        return stop

    def _drain(self) -> bytes:
        """Writes what waits, up to the first block that has not ended yet."""
        parts: list[bytes] = []
        while self._waiting and self._open is None:
            events = self._waiting.pop(next(iter(self._waiting)))
            ended = isinstance(events[-1], BlockEnded)
            parts += [self._on_event(event) for event in (events[:-1] if ended else events)]
            if ended and self._open is not None:
                parts.append(self._end(self._open))
        return b"".join(parts)

    def _end_all(self) -> bytes:
        parts: list[bytes] = []
        while self._open is not None:
            parts += (self._end(self._open), self._drain())
        return b"".join(parts)

    def _on_finished(self, event: Finished) -> bytes:
        ended = self._end_all()
        self._place = "after"
        calls = [ToolCall("", "", "")] if self._called else []
        stop = stop_of(calls, event.stop)
        usage = merge_usage(self._usage, event.usage)
        return ended + _encode_message_delta(stop, usage) + _MESSAGE_STOP


def _foreign(start: BlockStarted) -> Image | Opaque | None:
    """A block that no Message can hold: it is described, as a text like any other."""
    if start.kind == "image":
        assert isinstance(start.data, Image)
        return start.data
    if start.kind != "opaque" or start.protocol == NAME:
        return None
    return Opaque(start.protocol or "", start.name or "", start.data)


def _encode_message_delta(stop: Stop, usage: Usage) -> bytes:
    delta = {
        "stop_reason": STOP_WORDS[stop.reason],
        "stop_sequence": stop.sequence,
        **encode_stop_details(stop),
    }
    return _event("message_delta", delta=delta, usage=encode_last_usage(usage))


def _event(kind: str, **members: Json) -> bytes:
    return encode_event(kind, jsonio.encode({"type": kind, **members}))
