"""Profile rules: the model a client asks for, and the model that is looked for instead."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from axonhub_cli.config.schema import Mapping, Profile
from axonhub_cli.errors import ConfigError

_PATTERN_SIGNS = frozenset("*?+[]{}()^$|\\")
# What a shell user means by `claude-*`: a star behind a character that nobody repeats on purpose.
_GLOB_STAR = re.compile(r"(?<=[\w\-/:])\*")


class Resolved(Struct, frozen=True):
    """The model to route, and the rule that named it (None: no rule matched)."""

    model: str
    rule: str | None = None


def resolve(profile: Profile | None, model: str) -> Resolved:
    """Apply the first matching rule, once: its result is not mapped again."""
    return first_match(profile.mappings if profile is not None else (), model)


def first_match(mappings: tuple[Mapping, ...], model: str) -> Resolved:
    for mapping in mappings:
        if matches(mapping.source, model):
            return Resolved(mapping.target, f"{mapping.source} → {mapping.target}")
    return Resolved(model)


def is_pattern(source: str) -> bool:
    """A rule is a regular expression as soon as it holds one of their signs; a dot is none."""
    return not _PATTERN_SIGNS.isdisjoint(source)


def matches(source: str, model: str) -> bool:
    """Patterns are anchored at both ends."""
    if not is_pattern(source):
        return source == model
    return _compile(source).fullmatch(model) is not None


def check_pattern(source: str) -> str | None:
    """Raise `ConfigError` for a bad expression; return a warning for one that looks like a glob."""
    if not source:
        raise ConfigError("an empty model name cannot be mapped")
    if not is_pattern(source):
        return None
    try:
        _compile(source)
    except (OverflowError, RecursionError) as error:
        raise ConfigError(
            f"{source[:40]!r} is too much for a regular expression: {error}"
        ) from error
    except re.error as error:
        where = f" at position {error.pos}" if error.pos is not None else ""
        raise ConfigError(
            f"{source!r} is not a regular expression: {error.msg}{where}",
            hint="a dot matches any one character, `.*` any run of them",
        ) from error
    return _glob_warning(source)


def _glob_warning(source: str) -> str | None:
    meant = _GLOB_STAR.sub(".*", source)
    if meant == source or set(source) & set("[](){}|\\^$+?"):
        return None
    return f"{source!r} is a regular expression and repeats one character: did you mean {meant!r}?"


@lru_cache(maxsize=1024)
def _compile(source: str) -> re.Pattern[str]:
    return re.compile(source)
