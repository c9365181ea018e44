import pytest

from axonhub_cli.cli.money import cost, money, share, spent


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (0, "$0"),
        (12.3, "$12.30"),
        (1234.5, "$1,234.50"),
        (0.0042, "$0.0042"),
        (0.5, "$0.5000"),
        (0.0000123, "$0.000012"),
    ],
)
def test_dollars_have_as_many_places_as_it_takes(usd: float, shown: str) -> None:
    assert money(usd) == shown


def test_what_is_not_known_is_not_shown_as_nothing() -> None:
    assert cost(None, unpriced=3) == "unknown"
    assert cost(1.5, unpriced=1) == "≥ $1.50"
    assert cost(0, unpriced=0) == "$0"


def test_what_no_provider_charges_for_has_no_cost() -> None:
    assert spent(None, 0) == ""
    assert spent(None, 1) == "unknown"
    assert spent(0.25, 1) == "≥ $0.2500"


def test_a_share_is_a_percentage() -> None:
    assert (share(0.934), share(None)) == ("93 %", "–")
