"""What became of what was to be exported: counted, told in `status`, and logged now and then."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from time import monotonic, time
from typing import Literal

from axonhub_cli.config.schema import Signal
from axonhub_cli.tracing.metrics import Counter, gauge

Reason = Literal["queue_full", "refused", "unreachable", "rejected", "shutdown"]
"""`refused`: by an answer that no repetition mends; `rejected`: by a collector that took the rest;
`shutdown`: not sent before the daemon stopped, or telemetry was switched off."""

LOG_EVERY_S = 300.0

logger = logging.getLogger("axonhub")


class Outcomes:
    """For several threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sent = 0
        self._dropped: dict[Reason, int] = {}
        self._posts: dict[tuple[Signal, str], int] = {}
        self._failing: dict[Signal, str] = {}
        self._up: dict[Signal, bool] = {}
        self._logged_at: dict[str, float] = {}
        self.last_sent_at: float | None = None
        """Epoch seconds."""

    @property
    def problem(self) -> str | None:
        """Why telemetry does not arrive, as a sentence; None while it does."""
        with self._lock:
            told = [f"{signal}: {why}" for signal, why in self._failing.items()]
            if told and (lost := sum(self._dropped.values())):
                told.append(f"{lost} spans were lost so far")
            return "; ".join(told) or None

    def dropped(self, reason: Reason) -> int:
        return self._dropped.get(reason, 0)

    def drop(self, reason: Reason, spans: int) -> None:
        with self._lock:
            self._dropped[reason] = lost = self._dropped.get(reason, 0) + spans
            tells = reason == "queue_full" and self._is_due(reason)
        if tells:
            logger.warning(
                "more telemetry waits than there is room for: %d spans were lost so far", lost
            )

    def sent(self, spans: int) -> None:
        with self._lock:
            self._sent += spans
            self.last_sent_at = time()

    def answered(self, signal: Signal, code: str, why: str | None, *, taken: bool) -> None:
        """A post has ended. `code`: the status, or `error` where there was none; `why`: a clause
        on what went wrong, if only with a part of it."""
        with self._lock:
            key = (signal, code)
            self._posts[key] = self._posts.get(key, 0) + 1
            self._up[signal] = taken
            failed = signal in self._failing
            if why is None:
                self._failing.pop(signal, None)
            else:
                self._failing[signal] = why
            lost = sum(self._dropped.values())
            if why is not None and not failed:
                self._logged_at.pop(signal, None)
            tells = why is not None and self._is_due(signal)
        if tells:
            logger.warning("telemetry is not taken (%s): %s", signal, why)
        elif why is None and failed:
            logger.warning("telemetry is taken again (%s); %d spans were lost", signal, lost)

    def counters(self, waiting: int) -> Iterator[Counter]:
        """For `GET /metrics`; `waiting`: spans in the queue."""
        with self._lock:
            sent, dropped = self._sent, dict(self._dropped)
            posts, up, last = dict(self._posts), dict(self._up), self.last_sent_at
        spans = Counter("axonhub_otlp_spans_total", "Spans that a collector has taken.")
        spans.add(sent, outcome="sent")
        lost = Counter("axonhub_otlp_dropped_spans_total", "Spans that were lost, by reason.")
        for reason, count in dropped.items():
            lost.add(count, reason=reason)
        posted = Counter("axonhub_otlp_posts_total", "Posts to a collector, by status.")
        for (signal, code), count in posts.items():
            posted.add(count, signal=signal, code=code)
        yield from (spans, lost, posted)
        about = "Spans that wait to be sent."
        yield gauge("axonhub_otlp_queue_spans", about, [(float(waiting), {})])
        yield gauge(
            "axonhub_otlp_last_sent_timestamp_seconds",
            "When spans were taken last.",
            [] if last is None else [(last, {})],
        )
        yield gauge(
            "axonhub_otlp_up",
            "Of each signal: was the last post taken?",
            [(float(taken), {"signal": signal}) for signal, taken in up.items()],
        )

    def _is_due(self, about: str) -> bool:
        """Is it to be logged? The first time, then now and then while it lasts."""
        now, logged_at = self._clock(), self._logged_at.get(about)
        if logged_at is not None and now - logged_at < LOG_EVERY_S:
            return False
        self._logged_at[about] = now
        return True
