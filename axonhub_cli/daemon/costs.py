"""What a typical request would cost at each channel, for the strategy `least-cost`.

Balancing must not wait: a price that is not known yet counts as unknown while a thread finds it.
Where a configuration balances by cost, those of its models are found before its first request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from axonhub_cli.config.schema import Config
from axonhub_cli.daemon import price_list
from axonhub_cli.pricing.listing import Listing
from axonhub_cli.pricing.prices import Pricer
from axonhub_cli.pricing.typical import TYPICAL, in_dollars, typical_cost
from axonhub_cli.routing.models import served_models, upstream_model

# Prices change with the hour for some, and lists are renewed.
_HOLDS_S = 60.0
_MOST_KEPT = 2_000


class Costs:
    """Prices of the moment; of the event loop, but for what its threads find."""

    def __init__(self, listing: Listing, now: Callable[[], float]) -> None:
        """`now`: epoch seconds."""
        self._config = Config()
        # Of its own: it is asked about a configuration before that holds.
        self._pricer = Pricer(lambda: self._config, listing)
        self._now = now
        self._kept: dict[tuple[str, str], tuple[float, float | None]] = {}
        self._asked: set[tuple[str, str]] = set()

    def price(self, channel: str, model: str) -> float | None:
        """US dollars of a typical request; None: not known, or not yet. Never blocks."""
        key, now = (channel, model), self._now()
        until, usd = self._kept.get(key, (0.0, None))
        if now < until:
            return usd
        charge = self._pricer.known(channel, model, TYPICAL, at=now)
        if charge is None:
            self._ask(key)
            return usd
        return self._keep(key, in_dollars(charge))

    async def follow(self, config: Config) -> None:
        """Another configuration is about to hold."""
        self._config = config
        self._kept.clear()
        await price_list.prepare(self._pricer)
        strategies = {config.routing.strategy, *(p.strategy for p in config.profiles)}
        if "least-cost" not in strategies:
            return
        named = {
            (channel.name, upstream_model(channel, name) or name)
            for channel in config.channels
            if channel.enabled
            for name in served_models(channel)
        }
        # For one thread: the first of them reads the list of all prices.
        await asyncio.to_thread(self._find_all, sorted(named))

    def _ask(self, key: tuple[str, str]) -> None:
        if key in self._asked:
            return
        self._asked.add(key)
        found = asyncio.get_running_loop().run_in_executor(None, self._find, *key)
        found.add_done_callback(lambda done: self._asked.discard(key))

    def _find_all(self, keys: list[tuple[str, str]]) -> None:
        for key in keys:
            self._find(*key)

    def _find(self, channel: str, model: str) -> None:
        usd = typical_cost(self._pricer, channel, model, at=self._now())
        self._keep((channel, model), usd)

    def _keep(self, key: tuple[str, str], usd: float | None) -> float | None:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()  # clients name the models
        self._kept[key] = (self._now() + _HOLDS_S, usd)
        return usd
