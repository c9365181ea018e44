"""Send spans and metrics to an OpenTelemetry collector: a thread for each, and a bounded queue.

An exporter of our own: OTLP's JSON over HTTP is stable and a page long, where OpenTelemetry's SDK
costs a third of the daemon's memory limit and sees requests only as they happen on the loop.

A batch of spans that is not taken is sent again, later and later, while the queue takes in what
comes; sums are sent at intervals, and what one post misses is in the next.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from queue import Empty, Full, Queue
from time import monotonic, time
from uuid import uuid4

from msgspec import Raw, Struct

from axonhub_cli.config.schema import Signal, Telemetry
from axonhub_cli.daemon.otlp_outcomes import Outcomes
from axonhub_cli.daemon.otlp_post import NO_STATUS, Poster, Verdict
from axonhub_cli.daemon.otlp_settings import Destination, Export, settle
from axonhub_cli.tracing.entries import Entry
from axonhub_cli.tracing.metrics import Counter
from axonhub_cli.tracing.otlp import FindProvider, spans_of
from axonhub_cli.tracing.otlp_json import encode_span, encode_spans
from axonhub_cli.tracing.otlp_metrics import OtlpMetrics

_LAST_POST_S = 0.2

logger = logging.getLogger("axonhub")


class Pace(Struct, frozen=True):
    """How much an exporter takes at once; times are in seconds."""

    waiting: int = 5000
    """Spans; what comes while so many wait is dropped and counted."""
    batch: int = 200
    gather: float = 2.0
    """How long the first span of a batch waits for others."""
    metrics: float = 60.0
    first_pause: float = 1.0
    longest_pause: float = 60.0
    give_up: float = 300.0
    """Since a batch was sent first."""

    def pause(self, failures: int, draw: float) -> float:
        """Before the next try; `draw` from 0 to 1 spreads daemons that failed together."""
        whole = min(self.longest_pause, self.first_pause * 2.0 ** min(failures - 1, 30))
        return whole * (0.5 + draw / 2)

    def after(self, verdict: Verdict, failures: int) -> float:
        """The pause that a collector asks for, else one that grows with each failure."""
        if verdict.wait is not None and verdict.wait >= 0:
            return verdict.wait
        return self.pause(failures, random.random())


class Exporter:
    """`settings` is asked for each request; `reveal` reads a secret by its reference, and may
    block; `gauges` are read with each post of metrics. `observe` is for the writer thread;
    nothing is started while no endpoint is set."""

    def __init__(
        self,
        settings: Callable[[], Telemetry],
        reveal: Callable[[str], str],
        *,
        find_provider: FindProvider = lambda channel, protocol: None,
        environ: Mapping[str, str] | None = None,
        gauges: Callable[[], Iterable[Counter]] = tuple,
        pace: Pace = Pace(),
    ) -> None:
        self.outcomes = Outcomes()
        self._settings = settings
        self._reveal = reveal
        self._find_provider = find_provider
        self._environ = environ if environ is not None else {}
        self._gauges = gauges
        self._pace = pace
        self._instance = str(uuid4())
        self._settled: tuple[Telemetry, Export | None] | None = None
        self._queue: Queue[Raw | None] = Queue(pace.waiting)
        self._in_hand = 0
        """Spans of the batch that is being sent."""
        self._metrics = OtlpMetrics(time())
        self._threads: dict[Signal, threading.Thread] = {}
        self._closing = threading.Event()
        self._ends_at = 0.0

    @property
    def waiting(self) -> int:
        """Spans."""
        return self._queue.qsize() + self._in_hand

    @property
    def active(self) -> bool:
        """Is anything exported?"""
        return self._export() is not None

    @property
    def problem(self) -> str | None:
        """Why telemetry does not arrive; None while it does, or is off."""
        return self.outcomes.problem if self.active else None

    def observe(self, entry: Entry) -> None:
        export = self._export()
        if export is None or entry.request["source"] != "api":
            return
        if export.metrics is not None:
            self._metrics.observe(entry, self._find_provider)
            self._start("metrics", self._send_metrics)
        if export.traces is None:
            return
        self._start("traces", self._send_traces)
        for span in spans_of(entry, self._find_provider):
            try:
                self._queue.put_nowait(encode_span(span))
            except Full:
                self.outcomes.drop("queue_full", 1)

    def refused(self, protocol: str, operation: str, kind: str, status: int) -> None:
        """A request without an entry; for the loop."""
        export = self._export()
        if export is not None and export.metrics is not None:
            self._metrics.refused(protocol, operation, kind, status)

    def close(self, timeout: float) -> None:
        """Send what waits, for at most `timeout` seconds; what is left then is counted."""
        self._ends_at = monotonic() + timeout
        self._closing.set()
        try:
            self._queue.put_nowait(None)
        except Full:
            pass
        for thread in self._threads.values():
            thread.join(max(0.0, self._ends_at - monotonic()))
        if left := self._take_what_is_left():
            self.outcomes.drop("shutdown", left)
        if lost := self.outcomes.dropped("shutdown"):
            logger.warning("%d spans were not sent before the end", lost)

    def _take_what_is_left(self) -> int:
        left = self._in_hand
        while True:
            try:
                left += self._queue.get_nowait() is not None
            except Empty:
                return left

    def _export(self) -> Export | None:
        settings, known = self._settings(), self._settled
        if known is None or known[0] is not settings:
            known = (settings, settle(settings, self._environ, self._instance))
            self._settled = known
        return known[1]

    def _start(self, signal: Signal, run: Callable[[], None]) -> None:
        if signal not in self._threads:
            name = f"axonhub-otlp-{signal}"
            self._threads[signal] = threading.Thread(target=run, name=name, daemon=True)
            self._threads[signal].start()

    def _send_traces(self) -> None:
        poster = Poster(self._reveal)
        last = False
        while not last:
            batch, last = self._gather()
            self._in_hand = len(batch)
            try:
                if batch:
                    self._deliver(poster, batch)
            except Exception as error:
                # Whatever it is, the next batch may go out. What it says may hold a secret.
                self.outcomes.drop("refused", len(batch))
                self._tell("traces", _fault(error))
            self._in_hand = 0
        poster.close()

    def _gather(self) -> tuple[list[Raw], bool]:
        """The next batch, and whether it is the last."""
        batch: list[Raw] = []
        if self._closing.is_set() and self._queue.empty():
            return batch, True
        span = self._queue.get()
        until = monotonic() + self._pace.gather
        while span is not None:
            batch.append(span)
            if len(batch) >= self._pace.batch:
                return batch, False
            try:
                left = 0.0 if self._closing.is_set() else until - monotonic()
                span = self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
            except Empty:
                return batch, self._closing.is_set()
        return batch, True

    def _deliver(self, poster: Poster, batch: list[Raw]) -> None:
        """Send it until it is taken, refused, or given up."""
        given_up_at, failures = monotonic() + self._pace.give_up, 0
        body: bytes | None = None
        while (export := self._export()) is not None and export.traces is not None:
            body = body or encode_spans(batch, export.resource)
            closing = self._closing.is_set()
            verdict = self._post(poster, "traces", export.traces, body)
            if verdict.kind == "taken":
                self.outcomes.sent(len(batch) - verdict.rejected)
                if verdict.rejected:
                    self.outcomes.drop("rejected", verdict.rejected)
                return
            failures += 1
            pause = self._pace.after(verdict, failures)
            if verdict.kind == "refused":
                self.outcomes.drop("refused", len(batch))
                return
            if closing:
                break
            given_up = monotonic() + pause > given_up_at
            if given_up:
                self.outcomes.drop("unreachable", len(batch))
                self._in_hand = 0
            # What was asked for holds for the next batch too.
            self._closing.wait(min(pause, self._pace.give_up))
            if given_up:
                return
        self.outcomes.drop("shutdown", len(batch))

    def _send_metrics(self) -> None:
        poster = Poster(self._reveal)
        pause, failures, ended = self._pace.gather, 0, False
        while not ended:
            ended = self._closing.wait(pause)
            pause = self._pace.metrics
            try:
                verdict = self._post_metrics(poster, last=ended)
            except Exception as error:
                self._tell("metrics", _fault(error))
                continue
            if verdict is None or verdict.kind != "again":
                failures = 0
                continue
            failures += 1
            after = self._pace.after(verdict, failures)
            # Unless it was asked for, not longer than if all had been well.
            pause = min(after, pause if verdict.wait is None else self._pace.give_up)
        poster.close()

    def _post_metrics(self, poster: Poster, *, last: bool) -> Verdict | None:
        export = self._export()
        if export is None or export.metrics is None:
            return None
        gauges = () if last else self._gauges()
        body = self._metrics.encode(time(), export.resource, gauges)
        return self._post(poster, "metrics", export.metrics, body)

    def _post(self, poster: Poster, signal: Signal, to: Destination, body: bytes) -> Verdict:
        timeout = to.timeout
        if self._closing.is_set():
            timeout = min(timeout, max(_LAST_POST_S, self._ends_at - monotonic()))
        verdict = poster.post(to, body, timeout)
        self._tell(signal, verdict)
        return verdict

    def _tell(self, signal: Signal, verdict: Verdict) -> None:
        taken = verdict.kind == "taken"
        self.outcomes.answered(signal, verdict.code, verdict.why, taken=taken)


def _fault(error: Exception) -> Verdict:
    return Verdict("refused", NO_STATUS, f"it cannot be made ({type(error).__name__})")
