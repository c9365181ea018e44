"""The state of routing as a command sees it: the running daemon's, else what the last one saved."""

from __future__ import annotations

from time import time
from typing import Any

from msgspec import Struct

from axonhub_cli.cli.context import Session
from axonhub_cli.routing.state import RoutingState


class RoutingView(Struct, frozen=True):
    state: RoutingState
    source: str
    """`daemon`, `file`, or `none` where nothing is known yet."""
    now: float
    """Epoch seconds."""
    age_s: float | None = None
    """How old a saved state is."""
    faults: dict[str, str] = {}
    """Channels that cannot work now and why, as far as a running daemon knows it."""

    @property
    def words(self) -> str:
        if self.source == "daemon":
            return "the running daemon's"
        if self.source == "none":
            return "none: nothing is known of the channels yet"
        return f"as saved {self.age_s or 0:.0f} s ago; no daemon runs"


def look(session: Session) -> RoutingView:
    """Ask the daemon, else read the file. Never fails: without either nothing is known."""
    from axonhub_cli.daemon.state import ROUTING_PATH, ask, read_state

    state, now = RoutingState(), time()
    running = read_state(session.paths)
    told = ask(running, ROUTING_PATH) if running is not None else None
    if told is not None:
        state.restore(told.get("routing"), now)
        faults = told.get("faults")
        known = {str(k): str(v) for k, v in faults.items()} if isinstance(faults, dict) else {}
        return RoutingView(state, "daemon", now, faults=known)
    saved = _read_file(session)
    if saved is None:
        return RoutingView(state, "none", now)
    state.restore(saved, now)
    at = saved.get("at")
    age = max(now - at, 0.0) if isinstance(at, int | float) else None
    return RoutingView(state, "file", now, age)


def _read_file(session: Session) -> dict[str, Any] | None:
    from axonhub_cli import jsonio

    try:
        found = jsonio.decode(session.paths.routing_file.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
