"""A stream of Chat chunks to the hub's events: one machine a stream.

    nothing → started → (text | thinking | calls)* → stop known → done

One text or thinking block is open at a time (`_open`); calls stay open beside each other until the
answer ends, because a server may go on with any of them. After the finish reason the end waits for
the usage, which comes in a later chunk if it comes, for `[DONE]`, or for the end of the stream.
"""

from __future__ import annotations

from typing import Literal

from axonhub_cli.errors import ErrorInfo
from axonhub_cli.ir.collect import replay_block
from axonhub_cli.ir.events import (
    BlockEnded,
    BlockStarted,
    Event,
    Failed,
    Finished,
    SignatureDelta,
    Started,
    TextDelta,
    ThinkingDelta,
)
from axonhub_cli.ir.request import RedactedThinking, Thinking
from axonhub_cli.ir.response import Stop, Usage
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.openai_chat.calls import Calls
from axonhub_cli.protocols.openai_chat.errors import decode_error, error_status
from axonhub_cli.protocols.openai_chat.names import BROKEN
from axonhub_cli.protocols.openai_chat.reasoning import MEMBERS as REASONING
from axonhub_cli.protocols.openai_chat.reasoning import read_details, read_text
from axonhub_cli.protocols.openai_chat.response import (
    find_usage,
    read_extra,
    read_images,
    read_stop,
    read_usage,
    text_of,
)
from axonhub_cli.protocols.openai_chat.stream import (
    DONE,
    choices,
    finish_reason,
    is_error_event,
    read_chunk,
)
from axonhub_cli.protocols.read import as_str
from axonhub_cli.protocols.sse import SseEvent

Object = dict[str, Json]

TRUNCATED = "the upstream's stream ended before its answer was complete"


class ChatStreamDecoder:
    def __init__(self) -> None:
        self._started = False
        self._done = False
        self._open: BlockStarted | None = None
        self._next = 0
        self._calls = Calls()
        self._stop: Stop | None = None
        self._refused = False
        self._signed = False
        self._counted: tuple[Object, Object] | None = None
        self._out: list[Event] = []

    def feed(self, event: SseEvent) -> list[Event]:
        """The events that this one makes; none after the last."""
        if self._done:
            return []
        self._out = []
        if event.data.startswith(DONE):
            # An end without a beginning is no answer: another channel may have one.
            if self._started:
                self._finish()
            else:
                self._fail(ErrorInfo.of("upstream", TRUNCATED))
            return self._out
        value = read_chunk(event)
        if is_error_event(event, value):
            self._fail(decode_error(error_status(event.data), event.data))
        elif type(value) is dict:
            self._chunk(value)
        return self._out

    def close(self) -> list[Event]:
        """No more will come. A stop reason that has come makes the answer complete."""
        self._out = []
        if not self._done:
            if self._stop is not None:
                self._finish()
            else:
                self._fail(ErrorInfo.of("upstream", TRUNCATED))
        return self._out

    def _chunk(self, chunk: Object) -> None:
        found = choices(chunk)
        if found and not self._started:
            self._start(chunk)
        for choice in found:
            if choice.get("index") in (0, None) and not self._done:
                self._choice(choice)
                if choice.get("usage") and find_usage(chunk, choice):
                    self._counted = (chunk, choice)
        if chunk.get("usage") or "x_groq" in chunk:
            if find_usage(chunk, {}):
                self._counted = (chunk, {})
            if self._stop is not None and not found:
                self._finish()

    def _start(self, chunk: Object) -> None:
        self._started = True
        self._out.append(
            Started(
                id=as_str(chunk.get("id")) or None,
                model=as_str(chunk.get("model")) or None,
                service_tier=as_str(chunk.get("service_tier")) or None,
                extra=read_extra(chunk),
            )
        )

    def _choice(self, choice: Object) -> None:
        delta = choice.get("delta")
        if not isinstance(delta, dict) and not self._next and not self._calls:
            # Servers that only seem to stream send a whole message.
            delta = choice.get("message")
        if isinstance(delta, dict):
            self._delta(delta)
        elif choice.get("text"):
            self._add("text", as_str(choice["text"]))
        reason = finish_reason(choice)
        if reason in BROKEN:
            words = f"the upstream's answer broke off: finish_reason {reason!r}"
            self._fail(ErrorInfo.of(BROKEN[reason], words))
        elif reason:
            self._stop = read_stop(choice)

    def _delta(self, delta: Object) -> None:
        content = delta.get("content")
        if isinstance(content, list) or not REASONING.isdisjoint(delta):
            self._reasoning(delta)
            content = text_of(content)
        if content and isinstance(content, str):
            self._add("text", content)
        if len(delta) == 1 and isinstance(content, str):
            return
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._refused = True
            self._add("text", refusal)
        if delta.get("images"):
            self._images(delta)
        if delta.get("tool_calls") or delta.get("function_call"):
            self._end_open()
            self._next = self._calls.take(delta, self._next, self._out)

    def _images(self, delta: Object) -> None:
        self._end_open()
        for block in read_images(delta):
            # Each is a block of its own, whole.
            self._out += replay_block(self._next, block)
            self._next += 1

    def _reasoning(self, delta: Object) -> None:
        text = read_text(delta)
        if text:
            self._add("thinking", text)
        for piece in read_details(delta):
            if isinstance(piece, RedactedThinking):
                self._end_open()
                self._out.append(BlockStarted(self._next, "redacted_thinking", data=piece.data))
                self._out.append(BlockEnded(self._next))
                self._next += 1
            elif piece.signature:
                self._sign(piece)
            elif not text:
                self._add("thinking", piece.text)

    def _sign(self, piece: Thinking) -> None:
        """A signature comes alone, or with the whole text once more where that was streamed."""
        if self._open is None or self._open.kind != "thinking":
            self._add("thinking", piece.text)
        assert self._open is not None and piece.signature is not None
        self._signed = True
        self._out.append(SignatureDelta(self._open.key, piece.signature))
        self._end_open()

    def _add(self, kind: Literal["text", "thinking"], text: str) -> None:
        """A piece of the open block of this kind, or the first one of a new block."""
        block = self._open
        if block is None or block.kind != kind:
            self._end_open()
            if self._calls:
                self._calls.end_complete(self._out)
            block = self._open = BlockStarted(self._next, kind)
            self._next += 1
            self._out.append(block)
            if kind == "thinking" and self._signed:
                # A blank line sets it off from the one before, and is not what was signed.
                text = text.removeprefix("\n\n")
        if text:
            delta = TextDelta if kind == "text" else ThinkingDelta
            self._out.append(delta(block.key, text))

    def _end_open(self) -> None:
        if self._open is not None:
            self._out.append(BlockEnded(self._open.key))
            self._open = None

    def _end_blocks(self) -> None:
        self._end_open()
        self._calls.end(self._next, self._out)
        self._done = True

    def _finish(self) -> None:
        self._end_blocks()
        stop = Stop("refusal") if self._refused and not self._calls else self._stop
        usage = read_usage(*self._counted) if self._counted else Usage()
        self._out.append(Finished(stop or Stop(), usage))

    def _fail(self, error: ErrorInfo) -> None:
        self._end_blocks()
        self._out.append(Failed(error))
