"""What routing remembers from one request to the next, and over a restart.

Everything in it is bounded, and nothing in it is needed: without it, routing begins anew.
"""

from __future__ import annotations

from typing import Any, Protocol

from axonhub_cli.routing.affinity import Affinity
from axonhub_cli.routing.health import Health
from axonhub_cli.routing.turns import Turns

_VERSION = 1


class Part(Protocol):
    """Something else that is to survive a restart: tokens put aside, limits read from answers."""

    revision: int
    """Grows with every change worth saving."""

    def dump(self) -> Any:
        """What it knows, as JSON."""

    def restore(self, saved: Any, now: float) -> None:
        """Take over what `dump` gave, at another time; must bear any JSON, and a clock that jumped:
        nothing may be kept out for longer than it was when it was saved."""


class RoutingState:
    """Health and affinity, and whatever else is registered in `parts`."""

    def __init__(self, **parts: Part) -> None:
        self.health = Health()
        self.affinity = Affinity()
        self.turns = Turns()
        self.parts = parts

    @property
    def revision(self) -> int:
        """Differs from before when something worth saving has changed."""
        own = self.health.revision + self.affinity.revision
        return own + sum(part.revision for part in self.parts.values())

    def dump(self, now: float, *, live: bool = False) -> dict[str, Any]:
        """All of it as JSON; `live`: for a look at it, with what no restart survives."""
        return {
            "version": _VERSION,
            "at": round(now, 1),
            "health": self.health.dump(live=live),
            "affinity": self.affinity.dump(),
            "parts": {name: part.dump() for name, part in self.parts.items()},
        }

    def restore(self, saved: object, now: float) -> None:
        """Take over what `dump` gave; anything else is passed over."""
        if not isinstance(saved, dict) or saved.get("version") != _VERSION:
            return
        self.health.restore(saved.get("health"), now)
        self.affinity.restore(saved.get("affinity"), now)
        parts = saved.get("parts")
        for name, part in self.parts.items():
            if isinstance(parts, dict) and name in parts:
                part.restore(parts[name], now)
