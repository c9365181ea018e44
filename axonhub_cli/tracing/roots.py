"""Which session a subagent's session belongs to at last: its parent may be a subagent's too."""

from __future__ import annotations

from collections import OrderedDict

_MOST = 1024
"""Sessions of subagents; each takes some 300 bytes."""
_DEEPEST = 8


class Roots:
    """Learns from each request of a subagent; the oldest sessions are forgotten first."""

    def __init__(self) -> None:
        self._parents: OrderedDict[str, str] = OrderedDict()

    def find(self, session: str, parent: str) -> str:
        """The session at the top, as far as it is known by now."""
        self._parents[session] = parent
        self._parents.move_to_end(session)
        if len(self._parents) > _MOST:
            self._parents.popitem(last=False)
        root = parent
        for _ in range(_DEEPEST):
            above = self._parents.get(root)
            if above is None or above == session:
                break
            root = above
        return root
