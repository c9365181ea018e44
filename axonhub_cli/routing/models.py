"""The models of one channel: every name a client may use for them, and what is sent upstream.

A name is looked for in this order, and the first hit counts: a model of the channel (direct), a
trimmed prefix, a mapping, the extra prefix, then the globs. `--hide-originals` takes the direct
names out of the order; the names made of them stay.
"""

from __future__ import annotations

import re
from functools import lru_cache

from axonhub_cli.config.schema import Channel
from axonhub_cli.providers import PROVIDERS
from axonhub_cli.routing.mapping import is_pattern, matches

_MOST_KEPT = 1024


class ModelIndex:
    """Of one channel; made once for it. In `lower_case`, every name is looked up in lower case."""

    def __init__(self, channel: Channel) -> None:
        models = models_of(channel)
        self._lower = channel.lower_case
        self._hides_originals = channel.hide_originals
        self._trimmed = channel.trimmed_prefixes
        self._prefix = f"{self._fold(channel.prefix)}/" if channel.prefix is not None else None
        self._mappings = channel.mappings
        self._direct = {self._fold(name): name for name in models if not is_glob(name)}
        self._globs = tuple(name for name in models if is_glob(name))
        self._short = self._trim()
        self._exact = dict(self._short) if channel.hide_originals else self._short | self._direct
        for mapping in self._mappings:
            source = mapping.source
            if not is_pattern(source) and (target := self._mapped(source)) is not None:
                self._exact.setdefault(self._fold(source), target)
        self.listed = tuple(self._list(channel))
        """The names to be shown in lists: no globs, no patterns."""

    def find(self, model: str, *, by_anything: bool = True) -> str | None:
        """What is sent upstream for `model`; None: the channel does not serve it.
        `by_anything`: does a model `*` count?"""
        name = self._fold(model)
        found = self._exact.get(name) or self._mapped(model)
        if found is not None:
            return found
        if self._prefix is not None and name.startswith(self._prefix):
            bare = model[len(self._prefix) :]
            found = self._direct.get(self._fold(bare)) or self.find(bare) or self._by_glob(bare)
            if found is not None:
                return found
        return self._by_glob(model, by_anything, hidden=self._hides_originals)

    def _fold(self, name: str) -> str:
        return name.lower() if self._lower else name

    def _mapped(self, model: str) -> str | None:
        """By the first of the channel's own mappings that matches, applied once."""
        name = self._fold(model)
        for mapping in self._mappings:
            source = mapping.source
            same = self._fold(source) == name if not is_pattern(source) else False
            if same or matches(source, model) or (self._lower and matches(source, name)):
                return mapping.target
        return None

    def _by_glob(self, model: str, by_anything: bool = True, *, hidden: bool = False) -> str | None:
        """`hidden`: by a name without its trimmed prefix only."""
        for glob in self._globs:
            if (by_anything or glob != "*") and matches_glob(self._fold(glob), self._fold(model)):
                return model if not hidden else None
        for prefix in self._trimmed:
            whole = f"{prefix}/{model}"
            if any(matches_glob(self._fold(g), self._fold(whole)) for g in self._globs if g != "*"):
                return whole
        return None

    def _trim(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for prefix in self._trimmed:
            start = f"{self._fold(prefix)}/"
            for name, model in self._direct.items():
                if name.startswith(start) and name != start:
                    found.setdefault(name[len(start) :], model)
        return found

    def _list(self, channel: Channel) -> list[str]:
        sources = [m.source for m in channel.mappings if not is_pattern(m.source)]
        aliases = [self._fold(source) for source in sources]
        originals = list(self._direct if self._lower else self._direct.values())
        made = [*self._short]
        if channel.prefix is not None:
            start = self._fold(channel.prefix)
            made += [f"{start}/{name}" for name in dict.fromkeys([*aliases, *originals])]
        shown = originals if not channel.hide_originals else []
        names = [*aliases, *shown, *made] if not channel.hide_aliases else shown
        return list(dict.fromkeys(names))


_indexes: dict[int, tuple[Channel, ModelIndex]] = {}


def index_of(channel: Channel) -> ModelIndex:
    """The channel's index. Channels do not change, so one is told by its place in memory, which
    nothing else takes as long as it is kept here with it."""
    kept = _indexes.get(id(channel))
    if kept is not None:
        return kept[1]
    if len(_indexes) >= _MOST_KEPT:
        _indexes.clear()
    index = ModelIndex(channel)
    _indexes[id(channel)] = (channel, index)
    return index


def models_of(channel: Channel) -> tuple[str, ...]:
    """Names and globs: the channel's own, or its type's defaults."""
    if channel.models is not None:
        return channel.models
    provider = PROVIDERS.get(channel.type)
    return provider.models if provider is not None else ()


def upstream_model(channel: Channel, model: str) -> str | None:
    """The name to send upstream for `model`, or None when the channel does not serve it."""
    return index_of(channel).find(model)


def serves(channel: Channel, model: str) -> bool:
    return index_of(channel).find(model) is not None


def served_models(channel: Channel) -> list[str]:
    """The names a client may ask for, without globs and patterns, in order."""
    return list(index_of(channel).listed)


def serves_as_anything(channel: Channel, model: str) -> bool:
    """Only by its `*`: a local engine that takes any name is no second source of a Claude model."""
    return index_of(channel).find(model, by_anything=False) is None


def is_glob(name: str) -> bool:
    return "*" in name or "?" in name


def matches_glob(pattern: str, model: str) -> bool:
    """`*` is any run of characters, `?` any one; the whole name counts."""
    return _compile(pattern).fullmatch(model) is not None


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> re.Pattern[str]:
    first, *rest = (_literal(part) for part in re.split(r"\*+", pattern))
    if not rest:
        return re.compile(first, re.DOTALL)
    # Each part where it first fits, and never elsewhere: no name can make the search grow.
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(f"{first}{middle}.*{rest[-1]}", re.DOTALL)


def _literal(part: str) -> str:
    return "".join("." if c == "?" else re.escape(c) for c in part)
