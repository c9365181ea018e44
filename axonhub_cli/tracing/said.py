"""What the messages of a conversation say, in any protocol: texts, and the ids of tool calls.

That is what every client sends back as it got it, whatever blocks or deltas it came in. Reasoning,
arguments and marks for caches come back changed or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Raw, Struct

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Envelope, Json

_ASSISTANT = ("assistant", "model")
_CALLS = ("function_call", "custom_tool_call")
_USER = ("user", "tool", None)


class Said(Struct, frozen=True):
    """Text and ids of one message, or of several in a row."""

    text: str = ""
    ids: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text or self.ids)


class _Head(Struct):
    """Whose message it is, in any protocol."""

    role: str | None = None
    type: str | None = None


class _Message(_Head):
    """A message, as far as it is looked at."""

    content: Json = None
    parts: Json = None
    tool_calls: Json = None
    tool_call_id: Json = None
    call_id: Json = None
    output: Json = None


_ROLES = {b"assistant": True, b"model": True, b"user": False, b"tool": False}
_ROLE_FIRST = re.compile(rb'\{\s*"role":\s*"(assistant|model|user|tool)"')
"""As most clients write a message; reading one to its end takes as long as it is."""

_FIRST_TEXT = re.compile(rb'"(?:text|content)":\s*"')
_TEXT_BEGINS_WITHIN = 4096
_BEGINNING = 64

_read_head = msgspec.json.Decoder(_Head).decode
_read = msgspec.json.Decoder(_Message).decode


def items_of(envelope: Envelope) -> list[Raw] | None:
    """The conversation of a request; None when it came as a text, or not at all."""
    for items in (envelope.messages, envelope.contents, envelope.input):
        if isinstance(items, list):
            return items
    return None


def is_answer(raw: Raw) -> bool | None:
    """An answer's message, or one that it may follow; None for any other."""
    if (begins := _ROLE_FIRST.match(memoryview(raw))) is not None:
        return _ROLES[begins[1]]
    try:
        head = _read_head(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if head.role in _ASSISTANT or head.type in _CALLS:
        return True
    return False if head.role in _USER and head.type != "reasoning" else None


def begins_with(raw: Raw) -> bytes | None:
    """How the first text of a message begins, as it is written, up to a quote; None without one. or
    with a picture before it.

    Clients send their own words again as they wrote them.
    """
    view = memoryview(raw)
    found = _FIRST_TEXT.search(view, 0, _TEXT_BEGINS_WITHIN)
    if found is None:
        return None
    return bytes(view[found.end() : found.end() + _BEGINNING]).partition(b'"')[0]


def read_items(items: Iterable[Raw]) -> Iterator[tuple[bool, Said]]:
    """Messages one after another: is it an answer's, and what it says. Others are left out."""
    for raw in items:
        try:
            message = _read(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if message.role in _ASSISTANT or message.type in _CALLS:
            calls = message.tool_calls if isinstance(message.tool_calls, list) else []
            called = [message.call_id] if message.role is None else []
            content = _blocks(message)
            ids = (*_ids(content), *_ids(calls), *filter(_is_id, called))
            yield True, Said(_text(content), ids)
        elif message.role in _USER and message.type != "reasoning":
            result = message.tool_call_id or message.call_id
            content = _blocks(message)
            own = (result,) if _is_id(result) else tuple(_results(content))
            yield False, Said("" if own else _text(content), own)


def said_in(content: Sequence[Json]) -> Said:
    """What an answer's content said, in blocks as the trace reads them."""
    return Said(_text(content), tuple(_ids(content)))


def join(saids: Sequence[Said]) -> Said:
    """Messages in a row as one."""
    if len(saids) == 1:
        return saids[0]
    return Said("".join([said.text for said in saids]), tuple([i for s in saids for i in s.ids]))


_TEXTS = {
    "anthropic": (
        re.compile(rb'"type":\s*"text_delta",\s*"text":\s*"([^"\\]*(?:\\.[^"\\]*)*)"'),
        b'"text_delta"',
    ),
    "openai_chat": (re.compile(rb'"content":\s*"([^"\\]*(?:\\.[^"\\]*)*)"'), b'"content":'),
}
_NOT_SO_PLAIN = {
    # Some upstreams begin a block with its first words.
    "anthropic": re.compile(rb'"content_block":\s*\{[^{}]*"text":\s*"[^"]'),
    # Several choices; chunks that repeat the answer so far (MiniMax, Perplexity); what was cited
    # (OpenRouter).
    "openai_chat": re.compile(rb'"index":\s*[1-9]|"message":\s*\{|"annotations":\s*\[\s*\{'),
}
_NOT_TEXT = (
    *(b'tool_use"', b'"tool_calls"', b'"function_call"'),
    *(b'"tool_result"', b'"refusal":"'),
)
_NULL = re.compile(rb'"content":\s*null')


def said_in_stream(protocol: str, stream: bytes) -> Said | None:
    """The same of a stream of text alone, without decoding its events; None: decode it.

    A stream is mostly small deltas: cutting the texts out costs a twentieth of reading them.
    """
    pattern, mark = _TEXTS.get(protocol, (None, b""))
    if pattern is None or any(each in stream for each in _NOT_TEXT):
        return None
    if _NOT_SO_PLAIN[protocol].search(stream):
        return None
    found = pattern.findall(stream)
    expected = stream.count(mark)
    if len(found) != expected and len(found) != expected - len(_NULL.findall(stream)):
        return None
    try:
        text = jsonio.decode(b'"%b"' % b"".join(found))
    except jsonio.InvalidJson:
        return None
    return Said(text.strip())


def _blocks(message: _Message) -> list[Json]:
    content = message.content if message.content is not None else message.parts
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return content if isinstance(content, list) else []


def _text(content: Iterable[Json]) -> str:
    texts = [
        block["text"]
        for block in content
        if isinstance(block, dict)
        and isinstance(block.get("text"), str)
        and not block.get("thought")
        and block.get("type") in (None, "text", "input_text", "output_text")
    ]
    return "".join(texts).strip()


def _ids(blocks: Iterable[Json]) -> Iterator[str]:
    """The ids of tool calls: blocks, items of `tool_calls`, or Gemini's parts."""
    for block in blocks:
        if not isinstance(block, dict):
            continue
        if block.get("type") in ("tool_use", "function", "custom") and _is_id(block.get("id")):
            yield block["id"]
        elif isinstance(call := block.get("functionCall"), dict):
            yield str(call.get("id") or jsonio.encode(call).decode())


def _results(blocks: Iterable[Json]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, dict) and block.get("type") == "tool_result":
            yield str(block.get("tool_use_id"))


def _is_id(value: Json) -> bool:
    return isinstance(value, str) and bool(value)
