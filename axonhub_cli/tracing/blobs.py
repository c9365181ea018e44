r"""Cut a body into a skeleton and the parts that other bodies repeat, and put it together again.

    {"model": "m", "messages": [{"role": …}, {"role": …}], "tools": []}       the body
    {"model": "m", "messages": [\0, \0], "tools": []}                         its skeleton
    blobs 17 and 18                                                           what fills the holes

Agents send the whole conversation with every turn. Messages, system blocks and tools are stored
once, found by their hash; a skeleton takes some hundred bytes. Nothing is re-encoded: a part is a
slice of the body, and JSON never holds a NUL byte, so that the body comes back byte for byte.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import sub

from axonhub_cli.tracing.spans import Spans

HASH_BYTES = 16

SMALLEST_PART = 96
"""A shorter part takes less room in the (compressed) skeleton than as a blob of its own."""

_HOLE = b"\0"


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


def write_numbers(numbers: Sequence[int]) -> bytes:
    """Blobs' numbers as their differences, which compress to next to nothing."""
    steps = array("q", map(sub, numbers, [0, *numbers[:-1]]))
    if sys.byteorder == "big":
        steps.byteswap()
    return steps.tobytes()


def read_numbers(written: bytes) -> list[int]:
    """What `write_numbers` was given."""
    steps = array("q", written)
    if sys.byteorder == "big":
        steps.byteswap()
    return list(accumulate(steps))


def split_addresses(joined: bytes) -> list[bytes]:
    """The addresses in a row of them."""
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]


def difference(old: bytes, new: bytes) -> tuple[int, int, bytes]:
    """`(start, end, middle)` such that `old[:start] + middle + old[end:] == new`."""
    start = common_start(old, new)
    most = min(len(old), len(new)) - start
    tail = common_end(old, new, most)
    return start, len(old) - tail, new[start : len(new) - tail]


def _interleave(pieces: Sequence[bytes], parts: Iterable[bytes]) -> Iterator[bytes]:
    yield pieces[0]
    for part, piece in zip(parts, pieces[1:], strict=True):
        yield part
        yield piece


def common_start(old: bytes, new: bytes) -> int:
    """How many bytes are the same at the beginning."""
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


def common_end(old: bytes, new: bytes, most: int) -> int:
    """How many bytes, at most so many, are the same at the end."""
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
