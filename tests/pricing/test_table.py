from datetime import date, time
from decimal import Decimal

import msgspec
import pytest

from axonhub_cli.pricing.rates import Rates
from axonhub_cli.pricing.table import Clause, Model, Priced, Seller, Table, matches


def rates(dollars: int) -> Rates:
    return Rates(input_mtok=Decimal(dollars))


def model(name: str, *prices: Priced, variants: tuple[Priced, ...] = ()) -> Model:
    return Model(name, {"equals": name}, prices or (Priced(rates(1)),), variants)


def table(*sellers: Seller) -> Table:
    return Table(msgspec.json.encode({seller.id: seller for seller in sellers}))


MAKER = Seller("maker", r"https://api\.maker\.com", (model("large"),), {"contains": "large"})
CLOUD = Seller("cloud", r"https://.*\.cloud\.com", (model("own"),), None, ("maker",))


@pytest.mark.parametrize(
    ("clause", "fits"),
    [
        ({"equals": "GPT-5"}, True),
        ({"starts_with": "gpt"}, True),
        ({"ends_with": "-5"}, True),
        ({"contains": "PT-"}, True),
        ({"regex": "^gpt-[0-9]$"}, True),
        ({"regex": "^5"}, False),
        ({"or": [{"equals": "x"}, {"equals": "gpt-5"}]}, True),
        ({"and": [{"starts_with": "gpt"}, {"ends_with": "x"}]}, False),
        ({"something_new": "gpt-5"}, False),
    ],
)
def test_clauses_match_names(clause: Clause, fits: bool) -> None:
    assert matches(clause, "gpt-5") is fits


def test_a_model_is_looked_for_where_the_url_leads() -> None:
    found = table(MAKER, CLOUD).find(model="OWN", provider="maker", url="https://eu.cloud.com/v1")
    assert found is not None
    assert found.id == "own"


def test_a_url_nobody_knows_leaves_the_provider() -> None:
    listed = table(MAKER, CLOUD)
    assert listed.find(model="large", provider="maker", url="http://localhost:1") is not None
    assert listed.find(model="small", provider="maker", url="http://localhost:1") is None
    assert listed.find(model="large", provider="nobody") is None


def test_without_a_provider_the_name_says_whose_model_it_is() -> None:
    assert table(CLOUD, MAKER).find(model="large") is not None
    assert table(CLOUD, MAKER).find(model="own") is None


def test_a_seller_of_other_makers_models_has_their_prices() -> None:
    found = table(CLOUD, MAKER).find(model="large", provider="cloud")
    assert found is not None
    assert found.id == "large"


def test_a_compact_date_is_read_as_a_date() -> None:
    listed = table(Seller("maker", "x", (model("m-2025-12-11"),)))
    assert listed.find(model="m-20251211", provider="maker") is not None


def test_the_last_price_whose_condition_holds_counts() -> None:
    changing = model(
        "m",
        Priced(rates(1)),
        Priced(rates(2), since=date(2026, 1, 1)),
        Priced(rates(3), since=date(2026, 6, 1)),
    )
    in_2025, in_march, in_july = 1_750_000_000.0, 1_772_400_000.0, 1_783_000_000.0
    got = [changing.rates(at, {}).input_mtok for at in (in_2025, in_march, in_july)]
    assert got == [1, 2, 3]


def test_prices_may_depend_on_the_time_of_day() -> None:
    cheap_nights = model(
        "m", Priced(rates(2)), Priced(rates(1), between=(time(16, 30), time(0, 30)))
    )
    midnight, noon = 1_795_478_400.0, 1_795_521_600.0
    assert cheap_nights.rates(midnight, {}).input_mtok == 1
    assert cheap_nights.rates(noon, {}).input_mtok == 2


def test_a_service_tier_replaces_the_rates_it_names() -> None:
    standard = Rates(input_mtok=Decimal("2"), output_mtok=Decimal("4"))
    flex = Priced(Rates(input_mtok=Decimal("1")), when={"service_tier": "flex"})
    tiered = model("m", Priced(standard), variants=(flex,))
    got = tiered.rates(0.0, {"service_tier": "flex"})
    assert (got.input_mtok, got.output_mtok) == (1, 4)
    assert tiered.rates(0.0, {"service_tier": "default"}) == standard
