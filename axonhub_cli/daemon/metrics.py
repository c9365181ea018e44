"""`GET /metrics` for Prometheus, with one of axonhub's keys (`Authorization: Bearer ah-…`)."""

from __future__ import annotations

from collections.abc import Iterator

from axonhub_cli import __version__
from axonhub_cli.daemon.auth import authenticate
from axonhub_cli.daemon.endpoints import Context
from axonhub_cli.daemon.observers import Observers
from axonhub_cli.daemon.replies import send_error
from axonhub_cli.daemon.shield import Scope
from axonhub_cli.errors import ClientError, ErrorInfo
from axonhub_cli.proxy.guard import Receive
from axonhub_cli.proxy.reply import Reply, Send
from axonhub_cli.tracing.metrics import CONTENT_TYPE, Counter, gauge
from axonhub_cli.tracing.writer import TraceWriter

_STATES = {"closed": 0.0, "half-open": 1.0, "open": 2.0}


class MetricsEndpoint:
    def __init__(self, context: Context, observers: Observers, writer: TraceWriter) -> None:
        self._context = context
        self._metrics = observers.metrics
        self._exporter = observers.exporter
        self._writer = writer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = self._context
        reply = Reply(send, context.services.clock)
        try:
            snapshot = await context.runtime.current()
            authenticate(scope["headers"], snapshot.keys)
        except ClientError as error:
            info = ErrorInfo.of(error.kind, error.message)
            await send_error(reply, scope["path"], info)
            return
        exporter = self._exporter
        exported = exporter.outcomes.counters(exporter.waiting) if exporter.active else ()
        body = self._metrics.write([*self.gauges(), *exported])
        await reply.send_whole(200, [(b"content-type", CONTENT_TYPE)], body)

    def gauges(self) -> Iterator[Counter]:
        """Values of this moment; to be read on the loop."""
        context, writer = self._context, self._writer
        health, now = context.services.routing.health, context.services.now()
        names = [c.name for c in context.runtime.snapshot.config.channels if c.enabled]
        flying: dict[str, float] = dict.fromkeys(names, 0.0)
        for standing in health.dump(live=True):
            if standing["channel"] in flying:
                flying[standing["channel"]] += standing.get("in_flight") or 0
        yield gauge(
            "axonhub_breaker_state",
            "Of each enabled channel: 0 closed, 1 half-open, 2 open.",
            [(_STATES.get(health.wait(n, now)[0], 2.0), {"channel": n}) for n in names],
        )
        yield gauge(
            "axonhub_in_flight",
            "Calls upstream that are running.",
            [(number, {"channel": name}) for name, number in flying.items()],
        )
        uptime = context.services.clock() - context.started_at
        for name, help, value in (
            ("axonhub_trace_queue_records", "Records that wait to be written.", writer.waiting),
            ("axonhub_trace_queue_bytes", "Bytes that wait to be written.", writer.waiting_bytes),
            ("axonhub_trace_lost", "Requests that could not be recorded.", writer.lost),
            (
                "axonhub_trace_bodies_dropped",
                "Requests whose bodies were dropped because the queue was full.",
                writer.bodies_dropped,
            ),
            ("axonhub_uptime_seconds", "Since the daemon started.", uptime),
        ):
            yield gauge(name, help, [(float(value), {})])
        yield gauge("axonhub_build_info", "What runs.", [(1.0, {"version": __version__})])
