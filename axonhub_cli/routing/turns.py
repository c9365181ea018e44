"""Weighted round robin: whose turn it is, so that any few picks already follow the weights.

Fair queueing: each channel waits for its turn since some moment of a clock of turns, and has it
when 1/weight has passed; who is due earliest is next. One that was away does not make up for it:
after its next turn it waits from now, not from then.
"""

from __future__ import annotations

from collections.abc import Iterable

_MOST_GROUPS = 512

Group = tuple[str | None, str]
"""Profile and model: clients name the models, so their number is bounded."""


class Turns:
    """Since when each channel of each group waits."""

    def __init__(self) -> None:
        self._groups: dict[Group, _Clock] = {}

    def due(self, group: Group, channel: str, weight: float) -> float:
        """The earliest is next."""
        clock = self._groups.get(group)
        since = clock.since(channel) if clock is not None else 0.0
        return since + 1.0 / weight

    def take(self, group: Group, channel: str, weight: float, waiting: Iterable[str]) -> None:
        """It was its turn; `waiting`: all that might have had it."""
        clock = self._groups.get(group)
        if clock is None:
            if len(self._groups) >= _MOST_GROUPS:
                del self._groups[next(iter(self._groups))]
            clock = self._groups[group] = _Clock()
        clock.take(channel, weight, waiting)


class _Clock:
    __slots__ = ("_now", "_since")

    def __init__(self) -> None:
        self._now = 0.0
        self._since: dict[str, float] = {}

    def since(self, channel: str) -> float:
        return self._since.get(channel, self._now)

    def take(self, channel: str, weight: float, waiting: Iterable[str]) -> None:
        for name in waiting:
            self._since.setdefault(name, self._now)
        self._now = max(self._now, self._since[channel] + 1.0 / weight)
        self._since[channel] = self._now
