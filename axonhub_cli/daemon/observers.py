"""Who is told of each request that ended: counters, live listeners, a telemetry collector."""

from __future__ import annotations

import logging
from collections.abc import Callable

from axonhub_cli.daemon.runtime import Runtime
from axonhub_cli.daemon.telemetry import Exporter
from axonhub_cli.tracing.entries import Entry
from axonhub_cli.tracing.live import Feed
from axonhub_cli.tracing.metrics import Metrics

_CLOSE_S = 2.0

logger = logging.getLogger("axonhub")


class Observers:
    """All of them; `observe` is for the writer thread."""

    def __init__(self, runtime: Runtime, feed: Feed) -> None:
        self.feed = feed
        self.metrics = Metrics()
        self.exporter = Exporter(lambda: runtime.snapshot.config.telemetry, _reveal(runtime))

    def observe(self, entry: Entry) -> None:
        for told in (self.metrics.observe, self.feed.finished, self.exporter.observe):
            try:
                told(entry)
            except Exception as error:
                # One that cannot take it must not keep it from the others.
                logger.error("a request is not told of: %s", type(error).__name__)

    def close(self) -> None:
        self.exporter.close(_CLOSE_S)


def _reveal(runtime: Runtime) -> Callable[[str], str]:
    def reveal(reference: str) -> str:
        assert runtime.secrets is not None, "the daemon has read its configuration"
        return runtime.secrets.resolve(reference).reveal()

    return reveal
