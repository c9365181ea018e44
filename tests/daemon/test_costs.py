"""Typical prices for balancing: known before they are needed, and never waited for."""

from __future__ import annotations

import asyncio

import pytest

from axonhub_cli.config.schema import Channel, Config, Price, Profile, Routing, Strategy
from axonhub_cli.daemon.costs import Costs
from axonhub_cli.pricing.listing import Listing
from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.price_list import price_list
from tests.support.upstream import PATIENCE, Upstream

NOW = 1_795_521_600.0
CHANNELS = (Channel("main", "anthropic"), Channel("cheap", "deepseek"), Channel("home", "ollama"))
BODY = b'{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


def config(strategy: Strategy = "least-cost", *prices: Price) -> Config:
    return Config(routing=Routing(strategy=strategy), channels=CHANNELS, prices=prices)


def test_where_cost_decides_the_prices_are_there_with_the_first_request() -> None:
    async def story() -> tuple[float | None, float | None]:
        costs = Costs(Listing(price_list()), Clock())
        await costs.follow(config())
        return (
            costs.price("main", "claude-sonnet-4-5"),
            costs.price("cheap", "deepseek-chat"),
        )

    dear, cheap = asyncio.run(story())
    assert dear is not None
    assert cheap is not None
    assert 0 < cheap < dear


def test_a_profile_that_decides_by_cost_is_enough() -> None:
    async def story() -> float | None:
        costs = Costs(Listing(price_list()), Clock())
        profile = Profile("p", strategy="least-cost")
        await costs.follow(Config(channels=CHANNELS, profiles=(profile,)))
        return costs.price("main", "claude-sonnet-4-5")

    assert asyncio.run(story()) is not None


def test_a_price_that_is_not_known_yet_is_looked_for_and_not_waited_for() -> None:
    async def story() -> tuple[float | None, float | None]:
        costs = Costs(Listing(price_list()), Clock())
        await costs.follow(config("adaptive"))
        first = costs.price("main", "claude-sonnet-4-5")
        async with asyncio.timeout(PATIENCE):
            while (later := costs.price("main", "claude-sonnet-4-5")) is None:
                await asyncio.sleep(0)
        return first, later

    first, later = asyncio.run(story())
    assert first is None
    assert later is not None


def test_ones_own_prices_follow_the_configuration_at_once() -> None:
    async def story() -> list[float | None]:
        costs, seen = Costs(Listing(price_list()), Clock()), list[float | None]()
        for amount in (1.0, 2.0):
            price = Price("*", channel="home", request=amount)
            await costs.follow(config("least-cost", price))
            seen.append(costs.price("home", "qwen"))
        await costs.follow(config())
        return [*seen, costs.price("home", "qwen")]

    assert asyncio.run(story()) == [1.0, 2.0, None]


def test_names_that_clients_make_up_do_not_fill_the_memory() -> None:
    async def story() -> int:
        costs = Costs(Listing(price_list()), Clock())
        await costs.follow(config("least-cost", Price("*", request=1.0)))
        for number in range(5000):
            costs.price("home", f"model-{number}")
        return len(costs._kept)

    assert asyncio.run(story()) <= 2000


@pytest.mark.parametrize("cheaper", ["a", "b"])
def test_the_cheaper_channel_answers(home: Home, upstream: Upstream, cheaper: str) -> None:
    upstream.script(plays.message("pong"))
    prices = {"a": 2.0, "b": 2.0, cheaper: 1.0}
    home.configure(
        channel(upstream.url, "a"),
        channel(upstream.url, "b"),
        routing={"strategy": "least-cost"},
        prices=[{"model": "*", "channel": n, "request": usd} for n, usd in prices.items()],
    )
    daemon = Daemon(home).start()
    try:
        assert daemon.post(BODY)[1]["ah-channel"] == cheaper
    finally:
        daemon.stop()
