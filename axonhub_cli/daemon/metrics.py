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
from axonhub_cli.tracing.metrics import CONTENT_TYPE, LONGEST, Counter, gauge
from axonhub_cli.tracing.writer import TraceWriter

_STATES = {"closed": 0.0, "half-open": 1.0, "open": 2.0}
MOST_BREAKERS = 500
"""Of all channels and models together."""


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
            context.refused("", "metrics", info.kind, info.status)
            await send_error(reply, scope["path"], info)
            return
        exporter = self._exporter
        exported = exporter.outcomes.counters(exporter.waiting) if exporter.active else ()
        body = self._metrics.write([*self.gauges(), *self._counts(), *exported])
        await reply.send_whole(200, [(b"content-type", CONTENT_TYPE)], body)

    def gauges(self) -> Iterator[Counter]:
        """Values of this moment; to be read on the loop."""
        context, writer = self._context, self._writer
        yield from self._channels()
        uptime = context.services.clock() - context.started_at
        for name, help, value in (
            (
                "axonhub_trace_queue_records",
                "Records that wait to be written, those included that no full disk takes.",
                writer.waiting,
            ),
            ("axonhub_trace_queue_bytes", "Bytes that wait to be written.", writer.waiting_bytes),
            (
                "axonhub_trace_store_up",
                "1, or 0 while no traces can be written.",
                not writer.problem,
            ),
            (
                "axonhub_config_ok",
                "1, or 0 while the configuration file is broken and the last good one in use.",
                not context.runtime.config_error,
            ),
            ("axonhub_uptime_seconds", "Since the daemon started.", uptime),
        ):
            yield gauge(name, help, [(float(value), {})])
        yield gauge("axonhub_build_info", "What runs.", [(1.0, {"version": __version__})])

    def _channels(self) -> Iterator[Counter]:
        snapshot, health = self._context.runtime.snapshot, self._context.services.routing.health
        now = self._context.services.now()
        names = [channel.name for channel in snapshot.config.channels if channel.enabled]
        flying: dict[str, float] = dict.fromkeys(names, 0.0)
        states: dict[tuple[str, str], float] = {}
        for (channel, model), standing in health.standings():
            if channel in flying:
                flying[channel] += standing.in_flight
                states[channel, model[:LONGEST]] = _STATES[standing.breaker.state(now)]
        yield gauge(
            "axonhub_breaker_state",
            "Of each channel for each model that it was asked for: 0 closed, 1 half-open, 2 open.",
            [
                (state, {"channel": channel, "model": model})
                # Clients name models; those that speak of trouble are told in any case.
                for (channel, model), state in sorted(states.items(), key=lambda each: -each[1])
            ][:MOST_BREAKERS],
        )
        yield gauge(
            "axonhub_channel_usable",
            "Of each enabled channel: 1, or 0 while none of its tokens can be read.",
            [(float(name not in snapshot.faults), {"channel": name}) for name in names],
        )
        yield gauge(
            "axonhub_in_flight",
            "Calls upstream that are running.",
            [(number, {"channel": name}) for name, number in flying.items()],
        )

    def _counts(self) -> Iterator[Counter]:
        """What the writer has counted."""
        for name, help, value in (
            (
                "axonhub_trace_lost_total",
                "Requests that could not be recorded.",
                self._writer.lost,
            ),
            (
                "axonhub_trace_bodies_dropped_total",
                "Requests whose bodies were dropped: a full queue, or a file not writable.",
                self._writer.bodies_dropped,
            ),
        ):
            counted = Counter(name, help)
            counted.add(value)
            yield counted
