"""`[telemetry]`: where spans and metrics of requests are sent, and what upstreams are told."""

from __future__ import annotations

from msgspec import Struct, field


class Telemetry(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is sent unless an endpoint is set, and never what was said."""

    otlp_endpoint: str | None = None
    """The base URL of an OTLP/HTTP collector: `http://localhost:4318`."""
    otlp_headers: dict[str, str] = field(default_factory=dict)
    """Header to a secret reference (`env:OTLP_KEY`); never the value itself."""
    propagate: bool = True
    """May upstreams be told a trace context (`traceparent`)? False: not even the client's."""

    @property
    def exports_traces(self) -> bool:
        """Are spans sent anywhere? Then each attempt is a parent of what happens upstream."""
        return self.otlp_endpoint is not None
