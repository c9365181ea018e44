"""What a target protocol or provider cannot say: a value, never silence."""

from __future__ import annotations

from msgspec import Struct


class Loss(Struct, frozen=True):
    """A field that did not cross. `path` is that of the client's request: `tools[3].strict`."""

    path: str
    reason: str
