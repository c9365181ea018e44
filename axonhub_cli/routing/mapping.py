"""Profile rules: the model a client asks for, and the model that is looked for instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from msgspec import Struct

from axonhub_cli.config.schema import Mapping
from axonhub_cli.errors import ConfigError
from axonhub_cli.routing.backtracking import LONGEST, find_trap
from axonhub_cli.routing.conditions import Traits, holds, words_of

_PATTERN_SIGNS = frozenset("*?+[]{}()^$|\\")
# What a shell user means by `claude-*`: a star behind a character that nobody repeats on purpose.
_GLOB_STAR = re.compile(r"(?<=[\w\-/:])\*")


class Resolved(Struct, frozen=True):
    """The model to route, and the rule that named it (None: no rule matched)."""

    model: str
    rule: str | None = None


def matching(mappings: Sequence[Mapping], model: str) -> tuple[Mapping, ...]:
    """The rules that `model` may meet, by the request's traits: up to the first without any
    condition."""
    found: list[Mapping] = []
    for rule in mappings:
        if matches(rule.source, model):
            found.append(rule)
            if rule.when is None:
                break
    return tuple(found)


def choose(rules: Iterable[Mapping], model: str, traits: Traits) -> Resolved:
    """The first of the rules that match by name whose conditions hold, applied once: its result is
    not mapped again."""
    for rule in rules:
        if holds(rule.when, traits):
            return Resolved(rule.target, tell(rule))
    return Resolved(model)


def tell(rule: Mapping) -> str:
    """The rule in one line: `claude-.* → glm-4.6 when background`."""
    conditions = f" when {', '.join(words_of(rule.when))}" if rule.when is not None else ""
    return f"{rule.source} → {rule.target}{conditions}"


def is_pattern(source: str) -> bool:
    """A rule is a regular expression as soon as it holds one of their signs; a dot is none."""
    return not _PATTERN_SIGNS.isdisjoint(source)


def matches(source: str, model: str) -> bool:
    """Patterns are anchored at both ends; a name of over `LONGEST` characters matches none."""
    if not is_pattern(source):
        return source == model
    return len(model) <= LONGEST and _compile(source).fullmatch(model) is not None


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
    if (trap := find_trap(source)) is not None:
        raise ConfigError(
            f"the expression {source[:80]!r} {trap}",
            hint="repeat each part once, such as `claude-.*`; several rules do what one cannot",
        )
    return _glob_warning(source)


def _glob_warning(source: str) -> str | None:
    meant = _GLOB_STAR.sub(".*", source)
    if meant == source or set(source) & set("[](){}|\\^$+?"):
        return None
    return f"{source!r} is a regular expression and repeats one character: did you mean {meant!r}?"


@lru_cache(maxsize=1024)
def _compile(source: str) -> re.Pattern[str]:
    return re.compile(source)
