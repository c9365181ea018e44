"""Take the prices out of `genai-prices`; run as a process of its own (`python -m …extract`).

Importing the package takes 26 MB and most of half a second, for pydantic, an HTTP client and two
thousand models: more than a daemon that needs a handful of prices should carry. What it knows is
written as JSON to stdout, in the form of `table.Table`, with a first line about itself.
With `--update`, the prices are fetched from the package's own address first.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct, structs

from axonhub_cli.pricing.rates import Rates, Tiered
from axonhub_cli.pricing.table import Clause, Model, Priced, Seller


class Head(Struct, frozen=True):
    """The first line."""

    version: str
    """As it is kept with each request."""


def main(arguments: list[str]) -> int:
    """Write the list to stdout; returns the exit code."""
    import genai_prices
    from genai_prices.data_snapshot import get_snapshot

    version, snapshot = f"genai-prices {genai_prices.__version__}", get_snapshot()
    if "--update" in arguments:
        fetched = genai_prices.UpdatePrices().fetch()
        if fetched is not None:
            snapshot = fetched
            version += f" of {datetime.now(UTC):%Y-%m-%d}"
    sellers = {provider.id: _seller(provider) for provider in snapshot.providers}
    out = sys.stdout.buffer
    out.write(msgspec.json.encode(Head(version)) + b"\n" + msgspec.json.encode(sellers))
    out.flush()
    return 0


def _seller(provider: Any) -> Seller:
    return Seller(
        id=provider.id,
        api_pattern=provider.api_pattern,
        models=tuple(map(_model, provider.models)),
        model_match=None if provider.model_match is None else _clause(provider.model_match),
        fallbacks=tuple(provider.fallback_model_providers or ()),
    )


def _model(model: Any) -> Model:
    """What is not sold by the token (speech, pages) is in the list too, with no rates."""
    listed = model.prices if isinstance(model.prices, list) else [model]
    return Model(
        id=model.id,
        match=_clause(model.match),
        prices=tuple(_priced(entry, _FREE) for entry in listed),
        variants=tuple(map(_priced, model.price_variants or ())),
        context=model.context_window,
    )


_FREE = Rates(input_mtok=Decimal(0), output_mtok=Decimal(0))
"""What the package reckons with where a price has no rate at all: `…:free` at OpenRouter."""


def _priced(entry: Any, without: Rates = Rates()) -> Priced:
    condition: Any = getattr(entry, "constraint", None)
    start = getattr(condition, "start_time", None)
    return Priced(
        rates=_rates(entry.prices) if _has_any(entry.prices) else without,
        since=getattr(condition, "start_date", None),
        between=None if start is None else (_utc(start), _utc(condition.end_time)),
        when=dict(getattr(entry, "when", {})),
    )


def _utc(value: Any) -> Any:
    if value.tzinfo is None:
        return value
    return datetime.combine(datetime(1970, 1, 2), value).astimezone(UTC).time()


def _has_any(prices: Any) -> bool:
    """In whatever unit: what is sold by the hour or the page is not free."""
    return any(value is not None for name, value in vars(prices).items() if name[0] != "_")


def _rates(prices: Any) -> Rates:
    given = {name: getattr(prices, name, None) for name in structs.asdict(Rates())}
    return Rates(**{name: _rate(value) for name, value in given.items() if value is not None})


def _rate(value: Any) -> Any:
    tiers = getattr(value, "tiers", None)
    if tiers is None:
        return value
    return Tiered(value.base, tuple((tier.start, tier.price) for tier in tiers))


def _clause(clause: Any) -> Clause:
    """`ClauseStartsWith(starts_with=…)` as `{"starts_with": …}`."""
    ((name, value),) = vars(clause).items()
    if name in ("or_", "and_"):
        return {name.rstrip("_"): [_clause(part) for part in value]}
    return {name: value}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
