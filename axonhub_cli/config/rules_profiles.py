"""Rules for profiles, quotas, conditions and mappings: what they name exists, and can hold."""

from __future__ import annotations

from collections.abc import Iterator

from axonhub_cli.config.nearest import did_you_mean
from axonhub_cli.config.schema import Channel, Mapping, Profile, Quota, When
from axonhub_cli.errors import ConfigError

Fault = tuple[str, str]
"""Where (`channels[1].weight`) and what."""


def profile_faults(profile: Profile, channels: list[str]) -> Iterator[Fault]:
    yield from mapping_faults(profile.mappings)
    for index, model in enumerate(profile.models):
        if not model.strip():
            yield f"models[{index}]", "a model's name is empty"
    for index, name in enumerate(profile.channels):
        if name not in channels:
            yield f"channels[{index}]", _no_channel(name, channels)
    for index, tag in enumerate(profile.tags):
        if not tag.strip():
            yield f"tags[{index}]", "a tag is empty"
    for name, weight in profile.weights.items():
        if name not in channels:
            yield f"weights.{name}", _no_channel(name, channels)
        elif not 0 <= weight <= 100:
            yield f"weights.{name}", f"{weight} is not between 0 and 100"
    yield from quota_faults(profile.quotas)


def quota_faults(quotas: tuple[Quota, ...]) -> Iterator[Fault]:
    for index, quota in enumerate(quotas):
        where = f"quotas[{index}]"
        if quota.requests is None and quota.tokens is None and quota.cost is None:
            yield where, "it limits nothing: requests, tokens or cost is needed"
        for name in ("requests", "tokens"):
            amount = getattr(quota, name)
            if amount is not None and amount < 1:
                yield f"{where}.{name}", f"{amount} would refuse everything: at least 1"
        if quota.cost is not None and not 0 < quota.cost < float("inf"):
            yield f"{where}.cost", f"{quota.cost:g} is no amount of US dollars"
        if quota.sliding and quota.per == "all":
            yield f"{where}.sliding", "a limit for all time does not slide"
        if any((q.per, q.sliding) == (quota.per, quota.sliding) for q in quotas[:index]):
            yield where, f"there is a limit for the same {quota.per!r} above: make one of them"


def channel_faults(channel: Channel) -> Iterator[Fault]:
    """Of the rules by which a channel's models are found."""
    yield from condition_faults(channel.when)
    yield from mapping_faults(channel.mappings)
    for index, mapping in enumerate(channel.mappings):
        if mapping.when is not None:
            what = "a channel's mapping has no conditions: they belong to the channel or a profile"
            yield f"mappings[{index}].when", what
    for index, model in enumerate(channel.models or ()):
        if not model.strip():
            yield f"models[{index}]", "a model's name is empty"
    if channel.prefix is not None and (fault := check_prefix(channel.prefix)):
        yield "prefix", fault
    trimmed = channel.trimmed_prefixes
    for index, prefix in enumerate(trimmed):
        if fault := check_prefix(prefix):
            yield f"trimmed_prefixes[{index}]", fault
    if channel.hide_originals and channel.hide_aliases:
        yield "hide_aliases", "with hide_originals too, no model would be listed"
    elif channel.hide_originals and not (channel.mappings or channel.prefix or trimmed):
        yield "hide_originals", "without mapping and prefix no model is left to be served"


def check_prefix(prefix: str) -> str | None:
    """What is wrong with a prefix of models' names."""
    if prefix and not set(prefix) & set(" \t\n*?") and prefix.strip("/") == prefix:
        return None
    return f"{prefix!r} is no prefix: a text without spaces, `*` and `?`, and no slash at its ends"


def mapping_faults(mappings: tuple[Mapping, ...]) -> Iterator[Fault]:
    if not mappings:
        return
    from axonhub_cli.routing.mapping import check_pattern

    for index, mapping in enumerate(mappings):
        try:
            check_pattern(mapping.source)
        except ConfigError as error:
            yield f"mappings[{index}].from", error.message
        if not mapping.target.strip():
            yield f"mappings[{index}].to", "a model's name is empty"
        for where, what in condition_faults(mapping.when):
            yield f"mappings[{index}].{where}", what


def condition_faults(when: When | None) -> Iterator[Fault]:
    if when is None:
        return
    from axonhub_cli.routing.conditions import faults_of

    for where, what in faults_of(when):
        yield f"when.{where}" if where else "when", what


def _no_channel(name: str, channels: list[str]) -> str:
    return f"there is no channel {name!r}{did_you_mean(name, channels)}"
