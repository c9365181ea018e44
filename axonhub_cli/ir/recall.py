"""What was made of parts of earlier requests: an agent's next request repeats the last one's.

A part (a message, a tool) that comes again byte for byte is not decoded again, and what is made of
it further on (its name fitted, its wire form) is not made again. It is found by comparing, which
runs at the speed of memory, ten times that of decoding, so nothing is taken on trust. What is made
must depend on the part alone, and nobody may change it afterwards.
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
_Key = tuple[object, ...]
_Place = tuple[str, int, int]
_Derived = tuple[object, object, object]
_sample = Struct("<QQ").unpack_from


class Recall:
    """Of two large parts alike in length and in all samples, the newer one is remembered."""

    def __init__(self, generation_bytes: int = GENERATION_BYTES) -> None:
        self._generation_bytes = generation_bytes
        self._young = _Generation()
        self._old = _Generation()

    def of(self, part: Json, path: str, make: _Make[_T]) -> _T:
        """`make(value, path)` for a part: a `Raw` may be known already, anything else is a value.

        Raises what `make` raises, and `InvalidJson`; neither is remembered.
        """
        if type(part) is not Raw:
            return make(part, path)
        size = memoryview(part).nbytes
        key: _Key = (
            (make, bytes(part))
            if size < LARGE
            else (make, size, _sample(part, size >> 2), _sample(part, size >> 1))
        )
        known = self._young.made.get(key)
        # Of the same size, so the beginning is all of it.
        if known is not None and known[0].startswith(part):
            return cast("_T", known[1])
        known = self._old.made.get(key)
        if known is None or not known[0].startswith(part):
            data = bytes(part)
            known = (data, make(jsonio.decode(data), path))
        self._remember(key, known, size)
        return cast("_T", known[1])

    def find(self, kind: str, source: object, place: int = 0) -> Any | None:
        """What was made of an object, this very one, or of what it has at a place."""
        key = (kind, id(source), place)
        known = self._young.derived.get(key)
        if known is None:
            known = self._old.derived.get(key)
            if known is None:
                return None
            self._keep(key, known)
        return known[1]

    def keep(
        self, kind: str, source: object, value: object, *, place: int = 0, root: object = None
    ) -> None:
        """To be found, as long as the part is remembered that `source` was made of.

        `root` is what more may be made of; None: the value.
        """
        if id(source) in self._young.objects or id(source) in self._old.objects:
            self._keep((kind, id(source), place), (source, value, value if root is None else root))

    def _keep(self, key: _Place, known: _Derived) -> None:
        source, _, root = known
        self._young.derived[key] = known
        self._young.objects[id(source)] = source
        self._young.objects[id(root)] = root

    def _remember(self, key: _Key, known: tuple[bytes, Any], size: int) -> None:
        if size > self._generation_bytes:
            return
        if self._young.bytes + size > self._generation_bytes:
            self._young, self._old = _Generation(), self._young
        # In another one's place too: that is held until its generation goes.
        self._young.bytes += size
        self._young.made[key] = known
        self._young.objects[id(known[1])] = known[1]


class _Generation:
    """What was remembered since the last one was full."""

    def __init__(self) -> None:
        self.bytes = 0
        self.made: dict[_Key, tuple[bytes, Any]] = {}
        self.derived: dict[_Place, _Derived] = {}
        # They are held, so that an id stays the id of one object.
        self.objects: dict[int, object] = {}


NOTHING = Recall(0)
"""Remembers nothing."""


def as_it_is(value: Json, path: str) -> Json:
    """The part itself, decoded."""
    return value
