"""The state of routing as a command sees it: the running daemon's, else what the last one saved."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from time import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from axonhub_cli.cli.context import Session
from axonhub_cli.config.labels import labels_of
from axonhub_cli.config.schema import Config
from axonhub_cli.routing.allowances import Allowances
from axonhub_cli.routing.balance import Sources
from axonhub_cli.routing.state import RoutingState
from axonhub_cli.routing.supply import Supply
from axonhub_cli.routing.tokens import Tokens

if TYPE_CHECKING:
    from axonhub_cli.pricing.prices import Pricer


class RoutingView(Struct, frozen=True):
    state: RoutingState
    supply: Supply
    """Its tokens and their limits."""
    source: str
    """`daemon`, `file`, or `none` where nothing is known yet."""
    now: float
    """Epoch seconds."""
    age_s: float | None = None
    """How old a saved state is."""
    faults: dict[str, str] = {}
    """Channels that cannot work now and why, as far as a running daemon knows it."""
    sources: Sources = Sources()
    untold: bool = False
    """A daemon runs and does not answer this question, such as one of another version."""

    @property
    def words(self) -> str:
        if self.source == "daemon":
            return "the running daemon's"
        if self.source == "none":
            return "none: nothing is known of the channels yet"
        age = self.age_s or 0.0
        told = f"{age:.0f} s" if age < 120 else f"{age / 60:.0f} min" if age < 7200 else "hours"
        if self.untold:
            return (
                f"as saved {told} ago; the daemon did not tell: `axonhub restart` after an update"
            )
        return f"as saved {told} ago; no daemon runs"


def look(session: Session) -> RoutingView:
    """Ask the daemon, else read the file. Never fails: without either nothing is known."""
    from axonhub_cli.daemon.state import ROUTING_PATH, ask, read_state, verify

    now, faults, age = time(), dict[str, str](), None
    running = read_state(session.paths)
    told = ask(running, ROUTING_PATH) if running is not None else None
    saved: Any = told.get("routing") if told is not None else _read_file(session)
    if told is not None and isinstance(found := told.get("faults"), dict):
        faults = {str(name): str(reason) for name, reason in found.items()}
    elif saved is not None and isinstance(at := saved.get("at"), int | float):
        age = max(now - at, 0.0)
    supply = _make_supply(session.config(), saved)
    state = RoutingState(tokens=supply.tokens, allowances=supply.allowances)
    state.restore(saved, now)
    source = "daemon" if told is not None else "none" if saved is None else "file"
    sources = Sources(supply.headroom, supply.quota, _find_prices(session))
    untold = running is not None and told is None and verify(running)
    return RoutingView(state, supply, source, now, age, faults, sources, untold)


class _Token(Struct, frozen=True):
    """A token whose value is not known here: it is taken for the one that was spoken of last."""

    label: str
    mark: str


def _make_supply(config: Config, saved: Any) -> Supply:
    marks: dict[tuple[str, str], str] = {}
    parts = saved.get("parts") if isinstance(saved, dict) else None
    for part in parts.values() if isinstance(parts, dict) else ():
        for entry in part if isinstance(part, list) else ():
            if isinstance(entry, dict):
                place = str(entry.get("channel")), str(entry.get("label"))
                marks[place] = str(entry.get("mark"))
    tokens = {
        channel.name: [
            _Token(label, marks.get((channel.name, label), ""))
            for label in labels_of(channel.tokens)
        ]
        for channel in config.channels
    }
    return Supply(Allowances(), Tokens(), lambda name: tokens.get(name, ()))


def _find_prices(session: Session) -> Callable[[str, str], float | None]:
    """Prices as the daemon finds them; read only where the strategy asks."""

    @cache
    def make_pricer() -> Pricer:
        from axonhub_cli.pricing.listing import Listing
        from axonhub_cli.pricing.prices import Pricer

        return Pricer(session.config, Listing(session.paths.price_list))

    def price(channel: str, model: str) -> float | None:
        from axonhub_cli.pricing.typical import typical_cost

        return typical_cost(make_pricer(), channel, model, at=time())

    return price


def _read_file(session: Session) -> dict[str, Any] | None:
    from axonhub_cli import jsonio

    try:
        found = jsonio.decode(session.paths.routing_file.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
