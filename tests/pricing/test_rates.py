from decimal import Decimal

from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing.rates import (
    Rates,
    Reckoned,
    Tiered,
    cost,
    input_tokens,
    picodollars,
    reckon,
)

SONNET = Rates(
    input_mtok=Decimal("3"),
    output_mtok=Decimal("15"),
    cache_read_mtok=Decimal("0.3"),
    cache_write_mtok=Decimal("3.75"),
    cache_write_1h_mtok=Decimal("6"),
    web_searches_kcount=Decimal("10"),
)


def test_each_kind_of_token_has_its_rate() -> None:
    usage = Usage(
        input=1, cache_read=10, cache_write=300, cache_write_5m=100, cache_write_1h=200, output=1000
    )
    dollars = 1 * 3 + 10 * Decimal("0.3") + 100 * Decimal("3.75") + 200 * 6 + 1000 * 15
    assert cost(usage, SONNET) == dollars / 1_000_000


def test_a_cache_write_of_unknown_length_costs_what_the_short_one_does() -> None:
    assert cost(Usage(input=0, cache_write=1_000_000, output=0), SONNET) == Decimal("3.75")


def test_what_has_no_rate_of_its_own_costs_what_input_does() -> None:
    plain = Rates(input_mtok=Decimal("2"), output_mtok=Decimal("4"))
    usage = Usage(input=1, cache_read=2, cache_write=3, cache_write_1h=3, output=5)
    assert cost(usage, plain) == Decimal(6 * 2 + 5 * 4) / 1_000_000


def test_reasoning_is_a_part_of_the_output() -> None:
    rates = Rates(
        input_mtok=Decimal("1"), output_mtok=Decimal("2"), output_reasoning_mtok=Decimal("3")
    )
    usage = Usage(input=0, output=10, reasoning=4)
    assert cost(usage, rates) == Decimal(6 * 2 + 4 * 3) / 1_000_000
    assert cost(Usage(input=0, output=10, reasoning=4), SONNET) == Decimal(150) / 1_000_000


def test_more_reasoning_than_output_is_not_charged_twice() -> None:
    assert cost(Usage(input=0, output=10, reasoning=99), SONNET) == Decimal(150) / 1_000_000


def test_a_tier_holds_for_all_tokens_of_a_request() -> None:
    tiered = Tiered(Decimal("3"), ((200_000, Decimal("6")), (400_000, Decimal("9"))))
    rates = Rates(input_mtok=tiered, output_mtok=Decimal("0"))
    at = {size: cost(Usage(input=size, output=0), rates) for size in (200_000, 200_001, 500_000)}
    assert at == {
        200_000: Decimal("0.6"),
        200_001: Decimal("1.200006"),
        500_000: Decimal("4.5"),
    }


def test_cached_tokens_count_towards_a_tier() -> None:
    tiered = Tiered(Decimal("3"), ((200_000, Decimal("6")),))
    rates = Rates(input_mtok=tiered, cache_read_mtok=Decimal("0"), output_mtok=Decimal("0"))
    usage = Usage(input=100_000, cache_read=150_000, output=0)
    assert input_tokens(usage) == 250_000
    assert cost(usage, rates) == Decimal("0.6")


def test_tokens_without_a_rate_have_an_unknown_cost_not_none() -> None:
    assert cost(Usage(input=1, output=1), Rates(input_mtok=Decimal("1"))) is None
    assert cost(Usage(input=1, output=0), Rates(input_mtok=Decimal("1"))) == Decimal("0.000001")


def test_an_answer_that_tells_no_tokens_has_an_unknown_cost() -> None:
    assert cost(Usage(), SONNET) is None


def test_requests_and_searches_may_cost_too() -> None:
    rates = Rates(
        input_mtok=Decimal("0"),
        output_mtok=Decimal("0"),
        requests_kcount=Decimal("5"),
        web_searches_kcount=Decimal("10"),
    )
    usage = Usage(input=1, output=1, web_searches=3)
    assert cost(usage, rates) == Decimal("0.035")


