"""Recognise an answer in the history that a later request repeats: an assistant's message, hashed.

What is hashed is what every client sends back as it got it: the text, whatever blocks or deltas it
came in, and the ids of tool calls. Reasoning, arguments and marks for caches come back changed or
not at all. How the conversation began and what the answer followed are part of the hash, because
`Done.` is an answer in many; and so is whose key it was: two users' conversations never meet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b

import msgspec
from msgspec import Raw, Struct

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Envelope, Json

KEY_BYTES = 12

_ANSWERS_LOOKED_AT = 3
_MESSAGES_LOOKED_AT = 48
"""From the end back; more follow no answer in any client's conversation."""
_OPENINGS_LOOKED_AT = 4
_TELLING_TEXT = 120
"""Characters: so long an answer, or one with a tool call of so long an id, comes about once."""
_TELLING_ID = 16

_ASSISTANT = ("assistant", "model")
_CALLS = ("function_call", "custom_tool_call")
_USER = ("user", "tool", None)

Keys = tuple[bytes, ...]
"""Of one answer: first with what it followed, then alone if it is telling enough, then its mark."""


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


_read_head = msgspec.json.Decoder(_Head).decode
_read = msgspec.json.Decoder(_Message).decode


class Context(Struct, frozen=True):
    """What an answer followed: how its conversation began, and what was said last."""

    opening: Said = Said()
    prompt: Said = Said()


def answer_keys(owner: str, context: Context, answer: Said) -> Keys:
    """The keys of an answer, its mark the last of them; none for one that said nothing."""
    if not answer:
        return ()
    return (*_keys(owner, context, answer), _mark(owner, answer))


def keys_in(owner: str, envelope: Envelope, is_known: Callable[[bytes], bool]) -> Iterator[Keys]:
    """The keys of the last answers in a request's history, the last one first.

    Only of those whose mark `is_known`: most requests repeat no answer of ours, and reading what
    an answer followed costs more than reading the answer.
    """
    for answer, prompt in _answers(envelope):
        said = _joined([said for _, said in _read_items(answer)])
        if said and is_known(_mark(owner, said)):
            followed = _joined([said for _, said in _read_items(prompt)])
            yield _keys(owner, Context(_opening(envelope), followed), said)


def _answers(envelope: Envelope) -> Iterator[tuple[list[Raw], list[Raw]]]:
    """The last answers, unread, each with the messages it followed; all from the end back."""
    answer: list[Raw] = []
    prompt: list[Raw] = []
    found = 0
    for raw in (_items(envelope) or [])[: -_MESSAGES_LOOKED_AT - 1 : -1]:
        is_answer = _is_answer(raw)
        if is_answer and prompt:
            yield answer, prompt
            found += 1
            if found >= _ANSWERS_LOOKED_AT:
                return
            answer, prompt = [raw], []
        elif is_answer:
            answer.append(raw)
        elif is_answer is False and answer:
            prompt.append(raw)
    if answer:
        yield answer, prompt


def _is_answer(raw: Raw) -> bool | None:
    """An answer's message, or one that it may follow; None for any other."""
    try:
        head = _read_head(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if head.role in _ASSISTANT or head.type in _CALLS:
        return True
    return False if head.role in _USER and head.type != "reasoning" else None


def _keys(owner: str, context: Context, answer: Said) -> Keys:
    with_prompt = _hash(owner, context.opening, context.prompt, answer)
    telling = len(answer.text) >= _TELLING_TEXT or any(len(i) >= _TELLING_ID for i in answer.ids)
    return (with_prompt, _hash(owner, answer)) if telling else (with_prompt,)


def _mark(owner: str, answer: Said) -> bytes:
    """Says that there may be more to know of an answer; no trace is found by it."""
    return _hash(f"mark {owner}", answer)


def context_of(envelope: Envelope) -> Context:
    """What the answer to a request follows."""
    prompt: list[Said] = []
    for is_answer, said in _backwards(envelope):
        if is_answer:
            break
        prompt.append(said)
    return Context(_opening(envelope), _joined(prompt))


def split_keys(joined: bytes) -> list[bytes]:
    """The keys in a row of them."""
    return [joined[at : at + KEY_BYTES] for at in range(0, len(joined), KEY_BYTES)]


def has_history(envelope: Envelope) -> bool:
    """May an earlier answer stand in this request?"""
    return length(envelope) > 1


def length(envelope: Envelope) -> int:
    """How many messages the request has; a single one may have come as a text."""
    items = _items(envelope)
    return 1 if items is None else len(items)


def said_in(content: Sequence[Json]) -> Said:
    """What an answer's content said, in blocks as the trace reads them."""
    return Said(_text(content), tuple(_ids(content)))


_TEXTS = {
    "anthropic": (
        re.compile(rb'"type":\s*"text_delta",\s*"text":\s*"([^"\\]*(?:\\.[^"\\]*)*)"'),
        b'"text_delta"',
    ),
    "openai_chat": (re.compile(rb'"content":\s*"([^"\\]*(?:\\.[^"\\]*)*)"'), b'"content":'),
}
_NOT_SO_PLAIN = (
    *(b'tool_use"', b'"tool_calls"', b'"function_call"'),
    *(b'"tool_result"', b'"refusal":"'),
)
_NULL = re.compile(rb'"content":\s*null')


def said_in_stream(protocol: str, stream: bytes) -> Said | None:
    """The same of a stream of text alone, without decoding its events; None: decode it.

    A stream is mostly small deltas: cutting the texts out costs a twentieth of reading them.
    """
    pattern, mark = _TEXTS.get(protocol, (None, b""))
    if pattern is None or any(each in stream for each in _NOT_SO_PLAIN):
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


def _backwards(envelope: Envelope) -> Iterator[tuple[bool, Said]]:
    """A conversation from its end: is it an answer's, and what it says."""
    items = _items(envelope) or []
    return _read_items(items[: -_MESSAGES_LOOKED_AT - 1 : -1])


def _opening(envelope: Envelope) -> Said:
    """The first thing a user said, behind the system's words."""
    items = (_items(envelope) or [])[:_OPENINGS_LOOKED_AT]
    return next((said for is_answer, said in _read_items(items) if not is_answer), Said())


def _read_items(items: Iterable[Raw]) -> Iterator[tuple[bool, Said]]:
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


def _items(envelope: Envelope) -> list[Raw] | None:
    for items in (envelope.messages, envelope.contents, envelope.input):
        if isinstance(items, list):
            return items
    return None


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


def _joined(saids: list[Said]) -> Said:
    """Messages in a row, found from the last one back."""
    saids = saids[::-1]
    return Said(
        "\n".join(said.text for said in saids if said.text).strip(),
        tuple(each for said in saids for each in said.ids),
    )


def _hash(owner: str, *saids: Said) -> bytes:
    parts = ["\0".join((said.text, *said.ids)) for said in saids]
    joined = "\0\0".join([owner, *parts]).encode("utf-8", "surrogatepass")
    return blake2b(joined, digest_size=KEY_BYTES).digest()
