"""Weighted rendezvous hashing: each session draws a lot for each name, and the highest wins.

Each session has its own fixed order of channels, shares follow the weights, a restart changes
nothing, and a channel that comes or goes moves only its own sessions (so prompt caches stay warm).
"""

from __future__ import annotations

import hashlib
import math

# As many bits as leave the half exact: the quotient below is never 1, its logarithm never 0.
_BITS = 52


class Lots:
    """The lots of one session (or of one request that belongs to none)."""

    __slots__ = ("_hash",)

    def __init__(self, session_key: str) -> None:
        self._hash = hashlib.blake2b(f"{session_key}\x00".encode(), digest_size=8)

    def draw(self, name: bytes) -> float:
        """Multiplied by a weight, the highest of several names wins in proportion to its weight."""
        digest = self._hash.copy()
        digest.update(name)
        return lot(int.from_bytes(digest.digest(), "big"))


def lot(number: int) -> float:
    """A hash of 64 bits as a lot."""
    uniform = ((number >> (64 - _BITS)) + 0.5) / (1 << _BITS)
    return -1.0 / math.log(uniform)
