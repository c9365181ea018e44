"""How the channels do: breaker, speed and load of each one for each model, as attempts report them.

Clients name the models, so the list is bounded. Times are epoch seconds, durations in the names'
units; the clock is an argument.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from axonhub_cli.routing.breaker import Breaker, BreakerSettings, State

_MOST_ENTRIES = 1000
# The last answers count most: a new one for this share.
_SMOOTHING = 0.3
# A figure as old as this says nothing of now, and the channel deserves to be measured again.
_LATENCY_HOLDS_S = 600.0


class Standing(Struct):
    """One channel for one model."""

    breaker: Breaker = field(default_factory=Breaker)
    in_flight: int = 0
    smoothed_ms: float | None = None
    measured_at: float = 0.0

    @property
    def is_worth_saving(self) -> bool:
        return self.breaker.failures > 0 or self.breaker.until > 0 or self.smoothed_ms is not None

    def first_event_ms(self, now: float) -> float | None:
        """How long its first event takes of late; None when that is not known."""
        if self.smoothed_ms is None or not 0 <= now - self.measured_at < _LATENCY_HOLDS_S:
            return None
        return self.smoothed_ms


class Visit:
    """One attempt as its channel's standing sees it. To be closed (`with`), however it ends."""

    __slots__ = ("_answered", "_probe", "_settings", "_standing")

    def __init__(self, standing: Standing, probe: float, settings: BreakerSettings) -> None:
        self._standing = standing
        self._probe = probe
        self._settings = settings
        self._answered = False

    @property
    def is_probe(self) -> bool:
        return self._probe > 0

    def answered(self, now: float, first_event_ms: float | None) -> None:
        """It began to answer; to be told once or more often. None: in one piece."""
        if self._answered:
            return
        self._answered = True
        standing = self._standing
        standing.breaker.answered()
        if first_event_ms is None:
            return
        known = standing.first_event_ms(now)
        if known is not None:
            first_event_ms = known + _SMOOTHING * (first_event_ms - known)
        standing.smoothed_ms, standing.measured_at = first_event_ms, now

    def completed(self) -> None:
        """The whole answer came."""
        self._standing.breaker.completed()

    def failed(
        self,
        now: float,
        *,
        says_enough: bool = False,
        asked: float | None = None,
        cause: str | None = None,
    ) -> None:
        """The channel is to blame. `says_enough`: one such failure opens the breaker; `asked`: for
        so many seconds, as a Retry-After says."""
        self._standing.breaker.failed(
            now,
            probe=self._probe,
            settings=self._settings,
            says_enough=says_enough,
            asked=asked,
            cause=cause,
        )

    def close(self) -> None:
        self._standing.in_flight -= 1
        self._standing.breaker.give_up(self._probe)

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def unnoticed() -> Visit:
    """Of an attempt that is to leave no trace: counting tokens says nothing of answering."""
    return Visit(Standing(in_flight=1), 0.0, BreakerSettings())


class Health:
    """The standings of all channels."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Standing] = {}
        self.revision = 0
        """Grows with every change worth saving."""

    def __len__(self) -> int:
        return len(self._known)

    def standing(self, channel: str, model: str) -> Standing | None:
        """None: nothing is known, so nothing speaks against it."""
        return self._known.get((channel, model))

    def begin(
        self, channel: str, model: str, now: float, settings: BreakerSettings = BreakerSettings()
    ) -> Visit:
        """An attempt begins."""
        key = (channel, model)
        standing = self._known.get(key)
        if standing is None:
            if len(self._known) >= _MOST_ENTRIES:
                self._make_room(now)
            standing = self._known[key] = Standing()
        standing.in_flight += 1
        self.revision += 1
        return Visit(standing, standing.breaker.begin(now), settings)

    def avoided_for(self, channel: str, model: str, now: float) -> float:
        """Seconds until the channel is asked for this model like any other."""
        standing = self._known.get((channel, model))
        return 0.0 if standing is None else standing.breaker.wait(now)

    def wait(self, channel: str, now: float) -> tuple[State, float, str | None]:
        """The worst state of a channel's models, the seconds until all may be tried again, and the
        cause."""
        open_ones = [
            standing.breaker
            for (name, _), standing in self._known.items()
            if name == channel and standing.breaker.until
        ]
        if not open_ones:
            return "closed", 0.0, None
        worst = max(open_ones, key=lambda breaker: breaker.wait(now))
        return worst.state(now), worst.wait(now), worst.cause

    def standings(self) -> list[tuple[tuple[str, str], Standing]]:
        """All that is known, by channel and model."""
        return list(self._known.items())

    def forget(self, channel: str) -> None:
        """All that is known of a channel; what is in flight to it reports to nobody."""
        for key in [key for key in self._known if key[0] == channel]:
            del self._known[key]

    def dump(self, *, live: bool = False) -> list[dict[str, Any]]:
        """What is known, as JSON; `live`: with what is in flight, which no restart survives."""
        return [
            {
                "channel": channel,
                "model": model,
                **{name: value for name, value in _breaker_json(standing.breaker).items() if value},
                "first_event_ms": standing.smoothed_ms and round(standing.smoothed_ms, 1),
                "measured_at": round(standing.measured_at, 1),
                **(_live_json(standing) if live else {}),
            }
            for (channel, model), standing in self._known.items()
            if live or standing.is_worth_saving
        ]

    def restore(self, entries: object, now: float) -> None:
        """Take over what `dump` gave; what cannot be read of it is passed over. No channel is kept
        out for longer than it was when it was saved, whatever the clock has done since."""
        for entry in entries if isinstance(entries, list) else []:
            try:
                saved = msgspec.convert(entry, _Saved)
            except msgspec.ValidationError:
                continue
            if len(self._known) < _MOST_ENTRIES:
                self._known[saved.channel, saved.model] = _standing(saved, now)

    def _make_room(self, now: float) -> None:
        """Forget those that nothing speaks against, else whoever is longest known."""
        kept = {
            key: standing
            for key, standing in self._known.items()
            if standing.in_flight or standing.breaker.wait(now) > 0
        }
        if len(kept) >= _MOST_ENTRIES:
            del kept[next(iter(kept))]
        self._known = kept


class _Saved(Struct, frozen=True):
    """An entry of the state file."""

    channel: str
    model: str
    failures: int = 0
    until: float = 0.0
    span: float = 0.0
    step: int = 0
    cause: str | None = None
    first_event_ms: float | None = None
    measured_at: float = 0.0
    in_flight: int = 0
    probe: float = 0.0


def _live_json(standing: Standing) -> dict[str, Any]:
    return {"in_flight": standing.in_flight, "probe": standing.breaker.probe}


def _breaker_json(breaker: Breaker) -> dict[str, Any]:
    return {
        "failures": breaker.failures,
        "until": round(breaker.until, 1),
        "span": round(breaker.span, 1),
        "step": breaker.step,
        "cause": breaker.cause,
    }


def _standing(saved: _Saved, now: float) -> Standing:
    span = min(max(saved.span, 0.0), _LONGEST_SPAN_S)
    breaker = Breaker(
        failures=max(saved.failures, 0),
        until=min(saved.until, now + span) if saved.until > 0 else 0.0,
        span=span,
        step=max(saved.step, 0),
        probe=saved.probe,
        cause=saved.cause,
    )
    return Standing(
        breaker=breaker,
        in_flight=max(saved.in_flight, 0),
        smoothed_ms=saved.first_event_ms,
        measured_at=min(saved.measured_at, now),
    )


_LONGEST_SPAN_S = 86_400.0
"""Of a state file: no setting lets a breaker open for longer than a day."""
