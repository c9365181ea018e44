import io
import json
import sys
import warnings
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import genai_prices
import msgspec
import pytest
from genai_prices.data_snapshot import get_snapshot

from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing import extract
from axonhub_cli.pricing.rates import Rates, cost, input_tokens
from axonhub_cli.pricing.table import Table
from axonhub_cli.protocols import PROTOCOLS
from tests.support.price_list import price_list

GOLDEN = Path(__file__).parent.parent / "golden"
NOON = 1_795_521_600.0
USAGES = (
    Usage(input=1200, output=345),
    Usage(input=3, cache_read=90_000, cache_write=4_000, cache_write_1h=1_500, output=77),
    Usage(input=250_001, cache_read=11, output=9, reasoning=5),
)
SELLERS = ("anthropic", "openai", "deepseek", "moonshotai", "x-ai", "zai", "mistral", "openrouter")


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(price_list().read_bytes().split(b"\n", 2)[2])


def theirs(usage: Usage, model: str, seller: str) -> Decimal:
    """What the package itself reckons."""
    counts: dict[str, Any] = {
        "input_tokens": input_tokens(usage),
        "cache_read_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write,
        "cache_write_5m_tokens": usage.cache_write_5m,
        "cache_write_1h_tokens": usage.cache_write_1h,
        "output_tokens": usage.output,
        "output_reasoning_tokens": usage.reasoning,
    }
    given = genai_prices.Usage(**{name: count for name, count in counts.items() if count})
    at = datetime.fromtimestamp(NOON, UTC)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        priced = genai_prices.calc_price(
            given, model, provider_id=seller, genai_request_timestamp=at
        )
    return priced.total_price


@pytest.mark.parametrize("seller", SELLERS)
def test_every_model_costs_what_the_package_says(table: Table, seller: str) -> None:
    (listed,) = [provider for provider in get_snapshot().providers if provider.id == seller]
    compared, some = 0, listed.models[:: 1 + len(listed.models) // 60]
    for model in some:
        found = table.find(model=model.id, provider=seller)
        if found is None:
            continue
        for usage in USAGES:
            ours = cost(usage, found.rates(NOON, {}))
            if ours is not None:
                assert ours == theirs(usage, model.id, seller), model.id
                compared += 1
    assert compared > len(some)


RECORDED = [
    (protocol, case)
    for protocol, pattern in (("anthropic", "answer_*"), ("openai_chat", "answer_*"))
    for case in sorted((GOLDEN / protocol).glob(pattern))
    if (case / "answer.json").exists()
]


@pytest.mark.parametrize(
    ("protocol", "case"), RECORDED, ids=lambda value: getattr(value, "name", value)
)
def test_recorded_answers_cost_what_the_package_says(
    table: Table, protocol: str, case: Path
) -> None:
    raw = (case / "answer.json").read_bytes()
    usage = PROTOCOLS[protocol].read_totals(raw).usage
    if usage.input is None or usage.output is None:
        assert cost(usage, Rates(input_mtok=Decimal(1), output_mtok=Decimal(1))) in (None, 0)
        return
    seller, model = {
        "anthropic": ("anthropic", "claude-sonnet-4-5"),
        "openai_chat": ("openai", "gpt-5"),
    }[protocol]
    found = table.find(model=model, provider=seller)
    assert found is not None
    ours = cost(usage, found.rates(NOON, {}))
    if "usage_of_" in case.name:  # a dialect, which the package does not read
        assert ours == theirs(usage, model, seller)
        return
    try:
        flavor = "chat" if protocol == "openai_chat" else "default"
        told = genai_prices.extract_usage(
            json.loads(raw) | {"model": model}, provider_id=seller, api_flavor=flavor
        )
        expected = told.calc_price(genai_request_timestamp=datetime.fromtimestamp(NOON, UTC))
    except ValueError:  # what it does not find where it looks, it refuses
        assert ours == theirs(usage, model, seller)
    else:
        assert ours == expected.total_price


def test_the_first_line_names_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, write_through=True))
    assert extract.main([]) == 0
    head, _, rest = written.getvalue().partition(b"\n")
    version = f"genai-prices {genai_prices.__version__}"
    assert msgspec.json.decode(head, type=extract.Head).version == version
    assert Table(rest).find(model="claude-sonnet-4-5", provider="anthropic") is not None
