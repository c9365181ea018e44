"""Where the items stand that other bodies repeat: messages, tools, system blocks or the one text.

The body is parsed once, for the items' lengths; where an array begins is found by its first item.
Nothing is copied. A wrong guess costs room, never bytes: whatever the spans are, a body that is cut
at them comes back as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter, le

import msgspec
from msgspec import Raw, Struct

from axonhub_cli.jsonio import ARRAYS, Envelope, InvalidJson, decode, read_envelope

SMALLEST_BODY = 2048
"""A shorter body is not worth looking into."""

SMALLEST_TEXT = 1024
"""Characters; a shorter one stays in place, where it is compressed with what is around it."""

_SPACE = b" \t\n\r"
_COMPACT = b",{"
"""Between the items of nearly every array; anything else is looked at more closely."""
_CANDIDATES = 8
"""How many places that look like an array's beginning are tried before it is left in place."""

Span = tuple[int, int]
Spans = Sequence[Span]

_KEYS = {name: b'"%b"' % name.encode() for name in ARRAYS}


class Items(Struct, frozen=True):
    """All items of a body's arrays, in order, none overlapping."""

    spans: list[Span]
    arrays: tuple[tuple[str, int], ...]
    """How many of them are in which array, in order."""


NO_ITEMS = Items([], ())


def find_items(body: bytes, envelope: Envelope | None = None) -> Items:
    """The items of a body; none for one that is short, or no JSON object with such arrays.

    `envelope`: what was read of this very body already.
    """
    if len(body) < SMALLEST_BODY or b"\0" in body:
        return NO_ITEMS
    envelope = read_arrays(body) if envelope is None else envelope
    return in_order([(name, _find(body, name, envelope)) for name in ARRAYS])


def _find(body: bytes, name: str, envelope: Envelope) -> list[Span]:
    if (text := text_of(envelope, name)) is not None:
        return find_text(body, name, text)
    items = items_of(envelope, name)
    return list(walk(body, first_item(body, name, items[0]), items)) if items else []


def in_order(found: list[tuple[str, list[Span]]]) -> Items:
    """The items of these arrays; none when they overlap."""
    found = sorted((pair for pair in found if pair[1]), key=lambda pair: pair[1][0])
    spans = [span for _, some in found for span in some]
    # A wrong guess of where an array begins could only be one inside another array's item.
    if not all(map(le, map(itemgetter(1), spans), map(itemgetter(0), spans[1:]))):
        return NO_ITEMS
    return Items(spans, tuple((name, len(some)) for name, some in found))


def read_arrays(body: bytes) -> Envelope:
    """The envelope of a body; an empty one where there is none."""
    try:
        return read_envelope(body)[0]
    except (InvalidJson, msgspec.ValidationError):
        return Envelope()


def items_of(envelope: Envelope, name: str) -> list[Raw]:
    """The items of an array; none where there is no such array."""
    items = getattr(envelope, name)
    return items if isinstance(items, list) else []


def text_of(envelope: Envelope, name: str) -> str | None:
    """The text that stands for an array, where there is a long one."""
    text = getattr(envelope, name)
    return text if isinstance(text, str) and len(text) >= SMALLEST_TEXT else None


def count_of(envelope: Envelope, name: str) -> int:
    """How many items there are of an array, or of the text instead of it."""
    return len(items_of(envelope, name)) or int(text_of(envelope, name) is not None)


def walk(body: bytes, at: int, items: Sequence[Raw]) -> Iterator[Span]:
    """Where these items stand in a row, the first of them at `at` (-1: nobody knows)."""
    if at < 0:
        return
    for item in items:
        end = at + len(memoryview(item))
        yield at, end
        at = next_item(body, end)
        if at < 0:
            return  # the array's end


def next_item(body: bytes, end: int) -> int:
    """Where the item begins that follows one; -1 when none does."""
    return end + 1 if body.startswith(_COMPACT, end) else _after(body, end, b",")


def first_item(body: bytes, name: str, item: Raw) -> int:
    """Where the array of this name has its first item; -1 when it is not to be found."""
    raw = memoryview(item)
    for at in _values(body, name):
        begin = _after(body, at, b"[")
        if begin >= 0 and body.startswith(raw, begin):
            return begin
    return -1


def find_text(body: bytes, name: str, text: str) -> list[Span]:
    """Where this text stands as the value of that name; at most one place."""
    for at in _values(body, name):
        end = _text_end(body, at)
        if end - at > len(text) and _is_text(body[at:end], text):
            return [(at, end)]
    return []


def _values(body: bytes, name: str) -> Iterator[int]:
    """Where values of that name may begin."""
    key, at = _KEYS[name], 0
    for _ in range(_CANDIDATES):
        at = body.find(key, at)
        if at < 0:
            return
        at += len(key)
        begin = _after(body, at, b":")
        if begin >= 0:
            yield begin


def _text_end(body: bytes, at: int) -> int:
    """The position after the text that begins here; -1 when none does."""
    if not body.startswith(b'"', at):
        return -1
    end = body.find(b'"', at + 1)
    while end >= 0 and _is_escaped(body, end):
        end = body.find(b'"', end + 1)
    return end + 1 if end >= 0 else -1


def _is_escaped(body: bytes, at: int) -> bool:
    """Is the character here preceded by an odd number of backslashes?"""
    first = at
    while body.startswith(b"\\", first - 1):
        first -= 1
    return bool((at - first) % 2)


def _is_text(raw: bytes, text: str) -> bool:
    try:
        return bool(decode(raw) == text)
    except InvalidJson:
        return False


def _after(body: bytes, at: int, mark: bytes) -> int:
    """The position after a mark and the space around it; -1 when the mark is not there."""
    if at < 0:
        return -1
    last = len(body) - 1
    while at < last and body[at] in _SPACE:
        at += 1
    if body[at : at + 1] != mark:
        return -1
    at += 1
    while at < last and body[at] in _SPACE:
        at += 1
    return at
