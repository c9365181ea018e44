"""What a request could not say to Chat: gathered while it is encoded, told once each."""

from __future__ import annotations

from axonhub_cli.ir.loss import Loss
from axonhub_cli.ir.request import Extra

_PARTLY_TAKEN = frozenset({"thinking", "output_config", "tool_choice"})
_NO_FIELD = "Chat Completions has no such field"


class Losses:
    """One entry a path: a thousand blocks with `cache_control` are one loss."""

    def __init__(self) -> None:
        self._found: dict[str, Loss] = {}

    def add(self, path: str, reason: str = _NO_FIELD) -> None:
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
