"""Read a finished answer for the trace: JSON or SSE; complete, truncated, an error, or no answer.

Reading is lenient, because the bytes are only looked at: nothing raises, and what cannot be read
is left out. The rules for usage (docs.anthropic.com/en/api/messages-streaming, read 2026-11):
`message_start` tells the prompt's tokens, `message_delta` the cumulative ones; some relays report
zeros for the prompt there, which do not undo what was known.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from axonhub_cli import jsonio
from axonhub_cli.ir.collect import merge_usage
from axonhub_cli.ir.response import Usage
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.anthropic.runs import NOTHING, Bill, is_free_refusal, read_bill
from axonhub_cli.protocols.anthropic.usage import decode_usage
from axonhub_cli.protocols.base import Answer
from axonhub_cli.protocols.charged import TELLING, told_cost

_Object = dict[str, Json]

_TOLD = ("service_tier", "speed", "inference_geo")

_DELTA_EVENT = b"\n\nevent: content_block_delta\n"
_DELTAS: dict[str, tuple[str, str]] = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
    "input_json_delta": ("partial_json", "input"),
}
"""Delta type → where its text is, and which field of the block it continues."""


def read_answer(body: bytes) -> Answer:
    """Everything the answer said. Of `count_tokens`, the tokens counted are `usage.input`."""
    return _read(body, _Content())


def read_totals(body: bytes) -> Answer:
    """The same without `content`: several times faster on a stream, which is mostly deltas."""
    return _read(body, None)


class _Content:
    """The blocks of a stream while their deltas come in; text is joined once, at the end."""

    def __init__(self) -> None:
        self._blocks: dict[int, _Object] = {}
        self._parts: dict[tuple[int, str], list[str]] = {}

    def begin(self, event: _Object) -> None:
        block = event.get("content_block")
        if isinstance(block, dict):
            self._blocks[_index(event)] = dict(block)

    def extend(self, event: _Object) -> None:
        index, delta = _index(event), event.get("delta")
        if index not in self._blocks or not isinstance(delta, dict):
            return
        source, target = _DELTAS.get(_text(delta.get("type")) or "", ("", ""))
        if target:
            part = _text(delta.get(source)) or ""
            self._parts.setdefault((index, target), []).append(part)
        elif "citation" in delta:
            known = self._blocks[index].get("citations")
            cited = known if isinstance(known, list) else []
            self._blocks[index]["citations"] = [*cited, delta["citation"]]

    def blocks(self) -> tuple[Json, ...]:
        for (index, target), parts in self._parts.items():
            text = "".join(parts)
            block = self._blocks[index]
            if target != "input":
                block[target] = (_text(block.get(target)) or "") + text
            elif text:
                whole = _decode(text.encode("utf-8", "replace"))
                # Of a call cut off in the middle there is a piece of its input, kept as it came.
                block[target] = text if whole is None else whole
        return tuple(self._blocks[index] for index in sorted(self._blocks))


class _Reading:
    """What is known of an answer so far."""

    def __init__(self, content: _Content | None) -> None:
        self.content = content
        self.id: str | None = None
        self.model: str | None = None
        self.stop_reason: str | None = None
        self.error: str | None = None
        self.complete = False
        self.usage = Usage()
        self.listing: Json = None
        """The last usage that lists runs."""
        self.said = False
        """There is content, whether it is read or not."""
        self.begun = False
        """There is a block of content, if an empty one."""
        self.details: Json = None
        """On a refusal."""
        self.told: dict[str, str] = {}

    def take(self, event: _Object) -> None:
        """Take in one event of a stream."""
        match event.get("type"):
            case "content_block_start" if self.content is not None:
                self.content.begin(event)
            case "content_block_delta" if self.content is not None:
                self.content.extend(event)
            case "message_start":
                self.take_message(event.get("message"))
            case "message_delta":
                delta = event.get("delta")
                if isinstance(delta, dict):
                    self.stop_reason = _text(delta.get("stop_reason")) or self.stop_reason
                    self.details = delta.get("stop_details") or self.details
                self.count(event.get("usage"))
                self.complete = self.complete or self.stop_reason is not None
            case "message_stop":
                self.complete = True
            case "error":
                self.error = _error_text(event)
                self.complete = False

    def take_message(self, message: Json) -> None:
        """Take in a message, whole or as it is at a stream's beginning."""
        if not isinstance(message, dict):
            return
        self.id = _text(message.get("id")) or self.id
        self.model = _text(message.get("model")) or self.model
        self.stop_reason = _text(message.get("stop_reason")) or self.stop_reason
        self.details = message.get("stop_details") or self.details
        self.count(message.get("usage"))

    def count(self, usage: Json) -> None:
        if not isinstance(usage, dict):
            return
        for name in _TOLD:
            word = _text(usage.get(name))
            if word:
                self.told[name] = word
        if any(name in usage for name in TELLING):
            self.told |= told_cost(usage)
        if "iterations" in usage:
            self.listing = usage
        self.usage = merge_usage(self.usage, decode_usage(usage))

    def _counted(self) -> Usage:
        """Zeros are no counts: neither alone, nor of the output beside an answer that there is."""
        if not self.usage.tells:
            return Usage()
        return (
            replace(self.usage, output=None) if self.usage.output == 0 and self.said else self.usage
        )

    def _bill(self, counted: Usage) -> Bill:
        if self.listing is not None and (bill := read_bill(self.listing, counted)).runs:
            return bill
        if not self.begun and is_free_refusal(self.stop_reason, self.details):
            return Bill((NOTHING,))
        return Bill()

    def answer(self, content: tuple[Json, ...]) -> Answer:
        counted = self._counted()
        bill = self._bill(counted)
        return Answer(
            model=self.model,
            stop_reason=self.stop_reason,
            usage=counted,
            content=content,
            error=self.error,
            complete=self.complete,
            told=self.told,
            partial=not bill.whole,
            id=self.id,
            runs=bill.runs,
        )


