"""JSON bytes in and out: decoding, lone-surrogate repair, and spans of a document for splicing.

msgspec decodes; where it refuses an unpaired surrogate escape (agents do send half an emoji, and
vendors' APIs answer 400 to it), the escape is repaired in place and nothing else changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from itertools import pairwise
from typing import Any

import msgspec
from msgspec import Raw, Struct

Json = Any
"""A decoded JSON value. The wire is untyped on purpose: upstreams add fields at will."""

_decode = msgspec.json.Decoder().decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_encode = msgspec.json.Encoder().encode

# A surrogate pair (kept), a surrogate alone (group 1), and an escaped backslash (kept, so that
# `\\ud83d` is read as a backslash and five letters). No other escape can hide one of these.
_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|\\)"
)
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SPACE = re.compile(rb"[ \t\n\r]*")
_STRUCTURE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.DOTALL)


class InvalidJson(ValueError):
    """The bytes are not JSON; the message says what and where."""


class Head(Struct, frozen=True):
    """The few top-level fields that routing needs; read without decoding the rest."""

    model: str | None = None
    stream: bool | None = None
    metadata: Raw = Raw(b"null")


class Envelope(Head, frozen=True):
    """The same with the arrays whose items repeat from request to request, of all protocols.

    A document is read once: their items are slices of it, for whoever stores it in parts.
    """

    messages: list[Raw] | None = None
    system: list[Raw] | str | None = None
    tools: list[Raw] | None = None
    input: list[Raw] | str | None = None
    contents: list[Raw] | None = None


ARRAYS = tuple(name for name in Envelope.__struct_fields__ if name not in Head.__struct_fields__)

_decode_envelope = msgspec.json.Decoder(Envelope).decode
_decode_head = msgspec.json.Decoder(Head).decode


class Span(Struct, frozen=True):
    """Where one value stands in a document: `data[start:end]`."""

    key: str
    start: int
    end: int


def decode(data: bytes) -> Json:
    """Decode, repairing lone surrogates. Raises `InvalidJson`."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        repaired = repair_surrogates(data)
        if repaired is data:
            raise InvalidJson(_reason(error)) from error
        return decode(repaired)


def decode_around(
    data: bytes, envelope: Envelope, names: Collection[str] = ARRAYS
) -> dict[str, Json]:
    """Decode all but the items of the envelope's arrays of these names, which stay `Raw`.

    Raises `InvalidJson`.
    """
    try:
        arrays = {n: items for n in names if isinstance(items := getattr(envelope, n), list)}
        body = _decode_between(data, arrays)
        if body is None:
            body = {n: arrays.get(n) or _decode(raw) for n, raw in _decode_fields(data).items()}
        return body
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidJson(_reason(error)) from error


def _decode_between(data: bytes, arrays: dict[str, list[Raw]]) -> dict[str, Json] | None:
    """The same without reading the arrays again; None where they are not written compactly."""
    holes: list[tuple[int, int, bytes]] = []
    for name, items in arrays.items():
        # A string cannot hold this: its quotes would be escaped. An object further in can.
        mark = f'"{name}":['.encode()
        start = data.find(mark) + len(mark)
        end = start + sum([memoryview(item).nbytes for item in items]) + max(0, len(items) - 1)
        if start < len(mark) or not data.startswith(b"]", end):
            return None
        holes.append((start, end, b""))
    holes.sort()
    if any(hole[1] > later[0] for hole, later in pairwise(holes)):
        return None
    try:
        around = _decode(splice(data, holes))
    except msgspec.DecodeError:
        return None
    # What is still there was not the array that the envelope holds.
    if not isinstance(around, dict) or any(around.get(name) != [] for name in arrays):
        return None
    return around | arrays


def encode(value: Json) -> bytes:
    """Encode compactly, as UTF-8."""
    return _encode(value)


def encode_in_parts(
    value: dict[str, Json], encode_item: Callable[[Json], bytes] = _encode
) -> tuple[bytes, list[tuple[int, int]]]:
    """Encode, and tell where the items of the `ARRAYS` stand, or the texts instead of them: who
    stores them need not parse.

    `encode_item` writes one of those items; it may have written it before.
    """
    # One join in the end: a growing buffer is moved again and again.
    pieces = [b"{"]
    parts: list[tuple[int, int]] = []
    at = 1
    for name, item in value.items():
        head = (b"," if len(pieces) > 1 else b"") + _encode(name) + b":"
        at += len(head)
        pieces.append(head)
        if name not in ARRAYS or not isinstance(item, list):
            pieces.append(_encode(item))
            if name in ARRAYS and isinstance(item, str):
                parts.append((at, at + len(pieces[-1])))
            at += len(pieces[-1])
            continue
        mark = b"["
        for each in item:
            written = encode_item(each)
            at += 1
            parts.append((at, at + len(written)))
            at += len(written)
            pieces += (mark, written)
            mark = b","
        end = b"]" if item else b"[]"
        pieces.append(end)
        at += len(end)
    pieces.append(b"}")
    return b"".join(pieces), parts