def test_a_sum_of_a_million_costs_has_no_rounding_error() -> None:
    one = cost(Usage(input=1, output=0), Rates(input_mtok=Decimal("0.1")))
    assert one is not None
    assert sum([picodollars(one)] * 1_000_000) == 100_000 * 1_000_000


LIVE = Rates(
    input_mtok=Decimal("1"),
    cache_read_mtok=Decimal("0.1"),
    output_mtok=Decimal("4"),
    input_audio_mtok=Decimal("10"),
    cache_audio_read_mtok=Decimal("0.5"),
    input_image_mtok=Decimal("2"),
    cache_image_read_mtok=Decimal("0.2"),
    output_audio_mtok=Decimal("20"),
    output_image_mtok=Decimal("30"),
)


def test_audio_and_images_have_rates_of_their_own() -> None:
    usage = Usage(
        input=100,
        cache_read=50,
        output=60,
        reasoning=5,
        input_audio=70,
        cache_read_audio=20,
        input_image=10,
        output_audio=25,
        output_image=10,
    )
    text, heard, seen, read, heard_read = 40, 50, 10, 30, 20
    given = text * 1 + heard * 10 + seen * 2 + read * Decimal("0.1") + heard_read * Decimal("0.5")
    made = (5 + 20) * 4 + 25 * 20 + 10 * 30
    assert reckon(usage, LIVE) == Reckoned((given + made) / 1_000_000)


def test_what_is_more_than_the_fresh_input_was_read_from_the_cache() -> None:
    usage = Usage(input=10, cache_read=90, output=0, input_image=30)
    dollars = 10 * 2 + 20 * Decimal("0.2") + 70 * Decimal("0.1")
    assert reckon(usage, LIVE) == Reckoned(dollars / 1_000_000)
    nonsense = Usage(input=1, cache_read=1, output=1, input_audio=99, output_audio=99)
    assert reckon(nonsense, LIVE) == Reckoned((10 + Decimal("0.1") + 20) / 1_000_000)


def test_audio_at_the_price_of_text_is_a_lower_bound() -> None:
    plain = Rates(input_mtok=Decimal("1"), output_mtok=Decimal("4"))
    dollars = Decimal(10 * 1 + 5 * 4) / 1_000_000
    for special in ("input_audio", "output_audio", "output_image"):
        usage = Usage(input=10, output=5, **{special: 3})
        assert reckon(usage, plain) == Reckoned(dollars, whole=False)
    # Images that are given count as text does, unless a rate says otherwise.
    assert reckon(Usage(input=10, output=5, input_image=3), plain) == Reckoned(dollars)


def test_searches_without_a_rate_make_a_lower_bound() -> None:
    plain = Rates(input_mtok=Decimal("1"), output_mtok=Decimal("4"))
    usage = Usage(input=10, output=0, web_searches=2)
    assert reckon(usage, plain) == Reckoned(Decimal("0.00001"), whole=False)
    assert reckon(usage, SONNET) == Reckoned(Decimal("0.02003"))


def test_a_side_that_nobody_counted_makes_a_lower_bound() -> None:
    assert reckon(Usage(input=1_000_000), SONNET) == Reckoned(Decimal(3), whole=False)


def test_a_fee_for_each_request_needs_no_tokens() -> None:
    fee = Decimal("0.04")
    flat = Rates(input_mtok=Decimal(0), output_mtok=Decimal(0), requests_kcount=fee * 1000)
    for usage in (Usage(), Usage(input=7, output=9), Usage(input=7, web_searches=1)):
        assert reckon(usage, flat) == Reckoned(fee, flat=True)
    also = Rates(input_mtok=Decimal(1), output_mtok=Decimal(1), requests_kcount=fee * 1000)
    assert reckon(Usage(), also) == Reckoned(fee, whole=False)
    assert reckon(Usage(), SONNET) is None


def test_what_tokens_cost_may_be_multiplied_and_fees_are_not() -> None:
    usage = Usage(input=1_000_000, output=0, web_searches=1)
    assert reckon(usage, SONNET, Decimal("1.1")) == Reckoned(Decimal("3.31"))
