"""What a request could not say to Chat: gathered while it is encoded, told once each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from axonhub_cli.ir.loss import Loss
from axonhub_cli.ir.recall import NOTHING, Recall
from axonhub_cli.ir.request import Extra

_PARTLY_TAKEN = frozenset({"thinking", "output_config", "tool_choice"})
_T = TypeVar("_T")
_NO_FIELD = "Chat Completions has no such field"


class Losses:
    """One entry a path: a thousand blocks with `cache_control` are one loss."""

    def __init__(self, recall: Recall = NOTHING) -> None:
        self._found: dict[str, Loss] = {}
        self._recall = recall
        self._told: list[tuple[str, str]] = []

    def known(self, kind: str, source: object, place: int = 0) -> Any | None:
        """What was made of `source` before, its losses told again; None: it is to be made."""
        found = self._recall.find(kind, source, place)
        if found is None:
            return None
        made, told = found
        for path, reason in told:
            self.add(path, reason)
        return made

    def making(
        self,
        kind: str,
        source: object,
        make: Callable[[], _T],
        *,
        place: int = 0,
        wire: Callable[[_T], object] = lambda value: value,
    ) -> _T:
        """Make something of `source` alone, for `known`; `wire` names what is written as JSON."""
        before = len(self._told)
        value = make()
        told = self._told[before:]
        self._recall.keep(kind, source, (value, told), place=place, root=wire(value))
        return value

    def add(self, path: str, reason: str = _NO_FIELD) -> None:
        self._told.append((path, reason))
        if path not in self._found:
            self._found[path] = Loss(path, reason)

    def add_members(self, path: str, extra: Extra) -> None:
        """Each member of an `extra`, told with its own members where the hub took others of it;
        `path` is empty at the top level."""
        for name, value in extra.items():
            whole = f"{path}.{name}" if path else name
            if name in _PARTLY_TAKEN and isinstance(value, dict):
                self.add_members(whole, value)
            else:
                self.add(whole)

    def all(self) -> tuple[Loss, ...]:
        return tuple(self._found.values())
