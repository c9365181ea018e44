r"""Cut a body into a skeleton and the parts that other bodies repeat, and put it together again.

    {"model": "m", "messages": [{"role": …}, {"role": …}], "tools": []}       the body
    {"model": "m", "messages": [\0, \0], "tools": []}                         its skeleton
    sha256({"role": …})[:16], sha256({"role": …})[:16]                        what fills the holes

Agents send the whole conversation with every turn. Messages, system blocks and tools are stored
once, under their hash; a skeleton takes some hundred bytes. Nothing is re-encoded: a part is a
slice of the body, and JSON never holds a NUL byte, so that the body comes back byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import zstandard
from msgspec import Raw

from axonhub_cli.jsonio import ARRAYS, Envelope, InvalidJson, read_envelope

HASH_BYTES = 16

SMALLEST_BODY = 2048
"""A shorter body is not worth looking into."""
SMALLEST_PART = 256
"""A shorter part takes less room in the (compressed) skeleton than under a hash of its own."""

_HOLE = b"\0"
_SPACE = b" \t\n\r"
_COMPACT = b",{"
"""Between the items of nearly every array; anything else is looked at more closely."""
_CANDIDATES = 8
"""How many places that look like an array's beginning are tried before it is left in place."""

Spans = Sequence[tuple[int, int]]


_NAMES = tuple((name, b'"%b"' % name.encode()) for name in ARRAYS)


class Packer:
    """zstd with its working memory kept; for one thread."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=3, write_content_size=True)
        self._decompressor = zstandard.ZstdDecompressor()

    def pack(self, data: bytes) -> bytes:
        return self._compressor.compress(data)

    def unpack(self, data: bytes) -> bytes:
        return self._decompressor.decompress(data)


def find_parts(body: bytes, envelope: Envelope | None = None) -> list[tuple[int, int]]:
    """Where the parts worth storing apart stand in the body, in order, none overlapping.

    `envelope`: what was read of this very body already.
    Empty for a body that is short, or no JSON object with such arrays. Nothing is copied, and the
    body is parsed once, for the items' lengths; where an array begins is found by its first item.
    """
    if len(body) < SMALLEST_BODY or _HOLE in body:
        return []
    envelope = read_arrays(body) if envelope is None else envelope
    found: list[tuple[int, int]] = []
    for name, key in _NAMES:
        items = getattr(envelope, name)
        if isinstance(items, list) and items:
            found += _spans(body, key, items)
    found.sort()
    # A wrong guess of where an array begins could only be one inside another array's item.
    return found if all(a[1] <= b[0] for a, b in zip(found, found[1:], strict=False)) else []


def read_arrays(body: bytes) -> Envelope:
    """The envelope of a body; an empty one where there is none."""
    try:
        return read_envelope(body)[0]
    except (InvalidJson, msgspec.ValidationError):
        return Envelope()


def cut_out(body: bytes, parts: Spans) -> bytes:
    """The skeleton: the body with a hole for each part."""
    if not parts:
        return body
    pieces: list[bytes] = []
    at = 0
    for start, end in parts:
        pieces.append(body[at:start])
        at = end
    pieces.append(body[at:])
    return _HOLE.join(pieces)


def fill(skeleton: bytes, parts: Sequence[bytes]) -> bytes:
    """The body of a skeleton and its parts."""
    if not parts:
        return skeleton
    pieces = skeleton.split(_HOLE)
    assert len(pieces) == len(parts) + 1, "a part for each hole"
    return b"".join(_interleave(pieces, parts))


def address(part: bytes | memoryview) -> bytes:
    """The name under which a part is stored."""
    return hashlib.sha256(part).digest()[:HASH_BYTES]


def split_addresses(joined: bytes) -> list[bytes]:
    """The addresses in a row of them."""
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]


def difference(old: bytes, new: bytes) -> tuple[int, int, bytes]:
    """`(start, end, middle)` such that `old[:start] + middle + old[end:] == new`."""
    start = _common_start(old, new)
    most = min(len(old), len(new)) - start
    tail = _common_end(old, new, most)
    return start, len(old) - tail, new[start : len(new) - tail]


def _spans(body: bytes, key: bytes, items: list[Raw]) -> Iterator[tuple[int, int]]:
    at = _first_item(body, key, items[0])
    if at < 0:
        return
    for item in items:
        end = at + len(memoryview(item))
        if end - at >= SMALLEST_PART:
            yield at, end
        at = end + 1
        if not body.startswith(_COMPACT, end):
            at = _after(body, end, b",")
            if at < 0:
                return  # the array's end


def _first_item(body: bytes, key: bytes, item: Raw) -> int:
    """Where the array of this name has its first item; -1 when it is not to be found."""
    raw = memoryview(item)
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


def _interleave(pieces: Sequence[bytes], parts: Iterable[bytes]) -> Iterator[bytes]:
    yield pieces[0]
    for part, piece in zip(parts, pieces[1:], strict=True):
        yield part
        yield piece


def _common_start(old: bytes, new: bytes) -> int:
    view = memoryview(new)
    low, high = 0, min(len(old), len(new))
    # Each step compares half of what is left, so that all of them together read the bytes once.
    while low < high:
        middle = (low + high + 1) // 2
        if old.startswith(view[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(old: bytes, new: bytes, most: int) -> int:
    view = memoryview(new)
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        piece = view[len(new) - middle : len(new) - low]
        if old.startswith(piece, len(old) - middle):
            low = middle
        else:
            high = middle - 1
    return low
