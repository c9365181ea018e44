"""A Messages stream to the hub's events: tolerant of what relays leave out or mix up.

    message_start  (content_block_start content_block_delta* content_block_stop)*
    message_delta  message_stop          with `ping` anywhere and `error` instead of the rest

A block's place in the stream (`index`) is mapped to a key of our own, so that an index used again,
or a delta of another kind than its block, becomes another block. Blocks that only this protocol
knows are held until they are whole.
"""

from __future__ import annotations

from typing import Literal

from axonhub_cli import jsonio
from axonhub_cli.errors import ErrorInfo
from axonhub_cli.ir.collect import merge_usage, stop_of
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
from axonhub_cli.ir.request import ToolCall
from axonhub_cli.ir.response import Stop, Usage
from axonhub_cli.protocols.anthropic.blocks import Object, read_input
from axonhub_cli.protocols.anthropic.errors import decode_stream_error
from axonhub_cli.protocols.anthropic.names import NAME
from axonhub_cli.protocols.anthropic.response import (
    NO_NAME,
    decode_stop,
    encode_arguments,
    make_tool_id,
    message_extra,
)
from axonhub_cli.protocols.anthropic.usage import decode_usage
from axonhub_cli.protocols.read import as_dict, as_int, as_list, as_str
from axonhub_cli.protocols.sse import SseEvent

_TRUNCATED = "The upstream's stream ended before its answer was complete."
_NO_JSON = "The upstream's stream holds an event that is not JSON."
_NO_CALL = "The upstream's stream has arguments for a tool call that it never began."

_Streamed = Literal["text", "thinking", "tool_call"]
_STREAMED: dict[str, _Streamed] = {
    "text": "text",
    "thinking": "thinking",
    "tool_use": "tool_call",
}
_SPOKEN: dict[str, _Streamed] = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
}
"""Deltas that say of what kind their block is: one that never began begins with them."""


class _Open:
    """A block that has begun: streamed, or held until it is whole."""

    def __init__(self, key: int, kind: _Streamed | None, block: Object) -> None:
        self.key = key
        self.kind = kind
        self.block = block
        self.arguments: list[str] = []


