"""What a request sees of the configuration: taken once at its start, never changed under it."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import force_setattr

from axonhub_cli.config.durations import seconds
from axonhub_cli.config.schema import Channel, Config, Key, Routing, Server
from axonhub_cli.config.secrets import Secret
from axonhub_cli.routing.breaker import BreakerSettings
from axonhub_cli.routing.endpoints import endpoints, is_loopback
from axonhub_cli.routing.pools import Pools

# A local engine loads a model before its first word.
_LOCAL_FIRST_EVENT_S = 600.0
_DEFAULT = Server().first_event_timeout


class Token(Struct, frozen=True):
    """One of a channel's secrets, with the label people know it by."""

    label: str
    secret: Secret
    reference: str = ""

    @property
    def mark(self) -> str:
        """By which state that outlives the configuration knows that it is the same secret."""
        return self.secret.mark


class Limits(Struct, frozen=True):
    """How long an attempt may take, in seconds."""

    connect: float
    first_event: float
    idle: float
    total: float
    """For answers that are not streamed."""


class Snapshot(Struct, frozen=True):
    """The configuration with its secrets read."""

    config: Config
    keys: dict[str, Key] = field(default_factory=dict)
    """By hash."""
    tokens: dict[str, tuple[Token, ...]] = field(default_factory=dict)
    """By channel."""
    limits: dict[str, Limits] = field(default_factory=dict)
    """By channel."""
    faults: dict[str, str] = field(default_factory=dict)
    """Channels whose secret cannot be read, and why, as a clause."""
    pools: Pools = field(default_factory=lambda: Pools(Config()))
    """Who can serve what; made of the others."""

    def __post_init__(self) -> None:
        pools = Pools(self.config, self.faults, breaker_settings(self.config.routing))
        force_setattr(self, "pools", pools)


def limits_of(server: Server, channel: Channel) -> Limits:
    """The channel's own limits, else the server's; local engines get longer for a first event."""
    first_event = seconds(channel.first_event_timeout or server.first_event_timeout)
    hosts = [urlsplit(url).hostname or "" for url in endpoints(channel).values()]
    by_default = channel.first_event_timeout is None and server.first_event_timeout == _DEFAULT
    if by_default and any(is_loopback(host) for host in hosts):
        first_event = max(first_event, _LOCAL_FIRST_EVENT_S)
    return Limits(
        connect=seconds(channel.connect_timeout or server.connect_timeout),
        first_event=first_event,
        idle=seconds(channel.idle_timeout or server.idle_timeout),
        total=seconds(channel.total_timeout or server.llm_request_timeout),
    )


def breaker_settings(routing: Routing) -> BreakerSettings:
    return BreakerSettings(
        routing.breaker_failures, seconds(routing.breaker_probe), seconds(routing.breaker_longest)
    )
