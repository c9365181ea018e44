"""What the configuration file may say: typed, frozen, with its defaults.

Every name here is a name in `config.toml`; an unknown one is an error (see `load.py`).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Protocol = Literal["anthropic", "openai_chat"]
AuthScheme = Literal["bearer", "x-api-key"]
SecretBackend = Literal["keyring", "file"]

Duration = str
"""A number with a unit: `500ms`, `90s`, `10m`, `1h`; read by `durations.seconds`."""


class TraceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[server.trace]`"""

    claude_code_trace_enabled: bool = True
    codex_trace_enabled: bool = True
    thread_header: str = "AH-Thread-Id"
    trace_header: str = "AH-Trace-Id"
    extra_trace_headers: tuple[str, ...] = ()
    store_request_body: bool = True
    store_response_body: bool = True


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
    trace: TraceSettings = field(default_factory=TraceSettings)


class Secrets(Struct, frozen=True, forbid_unknown_fields=True):
    """`[secrets]`"""

    backend: SecretBackend = "keyring"
    service: str | None = None
    """Keyring service `axonhub:<id>`; made at the first use, so that two homes never share."""


class Mapping(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from", "target": "to"}
):
    """One rule `from → to`; `from` is exact, or a regular expression (see `routing.mapping`)."""

    source: str
    target: str


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[channels]]`: a provider, the secrets for it, and the models it serves."""

    name: str
    type: str
    enabled: bool = True
    base_url: str | None = None
    """None: the type's own."""
    protocol: Protocol | None = None
    endpoints: dict[str, str] = field(default_factory=dict)
    auth: AuthScheme | None = None
    """None: chosen by the type and the token's form."""
    models: tuple[str, ...] | None = None
    """Names and globs (`*`, `?`); None: the type's defaults."""
    mappings: tuple[Mapping, ...] = ()
    """A model name a client may ask for, and the name sent upstream for it."""
    tokens: tuple[str, ...] = ()
    """Secret references, see `secrets.py`."""
    tags: tuple[str, ...] = ()
    weight: int = 100
    priority: int = 0
    """Lower numbers are tried first."""
    proxy: str | None = None
    first_event_timeout: Duration | None = None
    idle_timeout: Duration | None = None


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[profiles]]`: a key's routing rules."""

    name: str
    mappings: tuple[Mapping, ...] = ()


class Key(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[keys]]`: a credential that clients show us; only its hash is here."""

    name: str
    hash: str
    """`sha256:` and 64 hex digits."""
    secret: str | None = None
    """Where the key itself is kept, for `axonhub env`."""
    profiles: tuple[str, ...] = ()
    active_profile: str | None = None
    enabled: bool = True


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    server: Server = field(default_factory=Server)
    secrets: Secrets = field(default_factory=Secrets)
    channels: tuple[Channel, ...] = ()
    profiles: tuple[Profile, ...] = ()
    keys: tuple[Key, ...] = ()

    def channel(self, name: str) -> Channel | None:
        return next((c for c in self.channels if c.name == name), None)

    def profile(self, name: str) -> Profile | None:
        return next((p for p in self.profiles if p.name == name), None)

    def key(self, name: str) -> Key | None:
        return next((k for k in self.keys if k.name == name), None)
