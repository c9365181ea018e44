"""What routing remembers from one request to the next, and over a restart.

Everything in it is bounded, and nothing in it is needed: without it, routing begins anew.
"""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from axonhub_cli.config.schema import Channel, Config
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
        self._marks: dict[str, str] = {}
        """Of each channel as it was configured when this was learned."""

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
            "channels": self._marks,
            "health": self.health.dump(live=live),
            "affinity": self.affinity.dump(),
            "parts": {name: part.dump() for name, part in self.parts.items()},
        }

    def restore(self, saved: object, now: float) -> None:
        """Take over what `dump` gave; anything else is passed over."""
        if not isinstance(saved, dict) or saved.get("version") != _VERSION:
            return
        marks = saved.get("channels")
        if isinstance(marks, dict):
            self._marks = {str(name): str(mark) for name, mark in marks.items()}
        self.health.restore(saved.get("health"), now)
        self.affinity.restore(saved.get("affinity"), now)
        parts = saved.get("parts")
        for name, part in self.parts.items():
            if isinstance(parts, dict) and name in parts:
                part.restore(parts[name], now)

    def follow(self, config: Config) -> None:
        """Another configuration holds: what failed before a channel was edited, disabled and
        enabled again, or removed, says nothing of it as it is now."""
        marks = {channel.name: _mark(channel) for channel in config.channels}
        for name, mark in self._marks.items():
            if marks.get(name) != mark:
                self.health.forget(name)
        if marks != self._marks:
            self._marks = marks
            self.health.revision += 1


def _mark(channel: Channel) -> str:
    """Another one when the channel works another way; its share and its rank are no such way."""
    how = replace(channel, tags=(), weight=100, priority=0)
    return hashlib.blake2b(msgspec.json.encode(how), digest_size=8).hexdigest()
