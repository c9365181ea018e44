"""What the configuration file may say: typed, frozen, with its defaults.

Every name here is a name in `config.toml`; an unknown one is an error (see `load.py`).
"""

from __future__ import annotations

from msgspec import Struct, field

from axonhub_cli.config.schema.channel import AuthScheme, Channel, Protocol
from axonhub_cli.config.schema.overrides import Override
from axonhub_cli.config.schema.prices import Price
from axonhub_cli.config.schema.profile import Key, Profile
from axonhub_cli.config.schema.routing import Action, Mapping, Quota, Routing, Strategy, When
from axonhub_cli.config.schema.server import (
    Duration,
    SecretBackend,
    Secrets,
    Server,
    TraceSettings,
)
from axonhub_cli.config.schema.telemetry import Signal, Telemetry

__all__ = [
    "Action",
    "AuthScheme",
    "Channel",
    "Config",
    "Duration",
    "Key",
    "Mapping",
    "Override",
    "Price",
    "Profile",
    "Protocol",
    "Quota",
    "Routing",
    "SecretBackend",
    "Secrets",
    "Server",
    "Strategy",
    "Signal",
    "Telemetry",
    "TraceSettings",
    "When",
]


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    server: Server = field(default_factory=Server)
    secrets: Secrets = field(default_factory=Secrets)
    routing: Routing = field(default_factory=Routing)
    channels: tuple[Channel, ...] = ()
    profiles: tuple[Profile, ...] = ()
    keys: tuple[Key, ...] = ()
    prices: tuple[Price, ...] = ()
    telemetry: Telemetry = field(default_factory=Telemetry)

    def channel(self, name: str) -> Channel | None:
        return next((c for c in self.channels if c.name == name), None)

    def profile(self, name: str) -> Profile | None:
        return next((p for p in self.profiles if p.name == name), None)

    def key(self, name: str) -> Key | None:
        return next((k for k in self.keys if k.name == name), None)
