"""The tokens of a request: its system prompt, messages and tools, each part counted once.

Agents send the whole conversation with every count, and editors ask dozens of times a second, so
what a part counts is remembered by its hash.
"""

from __future__ import annotations

import binascii
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from axonhub_cli import jsonio
from axonhub_cli.counting.documents import pdf_pages
from axonhub_cli.counting.families import Family, family_of
from axonhub_cli.counting.images import image_tokens
from axonhub_cli.counting.vocabulary import Tokenizer, tokenizer
from axonhub_cli.ir import request as ir

# A user's "hello, world" is 3 tokens of text and 7 of frame for Claude, 7 or 8 for ChatML models;
# the rest are guesses of the same size.
_FRAME = 3
_MESSAGE = 4
_CALL = 12
_RESULT = 8
_TOKENS_IN_REDACTED = 1 / 5
"""For each character of encrypted reasoning: base64 of about as many bytes as the text has."""

_MOST_REMEMBERED = 16_384

_Remembered = TypeVar("_Remembered", int, float)


def count(request: ir.Request, model: str | None = None) -> int:
    """Input tokens of a request, an estimate (the package's docstring says how good).

    `model` is the one that will answer, where that is not the request's. Thread-safe. Takes about
    5 ms for 250 KB of new text and 0.3 ms for what was counted before; the first call of all loads
    a vocabulary: not for the event loop.
    """
    return math.ceil(_Counter(family_of(model or request.model)).request(request))


def warm(model: str = "") -> None:
    """Load what counting for that model needs, for callers that know it will be asked for."""
    tokenizer(family_of(model).vocabulary)


class _Memory:
    """The last counts by the hash of what was counted; old ones make room."""

    def __init__(self) -> None:
        self._counts: OrderedDict[int, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str], work: Callable[[], _Remembered]) -> _Remembered:
        # 64 bits, keyed anew in each process: no text can be made to pass for another.
        digest = hash(key)
        with self._lock:
            found: _Remembered | None = self._counts.get(digest)
            if found is not None:
                self._counts.move_to_end(digest)
                return found
        value = work()
        with self._lock:
            self._counts[digest] = value
            if len(self._counts) > _MOST_REMEMBERED:
                self._counts.popitem(last=False)
        return value


_memory = _Memory()


class _Counter:
    """Counts for one family of models; values may be fractions, because of the factor."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self._tokenizer: Tokenizer | None = None
        self._space = f"{family.vocabulary} {family.factor}"

    def request(self, request: ir.Request) -> float:
        total = float(_FRAME)
        total += sum(map(self._block, request.system))
        for message in request.messages:
            total += _MESSAGE + sum(map(self._block, message.content))
        if request.tools:
            total += self._tools(request)
        if request.output is not None and request.output.schema is not None:
            total += self._json(request.output.schema)
        return total

    def _tools(self, request: ir.Request) -> float:
        choice = request.tool_choice
        forced = choice is not None and choice.mode in ("any", "tool")
        total = float(self._family.forced_tools if forced else self._family.tools)
        for tool in request.tools:
            total += self._family.tool + self._text(tool.name)
            if isinstance(tool, ir.ServerTool):
                total += self._json(tool.data)
            else:
                total += self._text(tool.description or "") + self._json(tool.schema)
        return total

    def _block(self, block: ir.Block) -> float:
        return _COUNTS[type(block)](self, block)

    def text(self, block: ir.Text | ir.Thinking) -> float:
        return self._text(block.text)

    def redacted(self, block: ir.RedactedThinking) -> float:
        return len(block.data) * _TOKENS_IN_REDACTED

    def image(self, block: ir.Image) -> float:
        data = block.source.data
        if data is None:
            return image_tokens(None, self._family)
        space = f"image {self._family.image}"
        return _memory.get((space, data), lambda: image_tokens(data, self._family))

    def document(self, block: ir.Document) -> float:
        total = self._text(block.title or "")
        data = block.source.data
        if block.text is not None:
            return total + self._text(block.text)
        if data is None:
            return total + self._family.page
        if (block.source.media_type or "").startswith("text/"):
            return total + self._text(_decode_text(data))
        return total + self._family.page * _memory.get(("pages", data), lambda: pdf_pages(data))

    def call(self, block: ir.ToolCall) -> float:
        return _CALL + self._text(block.name) + self._text(block.arguments)

    def result(self, block: ir.ToolResult) -> float:
        return _RESULT + sum(map(self._block, block.content))

    def opaque(self, block: ir.Opaque) -> float:
        return self._json(block.data)

    def _json(self, value: jsonio.Json) -> float:
        return self._text(jsonio.encode(value).decode())

    def _text(self, text: str) -> float:
        if not text:
            return 0.0
        return _memory.get((self._space, text), lambda: self._count(text))

    def _count(self, text: str) -> float:
        if self._tokenizer is None:
            self._tokenizer = tokenizer(self._family.vocabulary)
        return self._tokenizer(text) * (1 + (self._family.factor - 1) * _latin_share(text))


_COUNTS: dict[type, Callable[[_Counter, Any], float]] = {
    ir.Text: _Counter.text,
    ir.Thinking: _Counter.text,
    ir.RedactedThinking: _Counter.redacted,
    ir.Image: _Counter.image,
    ir.Document: _Counter.document,
    ir.ToolCall: _Counter.call,
    ir.ToolResult: _Counter.result,
    ir.Opaque: _Counter.opaque,
}


def _latin_share(text: str) -> float:
    """1 for Latin script, 0 for scripts of two bytes a letter and more, between for a mixture."""
    if text.isascii():
        return 1.0
    return max(0.0, 2 - len(text.encode("utf-8", "replace")) / len(text))


def _decode_text(data: str) -> str:
    try:
        return binascii.a2b_base64(data).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return data
