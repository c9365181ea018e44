"""Send spans and metrics to an OpenTelemetry collector: a thread, and a bounded queue.

An exporter of our own: OTLP's JSON over HTTP is stable and a page long, where OpenTelemetry's SDK
costs a third of the daemon's memory limit and sees requests only as they happen on the loop.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, Full, Queue
from time import time
from urllib.parse import urlsplit

from axonhub_cli.config.schema import Telemetry
from axonhub_cli.errors import AxonHubError
from axonhub_cli.tracing.entries import Entry
from axonhub_cli.tracing.otlp import Span, encode, spans_of
from axonhub_cli.tracing.otlp_metrics import SpanMetrics

MOST_WAITING = 5000
"""Spans; what comes while so many wait is dropped and counted."""
BATCH = 200
BATCH_S = 2.0
_POST_S = 10.0

logger = logging.getLogger("axonhub")


class Exporter:
    """`settings` is asked for each request; `reveal` reads a secret by its reference, and may
    block. `observe` is for the writer thread; nothing is started while no endpoint is set."""

    def __init__(self, settings: Callable[[], Telemetry], reveal: Callable[[str], str]) -> None:
        self.dropped = 0
        self._settings = settings
        self._reveal = reveal
        self._queue: Queue[Span | None] = Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._complained = False
        self._metrics = SpanMetrics(time())

    def observe(self, entry: Entry) -> None:
        if self._settings().otlp_endpoint is None or entry.request["source"] != "api":
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="axonhub-otlp", daemon=True)
            self._thread.start()
        for span in spans_of(entry):
            try:
                self._queue.put_nowait(span)
            except Full:
                self.dropped += 1

    def close(self, timeout: float) -> None:
        """Send what waits, for at most `timeout` seconds."""
        if self._thread is None:
            return
        try:
            self._queue.put(None, timeout=timeout)
        except Full:
            return
        self._thread.join(timeout)

    def _run(self) -> None:
        last = False
        while not last:
            batch, last = self._gather()
            settings = self._settings()
            if not batch or settings.otlp_endpoint is None:
                continue
            try:
                self._post(settings, "traces", encode(batch))
                self._post(settings, "metrics", self._metrics.encode(time()))
                self._complained = False
            except (OSError, HTTPException, AxonHubError) as error:
                self._complain(str(error), len(batch))
            except Exception as error:
                # Whatever it is, the next batch may go out. What it says may hold a header's value.
                self._complain(type(error).__name__, len(batch))

    def _gather(self) -> tuple[list[Span], bool]:
        """The next batch, and whether it is the last."""
        batch: list[Span] = []
        try:
            span = self._queue.get()
            while span is not None:
                batch.append(span)
                self._metrics.add(span)
                if len(batch) >= BATCH:
                    return batch, False
                span = self._queue.get(timeout=BATCH_S)
        except Empty:
            return batch, False
        return batch, True

    def _post(self, settings: Telemetry, signal: str, body: bytes) -> None:
        assert settings.otlp_endpoint is not None
        url, headers = urlsplit(settings.otlp_endpoint), settings.otlp_headers
        kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
        connection = kind(url.hostname or "", url.port, timeout=_POST_S)
        shown = {name: self._reveal(reference) for name, reference in headers.items()}
        try:
            path = f"{url.path.rstrip('/')}/v1/{signal}"
            connection.request("POST", path, body, {"content-type": "application/json"} | shown)
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 400:
                raise HTTPException(f"it answered {answer.status}")
        finally:
            connection.close()

    def _complain(self, reason: str, count: int) -> None:
        self.dropped += count
        if not self._complained:
            logger.warning("spans are not taken by the OTLP endpoint: %s", reason)
        self._complained = True
