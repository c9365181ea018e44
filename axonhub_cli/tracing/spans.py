"""Where the items stand that other bodies repeat: messages, system blocks, tools.

The body is parsed once, for the items' lengths; where an array begins is found by its first item.
Nothing is copied. A wrong guess costs room, never bytes: whatever the spans are, a body that is cut
at them comes back as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Raw, Struct

from axonhub_cli.jsonio import ARRAYS, Envelope, InvalidJson, read_envelope

SMALLEST_BODY = 2048
"""A shorter body is not worth looking into."""

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
    found: list[tuple[str, list[Span]]] = []
    for name in ARRAYS:
        items = items_of(envelope, name)
        if items:
            found.append((name, list(walk(body, first_item(body, name, items[0]), items))))
    return in_order(found)


def in_order(found: list[tuple[str, list[Span]]]) -> Items:
    """The items of these arrays; none when they overlap."""
    found = sorted((pair for pair in found if pair[1]), key=lambda pair: pair[1][0])
    spans = [span for _, some in found for span in some]
    # A wrong guess of where an array begins could only be one inside another array's item.
    if not all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False)):
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
    raw, key = memoryview(item), _KEYS[name]
    at = 0
    for _ in range(_CANDIDATES):
        at = body.find(key, at)
        if at < 0:
            return -1
        at += len(key)
        begin = _after(body, _after(body, at, b":"), b"[")
        if begin >= 0 and body.startswith(raw, begin):
            return begin
    return -1


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
