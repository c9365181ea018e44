"""A queue in which nobody's flood holds up the others: by turns among keys, then among sessions.

Each key that waits has one turn, then the next key; a key's turn goes to its sessions one after
another; what waits in one session comes out in the order in which it went in. So a key with a
thousand waiting requests delays another key's single one by one turn, and within a key a session
with many subagents delays another session by one turn.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Items must be hashable, and different from each other."""

    def __init__(self) -> None:
        # Whose turn it is stands first at each level; a dict keeps the order and forgets in O(1).
        self._keys: dict[str, dict[str, dict[T, None]]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def push(self, key: str, session: str, item: T) -> None:
        """To the end of its session's line."""
        self._keys.setdefault(key, {}).setdefault(session, {})[item] = None
        self._size += 1

    def peek(self) -> T:
        """Whose turn it is. There must be one."""
        sessions = next(iter(self._keys.values()))
        return next(iter(next(iter(sessions.values()))))

    def pop(self) -> T:
        """Take the one whose turn it is; its session and key go to the end. There must be one."""
        key = next(iter(self._keys))
        sessions = self._keys.pop(key)
        session = next(iter(sessions))
        items = sessions.pop(session)
        item = next(iter(items))
        del items[item]
        if items:
            sessions[session] = items
        if sessions:
            self._keys[key] = sessions
        self._size -= 1
        return item

    def remove(self, key: str, session: str, item: T) -> None:
        """It does not wait any longer; whoever else does keeps his turn. No error when it is gone
        already."""
        sessions = self._keys.get(key, {})
        items = sessions.get(session, {})
        if item not in items:
            return
        del items[item]
        self._size -= 1
        if not items:
            del sessions[session]
        if not sessions:
            del self._keys[key]
