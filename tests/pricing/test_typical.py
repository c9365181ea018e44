"""A typical request: prices to compare channels by."""

from __future__ import annotations

from axonhub_cli.config.schema import Channel, Config, Price
from axonhub_cli.pricing.listing import Listing
from axonhub_cli.pricing.prices import Pricer
from axonhub_cli.pricing.typical import typical_cost
from tests.support.price_list import price_list

AT = 1_795_521_600.0
CHANNELS = (Channel("main", "anthropic"), Channel("cheap", "deepseek"), Channel("home", "ollama"))


def test_channels_are_compared_by_what_a_turn_of_an_agent_costs() -> None:
    mine = Price("*", channel="home", request=0.25)
    config = Config(channels=CHANNELS, prices=(mine,))
    pricer = Pricer(lambda: config, Listing(price_list()))
    dear = typical_cost(pricer, "main", "claude-opus-4-5", at=AT)
    cheap = typical_cost(pricer, "cheap", "deepseek-chat", at=AT)
    assert dear is not None
    assert cheap is not None
    assert 0 < cheap < dear < 1
    assert typical_cost(pricer, "home", "qwen", at=AT) == 0.25
    assert typical_cost(pricer, "main", "no-such-model", at=AT) is None
