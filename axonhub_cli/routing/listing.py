"""What a key can use: the models that its profile lets it ask for and that some channel serves."""

from __future__ import annotations

from msgspec import Struct

from axonhub_cli.config.schema import Channel, Config, Profile
from axonhub_cli.routing.mapping import is_pattern, matching
from axonhub_cli.routing.models import index_of, served_models
from axonhub_cli.routing.scope import allows, excluded, weight_of


class Service(Struct, frozen=True):
    """A channel that serves a model, and the name that is sent upstream."""

    channel: Channel
    upstream_model: str


def usable_models(config: Config, profile: Profile | None) -> list[str]:
    """Names without patterns: what the profile maps, then what the channels list.

    Each of them can be asked for: a rule may lead a name that is served to one that is not. A rule
    or a channel with conditions counts, since there are requests that meet them.
    """
    channels = usable_channels(config, profile)
    asked = [m.source for m in profile.mappings] if profile is not None else []
    served = [name for c in channels for name in served_models(c)]
    known = set(served)
    names = dict.fromkeys([*(s for s in asked if not is_pattern(s)), *served])
    return [name for name in names if _is_usable(name, profile, channels, known)]


def is_usable(config: Config, profile: Profile | None, name: str) -> bool:
    """May this be asked for, listed or not? A channel that takes any name at all says nothing
    about a single one."""
    return _is_usable(name, profile, usable_channels(config, profile), set())


def services(config: Config, profile: Profile | None, name: str) -> list[Service]:
    """Who answers when `name` is asked for."""
    if not allows(profile, name):
        return []
    targets = _targets(profile, name)
    found: dict[str, Service] = {}
    for channel in usable_channels(config, profile):
        for target in targets:
            if (model := index_of(channel).find(target)) is not None:
                found.setdefault(channel.name, Service(channel, model))
    return list(found.values())


def usable_channels(config: Config, profile: Profile | None) -> list[Channel]:
    """Those that may serve some request of the profile."""
    last_resort = profile is not None and profile.last_resort
    return [
        c
        for c in config.channels
        if c.enabled
        and (last_resort or weight_of(c, profile) > 0)
        and (profile is None or excluded(c, profile) is None)
    ]


def _is_usable(
    name: str, profile: Profile | None, channels: list[Channel], known: set[str]
) -> bool:
    """`known`: names that are served for sure."""
    return allows(profile, name) and any(
        target in known or any(index_of(c).find(target, by_anything=False) for c in channels)
        for target in _targets(profile, name)
    )


def _targets(profile: Profile | None, name: str) -> list[str]:
    """What `name` may become, by what a request is like."""
    rules = matching(profile.mappings, name) if profile is not None else ()
    targets = [rule.target for rule in rules]
    return targets if rules and rules[-1].when is None else [*targets, name]
