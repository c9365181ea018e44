from decimal import Decimal

import pytest

from axonhub_cli.config.schema import Price
from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing.own import faults_of, find_own, rates_of, version_of
from axonhub_cli.pricing.rates import Reckoned, cost, reckon

ONE = Usage(input=1_000_000, output=0)


def test_the_first_entry_that_fits_counts() -> None:
    prices = [
        Price("claude-*", channel="relay", input=1, output=1),
        Price("claude-*", input=2, output=2),
        Price("*", input=3, output=3),
    ]
    asked = [("relay", "claude-x"), ("other", "claude-x"), ("other", "gpt-5")]
    got = [find_own(prices, channel, model, ONE) for channel, model in asked]
    assert got == prices
    assert find_own(prices[:2], "other", "gpt-5", ONE) is None


def test_a_name_that_looks_like_a_pattern_names_itself() -> None:
    own = Price("claude-haiku-4-5[1m]", input=1, output=1)
    assert find_own([own], "c", "claude-haiku-4-5[1m]", Usage()) is own
    assert find_own([own], "c", "claude-haiku-4-5", Usage()) is None


def test_one_price_for_all_input_is_meant_for_audio_too() -> None:
    rates = rates_of(Price("*", input=1, output=4, cache_read=0.5))
    usage = Usage(input=10, cache_read=2, output=5, input_audio=8, output_audio=4, output_image=1)
    assert reckon(usage, rates) == Reckoned(Decimal(31) / 1_000_000)


def test_tiers_are_entries_of_one_model() -> None:
    prices = [
        Price("m", input=1, output=1),
        Price("m", input=2, output=1, over_tokens=1000),
        Price("m", input=4, output=1, over_tokens=5000),
    ]
    got = [find_own(prices, "c", "m", Usage(cache_read=n)) for n in (1000, 1001, 9999)]
    assert got == prices


def test_where_no_tier_is_reached_the_next_entry_counts() -> None:
    prices = [Price("m", input=2, output=1, over_tokens=1000), Price("*", input=1, output=1)]
    assert find_own(prices, "c", "m", Usage(input=5)) == prices[1]


@pytest.mark.parametrize(
    ("price", "usage", "dollars"),
    [
        (Price("m", request=0.04), Usage(input=5, output=5), "0.04"),
        (Price("m", input=0.1, output=0.2), Usage(input=1, output=2), "0.0000005"),
        (Price("m", input=0, output=0), Usage(input=1, output=2), "0"),
        (Price("m", input=2, output=0, cache_read=0.5), Usage(cache_read=2, output=0), "0.000001"),
        (Price("m", input=2, output=0), Usage(input=0, cache_read=2, output=0), "0.000004"),
        (
            Price("m", input=2, output=0, cache_write_5m=3),
            Usage(input=0, cache_write=2, cache_write_1h=1, output=0),
            "0.000006",
        ),
        (
            Price("m", input=2, output=0, cache_write_5m=3, cache_write_1h=5),
            Usage(input=0, cache_write=2, cache_write_5m=1, cache_write_1h=1, output=0),
            "0.000008",
        ),
        (
            Price("m", request=0.5, input=1, output=1, web_search=0.01),
            Usage(input=0, output=0, web_searches=2),
            "0.52",
        ),
    ],
)
def test_dollars_are_what_the_file_says_exactly(price: Price, usage: Usage, dollars: str) -> None:
    assert cost(usage, rates_of(price)) == Decimal(dollars)


def test_the_version_follows_the_price() -> None:
    first, second = Price("m", input=1, output=1), Price("m", input=1, output=2)
    assert version_of(first) == version_of(Price("m", input=1, output=1))
    assert version_of(first).startswith("own:")
    assert version_of(first) != version_of(second)


@pytest.mark.parametrize(
    ("price", "where"),
    [
        (Price("m"), "input"),
        (Price("m", input=1), "output"),
        (Price("m", output=1), "input"),
        (Price("m", input=-1, output=1), "input"),
        (Price("m", input=float("nan"), output=1), "input"),
        (Price("m", input=float("inf"), output=1), "input"),
        (Price("m", request=1, over_tokens=0), "over_tokens"),
        (Price(" ", request=1), "model"),
    ],
)
def test_what_is_no_price_is_told(price: Price, where: str) -> None:
    assert where in [name for name, _ in faults_of(price)]


def test_a_good_price_has_no_faults() -> None:
    assert faults_of(Price("m", input=0, output=1.5, over_tokens=200_000)) == []
    assert faults_of(Price("m", request=0.01)) == []
