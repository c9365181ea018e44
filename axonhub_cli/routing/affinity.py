"""Which channel holds a session's prompt cache: the one that answered it last, while that is warm.

The rule, for a session and a model:

- its first choice is the channel that the strategy gives it when nothing speaks against any of
  them (for strategies that share by weight, a hash of the session's id: no memory is needed);
- when that one is down, or fails, the request goes to another channel, and the session **stays
  there** for as long as it goes on: the prompt cache is there now;
- after a pause of more than `WARM_S` no cache is left anywhere, and the session **begins anew** at
  its first choice.

So a session moves once when its channel dies, and once back. Only those that are not at their
first choice need to be remembered over a restart. Times are epoch seconds, given by the caller.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

WARM_S = 300.0
"""How long a prompt cache lives after its last use: five minutes unless a client pays for more
(docs.anthropic.com, prompt caching, 2025-11)."""

_MOST_SESSIONS = 4096


class Stay(Struct):
    """Where a session was answered last."""

    channel: str
    used: float
    moved: bool
    """It is not its first choice."""


class Affinity:
    """The sessions of the last minutes, the longest unused first; bounded."""

    def __init__(self) -> None:
        self._stays: dict[tuple[str, str], Stay] = {}
        self.revision = 0
        """Grows with every change worth saving."""

    def __len__(self) -> int:
        return len(self._stays)

    def channel_of(self, session: str, model: str, now: float) -> str | None:
        """Where its prompt cache is warm; None: nowhere that is known."""
        stay = self._stays.get((session, model))
        if stay is None or now - stay.used > WARM_S:
            return None
        return stay.channel

    def answered(self, session: str, model: str, channel: str, now: float, *, moved: bool) -> None:
        """`channel` has answered it; `moved`: which is not its first choice."""
        key = (session, model)
        before = self._stays.pop(key, None)
        if before is None and len(self._stays) >= _MOST_SESSIONS:
            del self._stays[next(iter(self._stays))]
        self._stays[key] = Stay(channel, now, moved)
        if moved or (before is not None and before.moved):
            self.revision += 1

    def dump(self) -> list[dict[str, Any]]:
        """Those that moved, as JSON."""
        return [
            {"session": session, "model": model, "channel": s.channel, "used": round(s.used, 1)}
            for (session, model), s in self._stays.items()
            if s.moved
        ]

    def restore(self, entries: object, now: float) -> None:
        """Take over what `dump` gave; what cannot be read of it is passed over."""
        for entry in entries if isinstance(entries, list) else []:
            try:
                saved = msgspec.convert(entry, _Saved)
            except msgspec.ValidationError:
                continue
            used = min(saved.used, now)
            if now - used <= WARM_S and len(self._stays) < _MOST_SESSIONS:
                self._stays[saved.session, saved.model] = Stay(saved.channel, used, True)


class _Saved(Struct, frozen=True):
    """An entry of the state file."""

    session: str
    model: str
    channel: str
    used: float
