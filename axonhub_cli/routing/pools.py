"""What a configuration alone says of who can serve what: worked out once, then looked up.

A configuration has a few models that are asked for again and again; each one's candidates, with
their weights and positions, are kept for as long as the configuration is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from axonhub_cli.config.schema import Config, Profile, Strategy
from axonhub_cli.config.schema import Mapping as Rule
from axonhub_cli.routing import candidates
from axonhub_cli.routing.balance import Member
from axonhub_cli.routing.breaker import BreakerSettings
from axonhub_cli.routing.candidates import Candidate, Found
from axonhub_cli.routing.conditions import NO_TRAITS, Traits, asked, holds
from axonhub_cli.routing.mapping import Resolved, choose, matching
from axonhub_cli.routing.scope import weight_of

# Clients name the models: so many members and rejections are kept in all, about 3 MB.
_MOST_KEPT = 20_000
_MOST_RULES = 4_000
_LONGEST_NAME = 200

_Key = tuple[str | None, str, str, bool, tuple[bool, ...]]


class Pool(Struct, frozen=True):
    """The candidates for one model, in no order yet."""

    members: tuple[Member, ...]
    found: Found


DENIED = Pool((), candidates.DENIED)
"""The profile does not let clients ask for this model."""


class Pools:
    """Of one configuration; `faults` names channels that cannot work now, with the reason."""

    def __init__(
        self,
        config: Config,
        faults: Mapping[str, str] | None = None,
        breaker: BreakerSettings = BreakerSettings(),
    ) -> None:
        self.config = config
        self.breaker = breaker
        self._faults = faults or {}
        self._kept: dict[_Key, Pool] = {}
        self._size = 0
        self._rules: dict[tuple[str, str], tuple[Rule, ...]] = {}
        self._conditions = tuple(
            dict.fromkeys(c.when for c in config.channels if c.when is not None)
        )
        of_channels = asked(self._conditions)
        self._asked = {
            p.name: of_channels | asked(rule.when for rule in p.mappings) for p in config.profiles
        }
        self._asked_of_all = of_channels

    def asked(self, profile: Profile | None) -> frozenset[str]:
        """The `Traits` of a request that decide something; mostly there are none."""
        name = profile.name if profile is not None else ""
        return self._asked.get(name, self._asked_of_all)

    def resolve(self, profile: Profile | None, model: str, traits: Traits = NO_TRAITS) -> Resolved:
        """The model to look for; no pattern is tried twice for the same name."""
        if profile is None or not profile.mappings:
            return Resolved(model)
        key = (profile.name, model)
        rules = self._rules.get(key)
        if rules is None:
            if len(self._rules) >= _MOST_RULES:
                self._rules.clear()
            rules = matching(profile.mappings, model)
            if len(model) <= _LONGEST_NAME:
                self._rules[key] = rules
        return choose(rules, model, traits)

    def find(
        self,
        profile: Profile | None,
        model: str,
        protocol: str,
        convertible: Collection[str] = (),
        traits: Traits = NO_TRAITS,
    ) -> Pool:
        """The candidates for `model`, as the profile's mapping left it."""
        name = profile.name if profile is not None else None
        verdicts = tuple([holds(when, traits) for when in self._conditions])
        key = (name, model, protocol, bool(convertible), verdicts)
        pool = self._kept.get(key)
        if pool is None:
            found = candidates.find(
                self.config, model, protocol, self._faults, convertible, profile, traits
            )
            pool = Pool(self._members(found, profile), found)
            if len(model) <= _LONGEST_NAME:
                self._keep(key, pool)
        return pool

    def strategy(self, profile: Profile | None) -> Strategy:
        own = profile.strategy if profile is not None else None
        return own or self.config.routing.strategy

    def has_affinity(self, profile: Profile | None) -> bool:
        own = profile.affinity if profile is not None else None
        return self.config.routing.affinity if own is None else own

    def _members(self, found: Found, profile: Profile | None) -> tuple[Member, ...]:
        names = [*(profile.channels if profile is not None else ())]
        names += [channel.name for channel in self.config.channels]
        places: dict[str, int] = {}
        for position, name in enumerate(names):
            places.setdefault(name, position)

        def member(candidate: Candidate, *, spare: bool) -> Member:
            channel = candidate.channel
            weight = 1 if spare else weight_of(channel, profile)
            name = channel.name
            return Member(candidate, name, name.encode(), float(weight), places[name], spare)

        usable = [member(candidate, spare=False) for candidate in found.usable]
        return (*usable, *(member(candidate, spare=True) for candidate in found.spare))

    def _keep(self, key: _Key, pool: Pool) -> None:
        self._size += 1 + len(pool.members) + len(pool.found.rejected)
        if self._size > _MOST_KEPT:
            self._kept.clear()
            self._size = 1 + len(pool.members) + len(pool.found.rejected)
        self._kept[key] = pool
