"""`[server]`, `[server.trace]` and `[secrets]`: the daemon itself, what it records, and where the
secrets are kept."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

SecretBackend = Literal["keyring", "file"]

Duration = str
"""A number with a unit: `500ms`, `90s`, `10m`, `1h`; read by `durations.seconds`."""


class TraceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[server.trace]`: what names a session, what is kept, and how long"""

    claude_code_trace_enabled: bool = True
    codex_trace_enabled: bool = True
    thread_header: str = "AH-Thread-Id"
    trace_header: str = "AH-Trace-Id"
    extra_trace_headers: tuple[str, ...] = ()
    """Asked in order, after `trace_header`."""
    extra_trace_body_fields: tuple[str, ...] = ()
    """Fields of a request that name its session, such as `metadata.session_id`: asked in order,
    after all headers and what clients themselves say."""
    bodies: Literal["on", "off", "on_failure"] = "on"
    """Which requests' bodies and answers are kept."""
    store_request_body: bool = True
    store_response_body: bool = True
    """Where bodies are kept: both halves of them, or one."""
    redact: tuple[str, ...] = ()
    """Regular expressions; what matches in bodies, headers or texts is starred out."""
    keep: str = "30d"
    """How long requests are kept, a duration or `forever`."""
    max_size: str = "2GB"
    """How large the file may become before the oldest requests go, or `unlimited`."""


class Server(Struct, frozen=True, forbid_unknown_fields=True):
    """`[server]`"""

    host: str = "127.0.0.1"
    port: int = 8090
    llm_request_timeout: Duration = "600s"
    """Total time of an attempt that is not streamed; streams have no total."""
    connect_timeout: Duration = "10s"
    first_event_timeout: Duration = "180s"
    """From sending a request to the first event of its answer; left at that, loopback gets 600s."""
    idle_timeout: Duration = "180s"
    """Longest silence of an upstream inside a stream; its own pings count as life, ours do not."""
    ping_interval: Duration = "15s"
    """After this long without a byte to the client of a stream, a ping of ours is sent."""
    drain_timeout: Duration = "30s"
    """How long a stopping daemon lets running streams finish."""
    max_request_bytes: int = 64 * 1024 * 1024
    """Limit of a request body, and of what a compressed one may unpack to."""
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    tls_cert: str | None = None
    tls_key: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    """Of the daemon's log; `json`: an object a line."""
    usage_cost: bool = False
    """Answers tell their cost in US dollars, as `usage.cost`, where it is known."""
    price_updates: bool = False
    """Prices are fetched once a day from where `genai-prices` publishes them."""
    trace: TraceSettings = field(default_factory=TraceSettings)


class Secrets(Struct, frozen=True, forbid_unknown_fields=True):
    """`[secrets]`"""

    backend: SecretBackend = "keyring"
    service: str | None = None
    """Keyring service `axonhub:<id>`; made at the first use, so that two homes never share."""
