"""The addresses of large parts seen lately, found by comparing bytes instead of hashing them.

An agent's next request repeats the last one's parts. Comparing with a copy runs at the speed of
memory, ten times that of a hash; what is equal has the same address, so nothing is taken on trust.
"""

from __future__ import annotations

from collections.abc import Callable

from axonhub_cli.tracing.blobs import address

SMALLEST = 2048
"""Bytes; below it a hash costs no more than the look-up."""
GENERATION_BYTES = 1 << 20
"""A long conversation; two generations of it are kept."""
_EDGE = 24

_Key = tuple[int, bytes, bytes]
_Contents = dict[_Key, tuple[bytes, bytes]]


class KnownContents:
    """Of two parts alike in length and at both ends, the newer one is remembered."""

    def __init__(self, generation_bytes: int = GENERATION_BYTES) -> None:
        self._generation_bytes = generation_bytes
        self._young: _Contents = {}
        self._old: _Contents = {}
        self._young_bytes = 0

    def find(self, part: bytes | memoryview, address: Callable[[bytes], bytes] = address) -> bytes:
        """The address of a part, by this function where it is not known."""
        size = len(part)
        if size < SMALLEST:
            return address(bytes(part))
        key = (size, bytes(part[:_EDGE]), bytes(part[-_EDGE:]))
        known = self._young.get(key)
        if known is not None and known[0].startswith(part):
            return known[1]
        known = self._old.get(key)
        if known is None or not known[0].startswith(part):
            data = bytes(part)
            known = (data, address(data))
        self._remember(key, known, size)
        return known[1]

    def _remember(self, key: _Key, known: tuple[bytes, bytes], size: int) -> None:
        if size > self._generation_bytes:
            return
        if self._young_bytes + size > self._generation_bytes:
            self._young, self._old = {}, self._young
            self._young_bytes = 0
        if key not in self._young:
            self._young_bytes += size
        self._young[key] = known
