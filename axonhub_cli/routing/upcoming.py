"""The candidates of a decision that have not been tried yet.

Who comes next is looked at again each time: while one attempt ran, another request may have found
out that a channel is down, or be trying one that was.
"""

from __future__ import annotations

from collections.abc import Collection

from axonhub_cli.routing.balance import AVOIDED
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.decision import Decision
from axonhub_cli.routing.health import Health
from axonhub_cli.routing.strategies import Row


class Upcoming:
    def __init__(self, decision: Decision, health: Health) -> None:
        self._rows = list(decision.ranking.rows)
        self._health = health
        self._taken: Row | None = None
        self._put_back: set[str] = set()

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def candidates(self) -> list[Candidate]:
        return [row.candidate for row in self._rows]

    def keep(self, candidates: Collection[Candidate]) -> None:
        """Only these are worth asking any more."""
        self._rows = [row for row in self._rows if row.candidate in candidates]

    def take(self, now: float) -> Candidate:
        """The next one: the first that its breaker lets pass, else the first. There must be one."""
        rows = self._rows
        place = next((i for i, row in enumerate(rows) if self._passes(i, now)), 0)
        self._taken = rows.pop(place)
        return self._taken.candidate

    def put_back(self) -> None:
        """The one taken last was not asked at all, for others could be asked at once: it comes
        once more, after them."""
        row = self._taken
        if row is not None and row.channel not in self._put_back:
            self._put_back.add(row.channel)
            self._rows.append(row)

    def usable(self, now: float) -> list[Candidate]:
        """Those that nothing speaks against, a weight of 0 included."""
        return [
            row.candidate
            for place, row in enumerate(self._rows)
            if not row.spare and self._passes(place, now)
        ]

    def _passes(self, place: int, now: float) -> bool:
        row = self._rows[place]
        if row.tier == AVOIDED and row.state == "closed":
            return False  # its limits are used up
        standing = self._health.standing(row.channel, row.candidate.upstream_model)
        return standing is None or standing.breaker.admits(now)