def read_envelope(data: bytes) -> tuple[Envelope, bytes]:
    """Read the envelope; returns it with the (possibly repaired) document.

    Raises `InvalidJson` for bytes that are no JSON, `msgspec.ValidationError` for a document of
    the wrong shape (its message names the path).
    """
    try:
        return _decode_lenient(data), data
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        repaired = repair_surrogates(data)
        if repaired is data:
            raise InvalidJson(_reason(error)) from error
        return read_envelope(repaired)


def repair_surrogates(data: bytes) -> bytes:
    r"""Turn each unpaired `\ud83d` into `�`, written as the six-character escape `\ufffd`.

    Same length, nothing else changes; returns `data` itself when there is nothing to repair.
    """
    if b"\\ud" not in data and b"\\uD" not in data:
        return data
    repaired: bytearray | None = None
    for match in _ESCAPES.finditer(data):
        if match[1]:
            # In place: a body of megabytes may hold them by the million.
            repaired = bytearray(data) if repaired is None else repaired
            repaired[match.start() : match.end()] = b"\\ufffd"
    return data if repaired is None else bytes(repaired)


def object_spans(data: bytes, start: int = 0, end: int | None = None) -> list[Span]:
    """The members of the object at `data[start:end]`, in order, duplicates included.

    Nothing is copied. Raises `InvalidJson` when there is no object.
    """
    end = len(data) if end is None else end
    try:
        fields = _decode_fields(data if end - start == len(data) else memoryview(data)[start:end])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidJson(_reason(error)) from error
    spans: list[Span] = []
    at = skip_space(data, start) + 1
    for key, raw in fields.items():
        name = _STRING.match(data, skip_space(data, at))
        if name is None or _decode(name[0]) != key:
            return _scan_object(data, start)
        begin = skip_space(data, skip_space(data, name.end()) + 1)
        at = begin + len(memoryview(raw))
        if not data.startswith(memoryview(raw), begin):
            return _scan_object(data, start)
        spans.append(Span(key, begin, at))
        at = skip_space(data, at) + 1
    # A key that came twice is one entry in `fields`: the walk then ends before the brace does.
    if fields and data[at - 1 : at] != b"}":
        return _scan_object(data, start)
    return spans


def array_spans(data: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """The items of the array at `data[start:end]`. Raises `InvalidJson` when there is no array."""
    try:
        items = _decode_items(memoryview(data)[start:end])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidJson(_reason(error)) from error
    spans: list[tuple[int, int]] = []
    at = skip_space(data, start) + 1
    for raw in items:
        begin = skip_space(data, at)
        at = begin + len(memoryview(raw))
        spans.append((begin, at))
        at = skip_space(data, at) + 1
    return spans


def splice(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Replace `data[start:end]` for each edit; edits must not overlap. All other bytes stay."""
    parts: list[bytes] = []
    at = 0
    for start, end, new in sorted(edits):
        parts += (data[at:start], new)
        at = end
    parts.append(data[at:])
    return b"".join(parts)


def _decode_lenient(data: bytes) -> Envelope:
    try:
        return _decode_envelope(data)
    except msgspec.ValidationError:
        # An odd array is the API's to refuse; an odd head is ours.
        head = _decode_head(data)
        return Envelope(head.model, head.stream, head.metadata)


def skip_space(data: bytes, at: int) -> int:
    """Where the white space at `at` ends."""
    match = _SPACE.match(data, at)
    assert match is not None
    return match.end()


def _scan_object(data: bytes, start: int) -> list[Span]:
    """The slow walk, for documents with duplicate keys: token by token at depth one."""
    spans: list[Span] = []
    depth = 0
    key: str | None = None
    begin = -1
    for token in _STRUCTURE.finditer(data, start):
        mark = token[0]
        if mark in b"}]" or (mark == b"," and depth == 1):
            depth -= mark != b","
            if key is not None and depth <= 1 and (depth == 0 or mark == b","):
                spans.append(Span(key, begin, begin + len(data[begin : token.start()].rstrip())))
                key = None
            if depth == 0:
                break
        elif mark in b"{[":
            depth += 1
        elif depth == 1 and key is None and mark[:1] == b'"':
            key = _decode(mark)
            begin = skip_space(data, skip_space(data, token.end()) + 1)
    return spans


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
