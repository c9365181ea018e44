"""Which channels can serve a request, and why the others cannot."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from functools import lru_cache

from msgspec import Struct

from axonhub_cli.config.schema import Channel, Config, Profile
from axonhub_cli.errors import NoCandidate
from axonhub_cli.providers import PROVIDERS
from axonhub_cli.routing.conditions import NO_TRAITS, Traits, explain, holds
from axonhub_cli.routing.endpoints import endpoints
from axonhub_cli.routing.mapping import first_match, is_pattern

NOT_SERVED = "does not serve this model"
_ANYTHING = "serves any model, and others serve this one by its name"
# A client may call anything a model.
_MOST_SHOWN = 100


class Candidate(Struct, frozen=True):
    """A channel that can serve the request, and what it will be asked for."""

    channel: Channel
    upstream_model: str
    protocol: str
    """The upstream protocol."""
    base_url: str
    native: bool = True
    """It is the client's own protocol: the bytes are relayed, not converted."""


class Rejection(Struct, frozen=True):
    """A channel that cannot, with its reason as a clause: `is disabled`."""

    channel: str
    reason: str


class Found(Struct, frozen=True):
    usable: tuple[Candidate, ...]
    rejected: tuple[Rejection, ...]
    spare: tuple[Candidate, ...] = ()
    """Channels of weight 0, where the profile wants them when nothing else is left."""


def find(
    config: Config,
    model: str,
    protocol: str,
    faults: Mapping[str, str],
    convertible: Collection[str] = (),
    profile: Profile | None = None,
    traits: Traits = NO_TRAITS,
) -> Found:
    """Split the channels. `faults` names channels that cannot work now (a missing secret);
    `convertible` the protocols that a request of the client's may be converted to."""
    usable: list[Candidate] = []
    spare: list[Candidate] = []
    rejected: list[Rejection] = []
    for channel in config.channels:
        target = upstream_model(channel, model)
        endpoint = _choose_endpoint(channel, protocol, convertible)
        reason = (
            _reason(channel, target, endpoint, protocol)
            or _unwanted(channel, profile, traits)
            or faults.get(channel.name)
        )
        if reason is not None:
            rejected.append(Rejection(channel.name, reason))
        elif target is not None and endpoint is not None:
            candidate = Candidate(channel, target, *endpoint, endpoint[0] == protocol)
            if weight_of(channel, profile) > 0:
                usable.append(candidate)
            elif profile is not None and profile.last_resort:
                spare.append(candidate)
            else:
                rejected.append(Rejection(channel.name, "has weight 0"))
    named = [c for c in usable if not _serves_as_anything(c.channel, model)]
    if named:
        rejected += [Rejection(c.channel.name, _ANYTHING) for c in usable if c not in named]
    return Found(tuple(named or usable), tuple(rejected), tuple(spare))


def weight_of(channel: Channel, profile: Profile | None) -> int:
    """The profile's weight for it, else its own. 0: it is not to be used."""
    return channel.weight if profile is None else profile.weights.get(channel.name, channel.weight)


def _serves_as_anything(channel: Channel, model: str) -> bool:
    """Only by its `*`: a local engine that takes any name is no second source of a Claude model."""
    if first_match(channel.mappings, model).rule is not None:
        return False
    return not any(
        model == name or (name != "*" and _glob(name, model)) for name in models_of(channel)
    )


def _choose_endpoint(
    channel: Channel, protocol: str, convertible: Collection[str]
) -> tuple[str, str] | None:
    """Protocol and base URL: the client's own protocol where the channel speaks it."""
    known = endpoints(channel)
    if protocol in known:
        return protocol, known[protocol]
    return next(((name, url) for name, url in known.items() if name in convertible), None)


def _reason(
    channel: Channel,
    target: str | None,
    endpoint: tuple[str, str] | None,
    protocol: str,
) -> str | None:
    if target is None:
        return NOT_SERVED
    if not channel.enabled:
        return "is disabled"
    if endpoint is None:
        return f"does not speak {protocol}"
    return None


def _unwanted(channel: Channel, profile: Profile | None, traits: Traits) -> str | None:
    """Why the profile, or the channel's own conditions, leave it out."""
    if profile is not None and (reason := excluded(channel, profile)) is not None:
        return reason
    if channel.when is not None and not holds(channel.when, traits):
        return f"serves only {explain(channel.when)}"
    return None


def excluded(channel: Channel, profile: Profile) -> str | None:
    """Why a profile does not use a channel: its channels and its tags must both allow it."""
    if profile.channels and channel.name not in profile.channels:
        return f"is not among profile {profile.name}'s channels"
    if not profile.tags:
        return None
    wanted, match = ", ".join(profile.tags), profile.tags_match
    common = sum(tag in channel.tags for tag in profile.tags)
    if match == "none":
        return f"has a tag that profile {profile.name} avoids ({wanted})" if common else None
    if match == "all" and common < len(profile.tags):
        return f"has not all of profile {profile.name}'s tags ({wanted})"
    return None if common else f"has none of profile {profile.name}'s tags ({wanted})"


def models_of(channel: Channel) -> tuple[str, ...]:
    """Names and globs: the channel's own, or its type's defaults."""
    if channel.models is not None:
        return channel.models
    provider = PROVIDERS.get(channel.type)
    return provider.models if provider is not None else ()


def upstream_model(channel: Channel, model: str) -> str | None:
    """The name to send upstream for `model`, or None when the channel does not serve it."""
    renamed = first_match(channel.mappings, model)
    if renamed.rule is not None:
        return renamed.model
    if any(model == name or _glob(name, model) for name in models_of(channel)):
        return model
    return None


def serves(channel: Channel, model: str) -> bool:
    return upstream_model(channel, model) is not None


def served_models(channel: Channel) -> list[str]:
    """The names a client may ask for, without globs and patterns, in order."""
    aliases = [m.source for m in channel.mappings if not is_pattern(m.source)]
    names = [name for name in models_of(channel) if not is_glob(name)]
    return list(dict.fromkeys([*aliases, *names]))


def refuse(config: Config, model: str, found: Found) -> NoCandidate:
    """Say why nothing is left: an unknown model, or channels that cannot work now."""
    if not config.channels:
        return NoCandidate(
            "unavailable",
            "axonhub has no channel yet",
            hint="axonhub channel add --type claude-code",
        )
    serving = [r for r in found.rejected if r.reason != NOT_SERVED]
    if serving:
        reasons = "; ".join(f"{r.channel} {r.reason}" for r in serving)
        return NoCandidate(
            "unavailable",
            f"no channel can serve {_shown(model)} now: {reasons}",
            hint="axonhub channel list",
        )
    known = list(
        dict.fromkeys(name for c in config.channels if c.enabled for name in served_models(c))
    )
    listed = ", ".join(known[:8]) + (" …" if len(known) > 8 else "")
    return NoCandidate(
        "not_found",
        f"no channel serves the model {_shown(model)}"
        + (f"; there are: {listed}" if listed else ""),
        hint=f"axonhub profile map {shlex.quote(model[:_MOST_SHOWN])} NAME",
    )


def _shown(model: str) -> str:
    return repr(model if len(model) <= _MOST_SHOWN else f"{model[:_MOST_SHOWN]}…")


def is_glob(name: str) -> bool:
    return "*" in name or "?" in name


def _glob(pattern: str, model: str) -> bool:
    return is_glob(pattern) and _compile_glob(pattern).fullmatch(model) is not None


@lru_cache(maxsize=1024)
def _compile_glob(pattern: str) -> re.Pattern[str]:
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("".join(parts), re.DOTALL)
