"""Which channels can serve a request, and why the others cannot."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from axonhub_cli.config.schema import Channel, Config, Profile
from axonhub_cli.errors import NoCandidate
from axonhub_cli.routing.conditions import NO_TRAITS, Traits, explain, holds
from axonhub_cli.routing.endpoints import endpoints
from axonhub_cli.routing.listing import usable_models
from axonhub_cli.routing.models import serves_as_anything, upstream_model
from axonhub_cli.routing.scope import excluded, weight_of

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
    lasting: bool = False
    """By configuration, for requests like this one: to wait is of no use."""
    passing: bool = False
    """It may end by itself, as what keeps a token from being read does."""


class Found(Struct, frozen=True):
    usable: tuple[Candidate, ...]
    rejected: tuple[Rejection, ...]
    spare: tuple[Candidate, ...] = ()
    """Channels of weight 0, where the profile wants them when nothing else is left."""
    denied: bool = False
    """The profile does not let the client ask for this model."""


DENIED = Found((), (), denied=True)


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
        unfit = _unfit(channel, target, endpoint, protocol)
        unwanted = _unwanted(channel, profile, traits) if unfit is None else None
        reason = unfit or unwanted or faults.get(channel.name)
        if reason is not None:
            passing = unfit is None and unwanted is None
            rejected.append(Rejection(channel.name, reason, unwanted is not None, passing))
        elif target is not None and endpoint is not None:
            candidate = Candidate(channel, target, *endpoint, endpoint[0] == protocol)
            if weight_of(channel, profile) > 0:
                usable.append(candidate)
            elif profile is not None and profile.last_resort:
                spare.append(candidate)
            else:
                rejected.append(Rejection(channel.name, "has weight 0"))
    named, others = list[Candidate](), list[Candidate]()
    for candidate in usable:
        (others if serves_as_anything(candidate.channel, model) else named).append(candidate)
    if named:
        rejected += [Rejection(c.channel.name, _ANYTHING) for c in others]
    return Found(tuple(named or usable), tuple(rejected), tuple(spare))


def _choose_endpoint(
    channel: Channel, protocol: str, convertible: Collection[str]
) -> tuple[str, str] | None:
    """Protocol and base URL: the client's own protocol where the channel speaks it."""
    known = endpoints(channel)
    if protocol in known:
        return protocol, known[protocol]
    return next(((name, url) for name, url in known.items() if name in convertible), None)


def _unfit(
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


def refuse(config: Config, model: str, found: Found, profile: Profile | None = None) -> NoCandidate:
    """Say why nothing is left: an unknown model, one that the profile leaves out, or channels that
    cannot work now."""
    if not config.channels:
        return NoCandidate(
            "unavailable",
            "axonhub has no channel yet",
            hint="axonhub channel add --type claude-code",
        )
    if found.denied and profile is not None:
        return NoCandidate(
            "not_found",
            f"profile {profile.name} does not allow the model {_shown(model)}; "
            f"it allows: {_few(profile.models)}",
            hint=f"axonhub profile limit {profile.name} --model {_argument(model)} …",
        )
    serving = [r for r in found.rejected if r.reason != NOT_SERVED]
    reasons = "; ".join(f"{r.channel} {r.reason}" for r in serving)
    if serving and all(r.lasting for r in serving):
        whose = f" of profile {profile.name}" if profile is not None else ""
        return NoCandidate(
            "not_found",
            f"no channel{whose} serves {_shown(model)} for this request: {reasons}",
            hint=f"axonhub profile show {profile.name}" if profile else "axonhub channel list",
        )
    if serving:
        return NoCandidate(
            "unavailable",
            f"no channel can serve {_shown(model)} now: {reasons}",
            hint="axonhub channel list",
            final=not any(r.passing for r in serving),
        )
    known = usable_models(config, profile)
    return NoCandidate(
        "not_found",
        f"no channel serves the model {_shown(model)}"
        + (f"; there are: {_few(known)}" if known else ""),
        hint=f"axonhub profile map {_argument(model)} NAME",
    )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (" …" if len(names) > 8 else "")


def _argument(model: str) -> str:
    return shlex.quote(model[:_MOST_SHOWN])


def _shown(model: str) -> str:
    return repr(model if len(model) <= _MOST_SHOWN else f"{model[:_MOST_SHOWN]}…")
