"""Who is told of each request that ended: counters, live listeners, a collector, the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future

from axonhub_cli.daemon.request_log import log_request
from axonhub_cli.daemon.runtime import Runtime
from axonhub_cli.daemon.telemetry import Exporter
from axonhub_cli.providers import PROVIDERS
from axonhub_cli.tracing.entries import Entry
from axonhub_cli.tracing.live import Feed
from axonhub_cli.tracing.metrics import Counter, Metrics
from axonhub_cli.tracing.otlp import FindProvider

_CLOSE_S = 2.0
_READ_S = 1.0
_BY_PROTOCOL = {"anthropic": "anthropic", "openai_chat": "openai"}

logger = logging.getLogger("axonhub")


class Observers:
    """All of them; `observe` is for the writer thread. `environ`: OpenTelemetry's variables are
    among it."""

    def __init__(self, runtime: Runtime, feed: Feed, environ: Mapping[str, str]) -> None:
        self.feed = feed
        self.metrics = Metrics()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gauges: Callable[[], Iterable[Counter]] = tuple
        self.exporter = Exporter(
            lambda: runtime.snapshot.config.telemetry,
            _reveal(runtime),
            find_provider=_find_provider(runtime),
            environ=environ,
            gauges=self.read_gauges,
        )

    def observe(self, entry: Entry) -> None:
        observers = self.metrics.observe, self.feed.finished, self.exporter.observe, log_request
        for told in observers:
            try:
                told(entry)
            except Exception as error:
                # One that cannot take it must not keep it from the others.
                logger.error("a request is not told of: %s", type(error).__name__)

    def refused(self, protocol: str, operation: str, kind: str, status: int) -> None:
        """A request that has no record; for the loop."""
        self.metrics.refused(protocol, operation, kind, status)
        self.exporter.refused(protocol, operation, kind, status)

    def use_gauges(
        self, loop: asyncio.AbstractEventLoop, gauges: Callable[[], Iterable[Counter]]
    ) -> None:
        """Whose values are exported too. They are read on the loop, to which what they tell of
        belongs."""
        self._loop, self._gauges = loop, gauges

    def close(self) -> None:
        self.exporter.close(_CLOSE_S)

    def read_gauges(self) -> Iterable[Counter]:
        """For another thread than the loop's: those of this moment; none from a loop that is
        busy."""
        if self._loop is None:
            return ()
        found: Future[list[Counter]] = Future()

        def read() -> None:
            try:
                found.set_result(list(self._gauges()))
            except Exception as error:
                found.set_exception(error)

        try:
            self._loop.call_soon_threadsafe(read)
            return found.result(_READ_S)
        except (RuntimeError, TimeoutError):
            # The loop has ended, or does not come to it.
            return ()


def _find_provider(runtime: Runtime) -> FindProvider:
    def find(channel: str, protocol: str) -> str | None:
        known = runtime.snapshot.config.channel(channel)
        if known is None:
            # It is gone since: whose way of speaking it was is known at least.
            return _BY_PROTOCOL.get(protocol)
        return PROVIDERS[known.type].otel_name or known.type

    return find


def _reveal(runtime: Runtime) -> Callable[[str], str]:
    def reveal(reference: str) -> str:
        assert runtime.secrets is not None, "the daemon has read its configuration"
        return runtime.secrets.resolve(reference).reveal()

    return reveal
