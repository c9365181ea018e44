"""What was made of parts of earlier requests: an agent's next request repeats the last one's.

A part (a message, a tool) that comes again byte for byte is not decoded again. It is found by
comparing, which runs at the speed of memory, ten times that of decoding, so nothing is taken on
trust. What is made must depend on the part alone, and nobody may change it afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, TypeVar, cast

from msgspec import Raw

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json

GENERATION_BYTES = 1 << 20
"""A long session's conversation; two generations are kept, with what was made of them."""
LARGE = 2048
"""Bytes from which on a part is found by samples of it, and then compared."""

_T = TypeVar("_T")
_Make = Callable[[Json, str], _T]
_Made = dict[tuple[object, ...], tuple[bytes, Any]]
_sample = Struct("<QQ").unpack_from


class Recall:
    """Of two large parts alike in length and in all samples, the newer one is remembered."""

    def __init__(self, generation_bytes: int = GENERATION_BYTES) -> None:
        self._generation_bytes = generation_bytes
        self._young: _Made = {}
        self._old: _Made = {}
        self._young_bytes = 0

    def of(self, part: Json, path: str, make: _Make[_T]) -> _T:
        """`make(value, path)` for a part: a `Raw` may be known already, anything else is a value.

        Raises what `make` raises, and `InvalidJson`; neither is remembered.
        """
        if type(part) is not Raw:
            return make(part, path)
        size = memoryview(part).nbytes
        key: tuple[object, ...] = (
            (make, bytes(part))
            if size < LARGE
            else (make, size, _sample(part, size >> 2), _sample(part, size >> 1))
        )
        known = self._young.get(key)
        # Of the same size, so the beginning is all of it.
        if known is not None and known[0].startswith(part):
            return cast("_T", known[1])
        known = self._old.get(key)
        if known is None or not known[0].startswith(part):
            data = bytes(part)
            known = (data, make(jsonio.decode(data), path))
        self._remember(key, known, size)
        return cast("_T", known[1])

    def _remember(self, key: tuple[object, ...], known: tuple[bytes, Any], size: int) -> None:
        if size > self._generation_bytes:
            return
        if self._young_bytes + size > self._generation_bytes:
            self._young, self._old = {}, self._young
            self._young_bytes = 0
        if key not in self._young:
            self._young_bytes += size
        self._young[key] = known


NOTHING = Recall(0)
"""Remembers nothing."""


def as_it_is(value: Json, path: str) -> Json:
    """The part itself, decoded."""
    return value
