"""`[telemetry]`: where spans and metrics of requests are sent, and what upstreams are told."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from axonhub_cli.config.schema.server import Duration

Signal = Literal["traces", "metrics"]
Compression = Literal["none", "gzip"]


class Telemetry(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is sent unless an endpoint is set here, and never what was said.

    What is None is asked of OpenTelemetry's own variables (`OTEL_SERVICE_NAME`, …)."""

    otlp_endpoint: str | None = None
    """The base URL of an OTLP/HTTP collector: `http://localhost:4318`."""
    otlp_headers: dict[str, str] = field(default_factory=dict)
    """Header to a secret reference (`env:OTLP_KEY`); never the value itself."""
    propagate: bool = True
    """May upstreams be told a trace context (`traceparent`)? False: not even the client's."""
    signals: tuple[Signal, ...] = ("traces", "metrics")
    traces_endpoint: str | None = None
    metrics_endpoint: str | None = None
    """Whole URLs, for a signal that goes elsewhere than to `otlp_endpoint`."""
    service_name: str | None = None
    resource: dict[str, str] = field(default_factory=dict)
    """Further attributes of this daemon: `deployment.environment.name`."""
    timeout: Duration | None = None
    """Of one post; None: 10s."""
    compression: Compression | None = None
    """None: none."""
    ca_file: str | None = None
    """PEM file of certificate authorities, in place of the system's."""

    def url_of(self, signal: Signal) -> str | None:
        """Where the signal is posted; None: nowhere."""
        if signal not in self.signals:
            return None
        own = self.traces_endpoint if signal == "traces" else self.metrics_endpoint
        if own is not None or self.otlp_endpoint is None:
            return own
        return f"{self.otlp_endpoint.rstrip('/')}/v1/{signal}"

    @property
    def exports_traces(self) -> bool:
        """Are spans sent anywhere? Then each attempt is a parent of what happens upstream."""
        if self.otlp_endpoint is None and self.traces_endpoint is None:
            return False
        return "traces" in self.signals
