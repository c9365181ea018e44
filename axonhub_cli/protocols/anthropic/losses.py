"""Collects what of a request does not cross: each path and reason once."""

from __future__ import annotations

from axonhub_cli.ir.loss import Loss
from axonhub_cli.ir.request import Extra


class Losses:
    """The losses of one request, in the order they were met."""

    def __init__(self) -> None:
        self._met: dict[Loss, None] = {}

    def add(self, path: str, reason: str) -> None:
        self._met.setdefault(Loss(path, reason))

    def add_extra(self, path: str, extra: Extra) -> None:
        """Each of these members has no counterpart. A developer's turn crosses as a system's."""
        for name in extra:
            if name == "role" and extra[name] == "developer":
                continue
            self.add(f"{path}.{name}" if path else name, "has no counterpart in Anthropic Messages")

    def all(self) -> tuple[Loss, ...]:
        return tuple(self._met)
