from decimal import Decimal
from pathlib import Path

import pytest

from axonhub_cli.config.schema import Channel, Config, Price
from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing.listing import Listing
from axonhub_cli.pricing.prices import UNKNOWN, Charge, Pricer, bills_in_dollars, is_unpriced
from tests.support.price_list import price_list

USAGE = Usage(input=1_000_000, output=0)
AT = 1_795_521_600.0
CHANNELS = (
    Channel("main", "anthropic"),
    Channel("plan", "claude-code"),
    Channel("relay", "anthropic-compatible", base_url="http://relay.test"),
    Channel("compatible", "openai-compatible", base_url="https://api.deepseek.com/v1"),
    Channel("local", "ollama"),
    Channel("toy", "echo"),
    Channel("here", "openai-compatible", base_url="http://127.0.0.1:8080/v1"),
    Channel("there", "openai-compatible", base_url="https://gateway.test/v1"),
    Channel("router", "openrouter"),
    Channel("by-address", "openai-compatible", base_url="https://openrouter.ai/api/v1"),
    Channel("grok", "xai"),
    Channel("sonar", "openai-compatible", base_url="https://api.perplexity.ai"),
    Channel("gpt", "openai"),
)


def pricer(*prices: Price, file: Path | None = None) -> Pricer:
    config = Config(channels=CHANNELS, prices=prices)
    return Pricer(lambda: config, Listing(file or price_list()))


def test_a_type_of_channel_has_its_providers_prices() -> None:
    asked = pricer()
    charge = asked.charge("main", "claude-sonnet-4-5", Usage(input=1000, output=0), at=AT)
    assert charge.usd == Decimal("0.003")
    assert charge.price is not None
    assert charge.price.startswith("genai-prices ")
    assert asked.charge("plan", "claude-sonnet-4-5", Usage(input=1000, output=0), at=AT) == charge


def test_any_other_endpoint_has_the_prices_of_the_models_maker() -> None:
    asked = pricer()
    assert asked.charge("relay", "claude-opus-4-5", USAGE, at=AT).usd is not None
    assert asked.charge("compatible", "deepseek-chat", USAGE, at=AT).usd is not None
    assert asked.charge("relay", "my-own-model", USAGE, at=AT) == UNKNOWN


def test_what_runs_at_home_has_no_price() -> None:
    asked = pricer()
    assert asked.charge("local", "gpt-5", USAGE, at=AT) == UNKNOWN
    assert asked.charge("toy", "claude-sonnet-4-5", USAGE, at=AT) == UNKNOWN
    assert asked.charge("removed since", "claude-sonnet-4-5", USAGE, at=AT) == UNKNOWN


def test_the_list_says_how_much_a_model_takes_but_not_of_engines_at_home() -> None:
    asked = pricer()
    known = asked.context("main", "claude-sonnet-4-5")
    assert known is not None
    assert known >= 200_000
    assert asked.context("local", "gpt-5") is None
    assert asked.context("removed since", "gpt-5") is None
    assert asked.context("main", "my-own-model") is None


def test_prices_of_ones_own_come_first() -> None:
    mine = Price("*", channel="local", input=0.5, output=1)
    charge = pricer(mine).charge("local", "gpt-5", USAGE, at=AT)
    assert charge.usd == Decimal("0.5")
    assert charge.price is not None
    assert charge.price.startswith("own:")


