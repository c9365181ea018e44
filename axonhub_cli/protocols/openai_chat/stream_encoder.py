"""The hub's events to Chat chunks: one machine a stream, one `id`, `created` and `model` in it.

    role chunk   (content | reasoning_content | tool_calls)*   finish chunk   usage chunk?   [DONE]

Blocks have no ends in Chat: texts run on, a paragraph apart where something else stood between.
After `Failed` comes no `[DONE]`, so that no client takes the answer for complete.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axonhub_cli import jsonio
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
from axonhub_cli.ir.freeform import Unwrap
from axonhub_cli.ir.request import Block, Image, Opaque, RedactedThinking, Thinking, ToolCall
from axonhub_cli.ir.response import Usage
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.codec import ReplyContext
from axonhub_cli.protocols.openai_chat.citations import annotation_of
from axonhub_cli.protocols.openai_chat.errors import encode_stream_error
from axonhub_cli.protocols.openai_chat.names import finish_reason_for, tier_for
from axonhub_cli.protocols.openai_chat.reasoning import detail_of, is_sealed
from axonhub_cli.protocols.openai_chat.response import OWN_MEMBERS, call_id, encode_answer_image
from axonhub_cli.protocols.openai_chat.usage import encode_usage

Object = dict[str, Json]

_ANY_CALL = (ToolCall("", "", ""),)


class ChatStreamEncoder:
    def __init__(self, context: ReplyContext) -> None:
        self._context = context
        self._usage = Usage()
        self._head = b""
        self._tail = b""
        self._done = False
        self._calls: dict[int, int] = {}
        """Keys of the calls to their indices."""
        self._argued: set[int] = set()
        self._texts: dict[int, Unwrap] = {}
        """Those that are texts for the client."""
        self._thoughts: list[str] = []
        """The open thinking block's text: its signature comes with all of it."""
        self._kind = ""
        """The last block's kind."""
        self._sent: set[str] = set()
        self._gap = False
        self._text_at = (0, 0)
        """Where the open text block began in the answer's text, and how long that is now."""
        self._on: dict[type[Event], Callable[[Any], bytes]] = {
            Started: self._start,
            BlockStarted: self._begin,
            TextDelta: self._text,
            ThinkingDelta: self._thinking,
            ToolArgsDelta: self._argue,
            SignatureDelta: self._sign,
            NativeDelta: self._native,
            BlockEnded: self._end,
            Finished: self._finish,
            Failed: self._fail,
        }

    def feed(self, event: Event) -> bytes:
        """The bytes that this event makes; none after the last."""
        return b"" if self._done else self._on[type(event)](event)

    def _start(self, event: Started) -> bytes:
        head: Object = {
            "id": event.id or self._context.id,
            "object": "chat.completion.chunk",
            "created": self._context.created,
            "model": self._context.model,
        }
        tier = tier_for(event.service_tier)
        if tier is not None:
            head["service_tier"] = tier
        head |= {name: event.extra[name] for name in OWN_MEMBERS if name in event.extra}
        self._usage = event.usage
        self._head = b"data: %b," % jsonio.encode(head)[:-1]
        self._tail = b',"usage":null}\n\n' if self._context.wants_usage else b"}\n\n"
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def _begin(self, block: BlockStarted) -> bytes:
        before, self._kind = self._kind, block.kind
        match block.kind:
            case "text":
                self._gap = before != "text" and "content" in self._sent
                self._text_at = (self._text_at[1], self._text_at[1])
            case "thinking":
                self._gap = "reasoning_content" in self._sent
                self._thoughts = []
            case "tool_call":
                return self._call(block)
            case "image" | "opaque":
                image = encode_answer_image(_whole(block))
                return self._chunk({"images": [image]}) if image is not None else b""
            case "redacted_thinking":
                return self._details(RedactedThinking(str(block.data)))
        return b""

    def _call(self, block: BlockStarted) -> bytes:
        index = self._calls[block.key] = len(self._calls)
        kind, argument = "function", "arguments"
        if block.name in self._context.freeform:
            kind, argument = "custom", "input"
            self._texts[block.key] = Unwrap()
        call = {
            "index": index,
            "id": block.id or call_id(self._context, index),
            "type": kind,
            kind: {"name": block.name, argument: ""},
        }
        return self._chunk({"tool_calls": [call]})

    def _text(self, delta: TextDelta) -> bytes:
        return self._content("content", delta.text)

    def _thinking(self, delta: ThinkingDelta) -> bytes:
        self._thoughts.append(delta.text)
        return self._content("reasoning_content", delta.text)

    def _argue(self, delta: ToolArgsDelta) -> bytes:
        return self._arguments(delta.key, delta.text)

    def _sign(self, delta: SignatureDelta) -> bytes:
        return self._details(Thinking("".join(self._thoughts), delta.signature))

    def _end(self, block: BlockEnded) -> bytes:
        if block.key in self._texts:
            return self._freeform(block.key, self._texts[block.key].close())
        # A call without arguments has an empty object: clients parse what they get.
        unargued = block.key in self._calls and block.key not in self._argued
        return self._arguments(block.key, "{}") if unargued else b""

    def _fail(self, failed: Failed) -> bytes:
        self._done = True
        return encode_stream_error(failed.error)

    def _content(self, name: str, text: str) -> bytes:
        if not text:
            return b""
        if self._gap:
            text, self._gap = f"\n\n{text}", False
        self._sent.add(name)
        if name == "content":
            start, end = self._text_at
            self._text_at = (start, end + len(text))
        return self._chunk({name: text})

    def _arguments(self, key: int, text: str) -> bytes:
        if not text:
            return b""
        if key in self._texts:
            return self._freeform(key, self._texts[key].feed(text))
        self._argued.add(key)
        piece = {"index": self._calls[key], "function": {"arguments": text}}
        return self._chunk({"tool_calls": [piece]})

    def _freeform(self, key: int, text: str) -> bytes:
        piece = {"index": self._calls[key], "custom": {"input": text}}
        return self._chunk({"tool_calls": [piece]}) if text else b""

    def _details(self, block: Thinking | RedactedThinking) -> bytes:
        return self._chunk({"reasoning_details": [detail_of(block)]}) if is_sealed(block) else b""

    def _native(self, delta: NativeDelta) -> bytes:
        cited = delta.data if delta.protocol == "anthropic" else None
        annotation = annotation_of(cited, *self._text_at)
        return self._chunk({"annotations": [annotation]}) if annotation else b""

    def _finish(self, event: Finished) -> bytes:
        self._done = True
        stop = stop_of(_ANY_CALL if self._calls else (), event.stop)
        chunks = [self._chunk({}, finish_reason_for(stop))]
        usage = encode_usage(merge_usage(self._usage, event.usage))
        if self._context.wants_usage and usage is not None:
            counted = jsonio.encode(usage)
            chunks.append(b'%b"choices":[],"usage":%b}\n\n' % (self._head, counted))
        return b"".join([*chunks, b"data: [DONE]\n\n"])

    def _chunk(self, delta: Object, finish_reason: str | None = None) -> bytes:
        reason = b"null" if finish_reason is None else jsonio.encode(finish_reason)
        return b'%b"choices":[{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}]%b' % (
            self._head,
            jsonio.encode(delta),
            reason,
            self._tail,
        )


def _whole(start: BlockStarted) -> Block:
    """A block that comes with its start."""
    if start.kind == "image":
        assert isinstance(start.data, Image)
        return start.data
    return Opaque(start.protocol or "", start.name or "", start.data)
