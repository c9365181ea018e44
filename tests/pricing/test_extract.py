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
from axonhub_cli.pricing.rates import Rates, Reckoned, cost, input_tokens, reckon
from axonhub_cli.pricing.table import Table
from axonhub_cli.protocols import PROTOCOLS
from tests.support.price_list import price_list

GOLDEN = Path(__file__).parent.parent / "golden"
NOON = 1_795_521_600.0
USAGES = (
    Usage(input=1200, output=345),
    Usage(input=3, cache_read=90_000, cache_write=4_000, cache_write_1h=1_500, output=77),
    Usage(input=250_001, cache_read=11, output=9, reasoning=5),
    Usage(input=1200, output=345, input_audio=1000, output_audio=300),
    Usage(input=1200, output=345, input_image=1000, output_image=300),
    Usage(input=1200, cache_read=500, output=345, input_audio=800, cache_read_audio=300),
)
SELLERS = (
    *("anthropic", "openai", "deepseek", "moonshotai", "x-ai", "zai", "mistral", "openrouter"),
    "google",
)


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
        "input_audio_tokens": usage.input_audio,
        "cache_audio_read_tokens": usage.cache_read_audio,
        "input_image_tokens": usage.input_image,
        "output_audio_tokens": usage.output_audio,
        "output_image_tokens": usage.output_image,
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


@pytest.mark.parametrize(
    ("seller", "model"),
    [
        ("openrouter", "deepseek/deepseek-r1:free"),
        ("openrouter", "openai/gpt-oss-20b:free"),
        ("google", "gemma-3-27b-it"),
    ],
)
def test_what_the_package_has_no_rate_for_is_free_there(
    table: Table, seller: str, model: str
) -> None:
    found = table.find(model=model, provider=seller)
    assert found is not None
    for usage in (*USAGES, Usage()):
        assert reckon(usage, found.rates(NOON, {})) == Reckoned(Decimal(0), flat=True)
    assert theirs(USAGES[0], model, seller) == 0


def test_what_is_sold_by_the_hour_or_the_page_is_not_free(table: Table) -> None:
    for seller, model in (("openai", "whisper-1"), ("mistral", "mistral-ocr-latest")):
        found = table.find(model=model, provider=seller)
        assert found is not None
        assert reckon(USAGES[0], found.rates(NOON, {})) is None


@pytest.mark.parametrize(
    ("model", "maker"),
    [
        ("anthropic/claude-sonnet-4-5", "anthropic"),
        ("anthropic/claude-sonnet-4.5", "anthropic"),
        ("openai/gpt-5-mini", "openai"),
        ("openrouter/openai/gpt-5-mini", "openai"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic"),
        ("anthropic.claude-opus-4-6-v1", "anthropic"),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic"),
        ("x-ai/grok-4", "x-ai"),
        ("claude-sonnet-4-5", "anthropic"),
    ],
)
def test_at_a_seller_that_nobody_knows_a_model_has_its_makers_price(
    table: Table, model: str, maker: str
) -> None:
    found = table.find(model=model)
    assert found is not None
    names = (one.id for p in get_snapshot().providers if p.id == maker for one in p.models)
    assert found.id in set(names)


@pytest.mark.parametrize(
    "model",
    ["deepseek-r1:7b", "gpt-oss:20b", "deepseek/deepseek-r1:free", "my-own", "me/my-own", "a/"],
)
def test_what_an_engine_at_home_calls_its_models_has_no_makers_price(
    table: Table, model: str
) -> None:
    assert table.find(model=model) is None


def test_what_its_maker_gives_away_has_no_known_price_elsewhere(table: Table) -> None:
    assert table.find(model="google/gemma-3-27b-it") is None


def test_the_first_line_names_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, write_through=True))
    assert extract.main([]) == 0
    head, _, rest = written.getvalue().partition(b"\n")
    version = f"genai-prices {genai_prices.__version__}"
    assert msgspec.json.decode(head, type=extract.Head).version == version
    assert Table(rest).find(model="claude-sonnet-4-5", provider="anthropic") is not None