class AnthropicStreamDecoder:
    """One stream; `close` may be called at any time."""

    def __init__(self) -> None:
        self._open: dict[int, _Open] = {}
        self._next_key = 0
        self._started = False
        self._id = ""
        self._over = False
        self._called = False
        self._stop: Stop | None = None
        self._usage = Usage()

    def feed(self, event: SseEvent) -> list[Event]:
        if self._over or not event.data or event.data == b"[DONE]":
            return []
        try:
            value = as_dict(jsonio.decode(event.data))
        except jsonio.InvalidJson:
            return [] if event.name == "ping" else self._fail(ErrorInfo.of("upstream", _NO_JSON))
        match as_str(value.get("type")) or event.name:
            case "content_block_delta":
                return self._on_delta(as_int(value.get("index")) or 0, as_dict(value.get("delta")))
            case "content_block_start":
                return self._on_block(value)
            case "content_block_stop":
                return self._end(as_int(value.get("index")) or 0)
            case "message_start":
                return self._on_start(as_dict(value.get("message")))
            case "message_delta":
                return self._on_message_delta(value)
            case "message_stop":
                return self._finish()
            case kind if kind == "error" or value.get("error"):
                # It may come as a bare body, without a name.
                return self._fail(decode_stream_error(event.data))
            case _:
                return []

    def close(self) -> list[Event]:
        if self._over:
            return []
        if self._stop is not None:
            return self._finish()
        return self._fail(ErrorInfo.of("upstream", _TRUNCATED))

    def _on_start(self, message: Object) -> list[Event]:
        usage = decode_usage(message.get("usage"))
        self._usage = merge_usage(self._usage, usage)
        if as_str(message.get("stop_reason")):
            self._stop = decode_stop(message)
        if self._started:
            return []
        self._started = True
        self._id = as_str(message.get("id"))
        return [
            Started(
                id=self._id or None,
                model=as_str(message.get("model")) or None,
                usage=usage,
                service_tier=as_str(as_dict(message.get("usage")).get("service_tier")) or None,
                extra=message_extra(message),
            )
        ]

    def _on_block(self, value: Object) -> list[Event]:
        index, block = as_int(value.get("index")) or 0, as_dict(value.get("content_block"))
        kind = _STREAMED.get(as_str(block.get("type")))
        return [*self._end(index), *self._begin(index, kind, block), *self._first(index, block)]

    def _begin(self, index: int, kind: _Streamed | None, block: Object) -> list[Event]:
        events: list[Event] = [] if self._started else self._on_start({})
        opened = _Open(self._next_key, kind, block)
        self._open[index] = opened
        self._next_key += 1
        if kind == "tool_call":
            self._called = True
            id = as_str(block.get("id")) or make_tool_id(self._id, opened.key)
            name = as_str(block.get("name")) or NO_NAME
            events.append(BlockStarted(opened.key, kind, id=id, name=name))
        elif kind is not None:
            events.append(BlockStarted(opened.key, kind))
        return events

    def _first(self, index: int, block: Object) -> list[Event]:
        """What a block says in its start already."""
        opened = self._open[index]
        events: list[Event] = []
        if opened.kind == "text":
            if text := as_str(block.get("text")):
                events.append(TextDelta(opened.key, text))
            events += [NativeDelta(opened.key, NAME, c) for c in as_list(block.get("citations"))]
        elif opened.kind == "thinking":
            if text := as_str(block.get("thinking")):
                events.append(ThinkingDelta(opened.key, text))
            if signature := as_str(block.get("signature")):
                events.append(SignatureDelta(opened.key, signature))
        return events

    def _on_delta(self, index: int, delta: Object) -> list[Event]:
        type = as_str(delta.get("type"))
        spoken = _SPOKEN.get(type)
        opened = self._open.get(index)
        events: list[Event] = []
        if spoken is not None and (opened is None or opened.kind != spoken):
            events = [*self._end(index), *self._begin(index, spoken, {})]
            opened = self._open[index]
        if opened is None:
            if type != "input_json_delta":
                return []
            return self._fail(ErrorInfo.of("upstream", _NO_CALL))
        match type:
            case "text_delta":
                events.append(TextDelta(opened.key, as_str(delta.get("text"))))
            case "thinking_delta":
                events.append(ThinkingDelta(opened.key, as_str(delta.get("thinking"))))
            case "signature_delta":
                events.append(SignatureDelta(opened.key, as_str(delta.get("signature"))))
            case _:
                return _on_other_delta(opened, type, delta)
        return events

    def _end(self, index: int) -> list[Event]:
        opened = self._open.pop(index, None)
        if opened is None:
            return []
        if opened.kind is None:
            return [*_whole(opened), BlockEnded(opened.key)]
        given = opened.block.get("input") if opened.kind == "tool_call" else None
        if given and not opened.arguments:
            # Some upstreams give the input with the start, and no deltas.
            return [ToolArgsDelta(opened.key, encode_arguments(given)), BlockEnded(opened.key)]
        return [BlockEnded(opened.key)]

    def _on_message_delta(self, value: Object) -> list[Event]:
        delta = as_dict(value.get("delta"))
        if as_str(delta.get("stop_reason")):
            self._stop = decode_stop(delta)
        self._usage = merge_usage(self._usage, decode_usage(value.get("usage")))
        return []

    def _finish(self) -> list[Event]:
        stop = stop_of([ToolCall("", "", "")] if self._called else [], self._stop or Stop())
        events: list[Event] = [] if self._started else self._on_start({})
        return [*events, *self._end_all(), Finished(stop, self._usage)]

    def _fail(self, error: ErrorInfo) -> list[Event]:
        return [*self._end_all(), Failed(error)]

    def _end_all(self) -> list[Event]:
        self._over = True
        return [event for index in list(self._open) for event in self._end(index)]


def _on_other_delta(opened: _Open, type: str, delta: Object) -> list[Event]:
    if type == "input_json_delta" and opened.kind in ("tool_call", None):
        text = as_str(delta.get("partial_json"))
        opened.arguments.append(text)
        return [ToolArgsDelta(opened.key, text)] if opened.kind and text else []
    if opened.kind is None:
        # A delta of a block that we do not know: its members are the block's.
        opened.block = opened.block | {name: delta[name] for name in delta if name != "type"}
        return []
    if type == "citations_delta":
        return [NativeDelta(opened.key, NAME, delta.get("citation"))]
    return [NativeDelta(opened.key, NAME, delta)]


def _whole(opened: _Open) -> list[Event]:
    """The start of a block that was held, all of it."""
    block, kind = opened.block, as_str(opened.block.get("type"))
    if kind == "redacted_thinking":
        return [BlockStarted(opened.key, "redacted_thinking", data=as_str(block.get("data")))]
    if arguments := "".join(opened.arguments):
        block = block | {"input": read_input(arguments)}
    return [BlockStarted(opened.key, "opaque", name=kind, data=block, protocol=NAME)]