def test_where_there_is_no_list_only_prices_of_ones_own_are_known(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    asked = pricer(Price("claude-*", input=1, output=1), file=tmp_path / "file" / "prices.json")
    assert asked.charge("main", "claude-sonnet-4-5", USAGE, at=AT).usd == 1
    assert asked.charge("compatible", "deepseek-chat", USAGE, at=AT) == UNKNOWN


def test_what_was_looked_up_is_known_without_waiting() -> None:
    asked = pricer()
    assert asked.known("main", "claude-sonnet-4-5", USAGE, at=AT) is None
    charge = asked.charge("main", "claude-sonnet-4-5", USAGE, at=AT)
    assert asked.known("main", "claude-sonnet-4-5", USAGE, at=AT) == charge
    asked.charge("main", "nobodys-model", USAGE, at=AT)
    assert asked.known("main", "nobodys-model", USAGE, at=AT) == UNKNOWN
    assert asked.known("removed since", "claude-sonnet-4-5", USAGE, at=AT) == UNKNOWN


def test_a_client_that_invents_names_fills_no_memory() -> None:
    asked = pricer()
    for number in range(600):
        asked.charge("main", f"invented-{number}", USAGE, at=AT)
    assert len(asked._models) <= 500


def test_a_list_that_cannot_be_understood_costs_no_request(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "prices.json"
    origin, head, _ = price_list().read_bytes().split(b"\n", 2)
    model = b'{"id":"m","match":{"equals":"m"},"prices":[]}'
    seller = b'"%b":{"id":"%b","api_pattern":"(","models":[%b]}'
    sellers = (b"anthropic", b"anthropic", model), (b"openai", b"openai", b"7")
    file.write_bytes(b"\n".join([origin, head, b"{%b}" % b",".join(seller % s for s in sellers)]))
    asked = pricer(file=file)
    assert asked.charge("main", "m", USAGE, at=AT) == UNKNOWN
    assert asked.known("main", "m", USAGE, at=AT) == UNKNOWN
    assert asked.charge("relay", "m", USAGE, at=AT) == UNKNOWN
    assert asked.context("compatible", "m") is None
    assert "a price cannot be read" in log.text


def dollars(charge: Charge) -> Decimal:
    assert charge.usd is not None
    return charge.usd


def test_an_engine_on_this_machine_has_no_price_whatever_its_models_are_called() -> None:
    asked = pricer()
    assert asked.charge("here", "gpt-5", USAGE, at=AT) == UNKNOWN
    assert asked.context("here", "gpt-5") is None
    assert asked.charge("there", "gpt-5", USAGE, at=AT).usd is not None
    mine = pricer(Price("gpt-5", channel="here", input=1, output=1))
    assert mine.charge("here", "gpt-5", USAGE, at=AT).usd == 1


def test_what_the_upstream_says_of_its_cost_counts_where_it_bills_in_dollars() -> None:
    told = {"cost": "0.00123"}
    asked = pricer()
    for name in ("router", "by-address", "grok", "sonar"):
        charge = asked.charge(name, "anthropic/claude-sonnet-4.5", USAGE, at=AT, told=told)
        assert charge == Charge(Decimal("0.00123"), "upstream")
        assert asked.known(name, "anthropic/claude-sonnet-4.5", USAGE, at=AT, told=told) == charge
    listed = asked.charge("there", "claude-sonnet-4-5", USAGE, at=AT, told=told)
    assert (listed.usd, listed.price) != (Decimal("0.00123"), "upstream")
    mine = pricer(Price("*", input=1, output=1))
    assert mine.charge("router", "x", USAGE, at=AT, told=told).usd == 1


def test_what_only_the_upstream_can_know_of_an_answer_is_known_where_it_tells_its_cost() -> None:
    told = pricer().charge("grok", "grok-4", USAGE, at=AT, told={"cost": "0.0037756"})
    assert told.is_all(partial=True)
    listed = pricer().charge("grok", "grok-4", USAGE, at=AT)
    assert listed.is_all(partial=False)
    assert not listed.is_all(partial=True)
    flat = pricer(Price("*", request=0.04)).charge("grok", "grok-4", USAGE, at=AT)
    assert flat.is_all(partial=True)
    assert not UNKNOWN.is_all(partial=False)


@pytest.mark.parametrize("model", ["gpt-4o-search-preview", "gpt-5-search-api"])
def test_of_a_model_that_searches_for_a_fee_the_list_knows_a_lower_bound(model: str) -> None:
    charge = pricer().charge("gpt", model, USAGE, at=AT)
    assert charge.usd is not None
    assert not charge.whole
    mine = pricer(Price(model, input=2.5, output=10, request=0.025))
    assert mine.charge("gpt", model, USAGE, at=AT).whole


def test_inference_in_the_us_costs_a_tenth_more_by_the_list() -> None:
    def at(place: str | None, *prices: Price) -> Charge:
        told = {} if place is None else {"inference_geo": place}
        return pricer(*prices).charge("main", "claude-opus-4-6", USAGE, at=AT, told=told)

    plain = at(None)
    assert at("global") == at("not_available") == plain
    assert dollars(at("us")) == dollars(plain) * Decimal("1.1")
    assert (at("us").whole, at("moon").whole, at("moon").usd) == (True, False, plain.usd)
    assert at("us", Price("*", input=1, output=1)).usd == 1


def test_searches_that_ones_own_price_leaves_out_cost_what_the_list_says() -> None:
    searched = Usage(input=1_000_000, output=0, web_searches=2)

    def charge(channel: str, model: str, **amounts: float) -> Charge:
        return pricer(Price("*", **amounts)).charge(channel, model, searched, at=AT)

    listed = charge("main", "claude-sonnet-4-5", input=1, output=1)
    assert (listed.usd, listed.whole) == (Decimal("1.02"), True)
    unheard = charge("main", "unheard-of", input=1, output=1)
    assert (unheard.usd, unheard.whole) == (Decimal(1), False)
    told = charge("main", "claude-sonnet-4-5", input=1, output=1, web_search=0.5)
    assert told.usd == Decimal(2)
    # A price for the request alone is for all of it.
    assert charge("main", "claude-sonnet-4-5", request=0.04).usd == Decimal("0.04")


def test_a_price_of_ones_own_that_needs_the_list_is_not_known_at_once() -> None:
    searched = Usage(input=1_000_000, output=0, web_searches=2)
    asked = pricer(Price("*", input=1, output=1))
    assert asked.known("main", "claude-sonnet-4-5", searched, at=AT) is None
    charge = asked.charge("main", "claude-sonnet-4-5", searched, at=AT)
    assert asked.known("main", "claude-sonnet-4-5", searched, at=AT) == charge


def test_a_flat_price_is_known_without_tokens() -> None:
    flat = pricer(Price("*", request=0.04)).charge("main", "m", Usage(), at=AT)
    assert (flat.usd, flat.whole, flat.flat) == (Decimal("0.04"), True, True)
    assert pricer().charge("main", "claude-sonnet-4-5", Usage(), at=AT) == UNKNOWN


def test_what_is_free_costs_nothing_where_it_is_sold_so() -> None:
    free = pricer().charge("router", "deepseek/deepseek-r1:free", USAGE, at=AT)
    assert (free.usd, free.whole) == (0, True)


def test_an_address_that_is_none_is_nobodys() -> None:
    odd = Channel("odd", "openai-compatible", base_url="http://[1/v1")
    assert not is_unpriced(odd)
    assert not bills_in_dollars(odd)
