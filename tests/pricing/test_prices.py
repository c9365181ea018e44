from decimal import Decimal
from pathlib import Path

import pytest

from axonhub_cli.config.schema import Channel, Config, Price
from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing.listing import Listing
from axonhub_cli.pricing.prices import UNKNOWN, Pricer
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
