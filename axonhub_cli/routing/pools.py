"""What a configuration alone says of who can serve what: worked out once, then looked up.

A configuration has a few models that are asked for again and again; each one's candidates, with
their weights and positions, are kept for as long as the configuration is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from axonhub_cli.config.schema import Config, Profile, Strategy
from axonhub_cli.routing import candidates
from axonhub_cli.routing.balance import Member
from axonhub_cli.routing.breaker import BreakerSettings
from axonhub_cli.routing.candidates import Candidate, Found

# Clients name the models: so many members and rejections are kept in all, about 3 MB.
_MOST_KEPT = 20_000


class Pool(Struct, frozen=True):
    """The candidates for one model, in no order yet."""

    members: tuple[Member, ...]
    found: Found


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
        self._kept: dict[tuple[str | None, str, str, bool], Pool] = {}
        self._size = 0

    def find(
        self, profile: Profile | None, model: str, protocol: str, convertible: Collection[str] = ()
    ) -> Pool:
        """The candidates for `model`, as the profile's mapping left it."""
        key = (profile.name if profile is not None else None, model, protocol, bool(convertible))
        pool = self._kept.get(key)
        if pool is None:
            found = candidates.find(
                self.config, model, protocol, self._faults, convertible, profile
            )
            pool = Pool(self._members(found, profile), found)
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
            weight = 1 if spare else candidates.weight_of(channel, profile)
            name = channel.name
            return Member(candidate, name, name.encode(), float(weight), places[name], spare)

        usable = [member(candidate, spare=False) for candidate in found.usable]
        return (*usable, *(member(candidate, spare=True) for candidate in found.spare))

    def _keep(self, key: tuple[str | None, str, str, bool], pool: Pool) -> None:
        self._size += 1 + len(pool.members) + len(pool.found.rejected)
        if self._size > _MOST_KEPT:
            self._kept.clear()
            self._size = 1 + len(pool.members) + len(pool.found.rejected)
        self._kept[key] = pool
