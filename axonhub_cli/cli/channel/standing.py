"""How a channel stands with its provider: what is left of its limits, and which tokens are aside.

As the running daemon knows it, or the last one knew it: what it once read of answers, brought
forward to now.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from axonhub_cli.cli.figures import moment
from axonhub_cli.config.labels import labels_of
from axonhub_cli.config.schema import Channel

if TYPE_CHECKING:
    from axonhub_cli.cli.routing_view import RoutingView
    from axonhub_cli.routing.limit_headers import Window


class Left(Struct, frozen=True):
    """What is left of one limit of one token, now."""

    window: Window
    token: str | None
    model: str | None
    """None: of every model."""
    used: float | None
    told_at: float

    def as_json(self) -> dict[str, Any]:
        window = self.window
        return {
            "name": window.name,
            "token": self.token,
            "model": self.model,
            "used": None if self.used is None else round(self.used, 4),
            "limit": window.limit,
            "remaining": window.remaining,
            "resets_at": _timestamp(window.resets_at),
            "some_models": window.scoped,
            "binding": window.binding,
            "told_at": _timestamp(self.told_at),
        }

    def words(self, now: float) -> str:
        """`58% of 5h left until 15:40:00`."""
        left = "?" if self.used is None else f"{max(0.0, 1 - self.used):.0%}"
        reset = self.window.resets_at
        until = f" until {moment(reset, now)}" if reset is not None else ""
        return f"{left} of {self.window.name} left{until}"


class Aside(Struct, frozen=True):
    """A token that is put aside."""

    label: str
    model: str | None
    """None: for every model."""
    reason: str
    until: float

    def as_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "model": self.model,
            "reason": self.reason,
            "back_at": _timestamp(self.until),
        }

    def words(self, now: float) -> str:
        """`refused (401), back at 15:40:00`."""
        model = f" for {self.model}" if self.model else ""
        return f"{self.reason}{model}, back at {moment(self.until, now)}"


class Standing(Struct, frozen=True):
    """Of one channel; `now` is what its words count from."""

    lefts: list[Left]
    asides: list[Aside]
    now: float

    @property
    def limits(self) -> list[dict[str, Any]] | None:
        """Under `limits` in JSON; None: nothing is known."""
        return [left.as_json() for left in self.lefts] or None

    @property
    def scarcest(self) -> str:
        """For a list: what will be used up first, of the token that has most left."""
        worst: dict[str | None, tuple[float, Left]] = {}
        for left in self.lefts:
            used = left.used
            if used is None or left.window.scoped:
                continue
            if left.token not in worst or used > worst[left.token][0]:
                worst[left.token] = (used, left)
        if not worst:
            return ""
        return min(worst.values(), key=lambda pair: pair[0])[1].words(self.now)

    def lines(self) -> list[str]:
        """Every limit, for people."""
        several = len({left.token for left in self.lefts}) > 1
        return [
            (f"token {left.token}: " if several else "")
            + left.words(self.now)
            + (f", for {left.model}" if left.model else "")
            + (", of some models" if left.window.scoped else "")
            for left in self.lefts
        ]

    def aside_lines(self) -> list[str]:
        return [f"token {aside.label}: {aside.words(self.now)}" for aside in self.asides]


def standing_of(view: RoutingView, channel: Channel) -> Standing:
    """What `view` knows of a channel and of the tokens that it has now."""
    from axonhub_cli.routing.allowances import used_of

    labels = set(labels_of(channel.tokens)) or {""}
    lefts = [
        Left(window, label or None, model or None, used_of(window, at, view.now), at)
        for label, model, at, told in view.supply.allowances.told(channel.name)
        if label in labels
        for window in told.windows
        # One that began anew tells nothing of now.
        if window.resets_at is None or window.resets_at > view.now
    ]
    asides = [
        Aside(label, model or None, reason, until)
        for label, model, reason, until in view.supply.tokens.aside(channel.name, view.now)
        if label in labels
    ]
    return Standing(lefts, asides, view.now)


def _timestamp(at: float | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