def _read(body: bytes, content: _Content | None) -> Answer:
    start = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")):
        return _read_document(body, content)
    reading = _Reading(content)
    reading.said = b'"content_block_delta"' in body
    reading.begun = reading.said or b'"content_block_start"' in body
    for event in _events(body, edges_only=content is None):
        reading.take(event)
    return reading.answer(content.blocks() if content is not None else ())


def _read_document(body: bytes, content: _Content | None) -> Answer:
    document = _decode(body.removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(document, dict):
        return Answer()
    if document.get("error"):
        return Answer(error=_error_text(document))
    reading = _Reading(content)
    reading.take_message(document)
    counted = None
    if "input_tokens" in document:
        counted = decode_usage({"input_tokens": document["input_tokens"]}).input
    if counted is not None:
        reading.usage = Usage(input=counted)
    blocks = document.get("content")
    reading.complete = counted is not None or isinstance(blocks, list)
    reading.said = reading.begun = bool(blocks)
    if content is None or not isinstance(blocks, list):
        return reading.answer(())
    return reading.answer(tuple(blocks))


def _events(body: bytes, *, edges_only: bool) -> Iterator[_Object]:
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for piece in (_edges(body) if edges_only else body).split(b"\n\n"):
        lines = piece.split(b"\n") if b"\n" in piece else [piece]
        data = [line[5:] for line in lines if line.startswith(b"data:")]
        event = _decode(data[0] if len(data) == 1 else b"\n".join(data)) if data else None
        if isinstance(event, dict):
            yield event


def _edges(body: bytes) -> bytes:
    """A stream's beginning and end, without its deltas and what comes between them.

    The whole stream where totals may stand in the middle, or where events have no names.
    """
    first, last = body.find(_DELTA_EVENT), body.rfind(_DELTA_EVENT)
    if first == last or body.find(b"\nevent: message_", first, last) >= 0:
        return body
    return body[:first] + body[last:]


def _error_text(document: _Object) -> str:
    error = document.get("error")
    named = error if isinstance(error, dict) else {"message": error}
    return _text(named.get("message")) or _text(named.get("type")) or "an error without a message"


def _decode(data: bytes) -> Json:
    """The value, or None for what is no JSON."""
    try:
        return jsonio.decode(data)
    except jsonio.InvalidJson:
        return None


def _index(event: _Object) -> int:
    return _number(event.get("index")) or 0


def _number(value: Json) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and value >= 0 else None


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
