"""What a profile lets a key use: models by the name that is asked for, channels by name and tag."""

from __future__ import annotations

from axonhub_cli.config.schema import Channel, Profile
from axonhub_cli.routing.models import is_glob, matches_glob


def allows(profile: Profile | None, model: str) -> bool:
    """May a client ask for `model`, as it wrote it? Names and globs decide; none: all may."""
    if profile is None or not profile.models:
        return True
    return model in profile.models or any(
        is_glob(name) and matches_glob(name, model) for name in profile.models
    )


def excluded(channel: Channel, profile: Profile) -> str | None:
    """Why a profile does not use a channel, as a clause: its channels and its tags must both
    allow it."""
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


def weight_of(channel: Channel, profile: Profile | None) -> int:
    """The profile's weight for it, else its own. 0: it is not to be used."""
    return channel.weight if profile is None else profile.weights.get(channel.name, channel.weight)
