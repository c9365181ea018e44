"""Finding what a user names, or saying what is nearest to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NoReturn

from axonhub_cli.config.schema import Channel, Config, Key, Profile
from axonhub_cli.errors import UsageError

_SECRET = re.compile(r"(?:sk|ah)-[\w-]{20,}")
_FIRST = {
    "channel": "`axonhub channel add --type claude-code` adds the first one",
    "profile": "`axonhub profile create NAME` makes the first one",
    "key": "`axonhub key create NAME` makes the first one",
}


def find_channel(config: Config, name: str) -> Channel:
    """Raises `UsageError` for an unknown name; so do its siblings."""
    return config.channel(name) or _unknown("channel", name, [c.name for c in config.channels])


def find_profile(config: Config, name: str) -> Profile:
    return config.profile(name) or _unknown("profile", name, [p.name for p in config.profiles])


def find_key(config: Config, name: str) -> Key:
    return config.key(name) or _unknown("key", name, [k.name for k in config.keys])


def check_new_name(name: str, noun: str, taken: object | None, *, hint: str) -> None:
    """Raises `UsageError` when `name` is no name, or is `taken` already."""
    from axonhub_cli.config.rules import check_name

    if _SECRET.match(name):
        raise UsageError(
            f"this looks like a secret, not like the name of a {noun}",
            hint="it is in the shell's history now: consider to revoke it",
        )
    fault = check_name(name)
    if fault is not None:
        raise UsageError(fault)
    if taken is not None:
        raise UsageError(f"there is a {noun} {name!r} already", hint=hint)


def completions(pick: Callable[[Config], Iterable[str]]) -> Callable[[str], list[str]]:
    """A shell completion: the names that `pick` finds in the configuration. Never fails."""

    def complete(incomplete: str) -> list[str]:
        import os

        from axonhub_cli.cli.context import Session
        from axonhub_cli.errors import AxonHubError

        try:
            names = pick(Session(os.environ).config())
        except AxonHubError:
            return []
        return [name for name in names if name.startswith(incomplete)]

    return complete


def words(*choices: str) -> Callable[[str], list[str]]:
    """A shell completion of fixed words."""
    return lambda incomplete: [word for word in choices if word.startswith(incomplete)]


channel_names = completions(lambda config: [c.name for c in config.channels])
profile_names = completions(lambda config: [p.name for p in config.profiles])
key_names = completions(lambda config: [k.name for k in config.keys])


def _unknown(noun: str, name: str, known: list[str]) -> NoReturn:
    from axonhub_cli.config.nearest import did_you_mean

    hint = f"`axonhub {noun} list`" if known else _FIRST[noun]
    raise UsageError(f"there is no {noun} {name!r}{did_you_mean(name, known)}", hint=hint)


def find_reference(channel: Channel, label: str) -> str:
    """The token of a channel that is called so. Raises `UsageError` with the nearest one."""
    from axonhub_cli.config.labels import labels_of
    from axonhub_cli.config.nearest import did_you_mean

    known = labels_of(channel.tokens)
    if label not in known:
        # A label is asked for, and the token itself may have been pasted.
        shown = "so called" if _SECRET.search(label) else f"{label!r}{did_you_mean(label, known)}"
        raise UsageError(
            f"channel {channel.name!r} has no token {shown}",
            hint=f"`axonhub channel token {channel.name}` lists them",
        )
    return channel.tokens[known.index(label)]
