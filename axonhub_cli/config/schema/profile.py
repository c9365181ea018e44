"""`[[profiles]]` and `[[keys]]`"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from axonhub_cli.config.schema.routing import Mapping, Quota, Strategy


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[profiles]]`: a key's routing rules."""

    name: str
    mappings: tuple[Mapping, ...] = ()
    models: tuple[str, ...] = ()
    """Names and globs that may be asked for, before mapping; none: all."""
    channels: tuple[str, ...] = ()
    """Only these channels, in this order where the strategy is `failover`; none: all."""
    tags: tuple[str, ...] = ()
    tags_match: Literal["any", "all", "none"] = "any"
    strategy: Strategy | None = None
    """None: `routing.strategy`."""
    affinity: bool | None = None
    """None: `routing.affinity`."""
    weights: dict[str, int] = field(default_factory=dict)
    """Channel to its weight in this profile."""
    last_resort: bool = False
    """Channels of weight 0 are used when nothing else is left."""
    quotas: tuple[Quota, ...] = ()


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
    quotas: tuple[Quota, ...] = ()
