"""What tokens cost: rates, and the sum for one answer. Pure, in decimals.

    input side   fresh · read from cache · written to cache for 5 minutes, an hour, or who knows
    output side  text · reasoning (a part of the output, priced alike unless said otherwise)

What has no rate of its own costs what the more general one does: an hour's cache write, else any
cache write, else input. A tier's rate holds for all tokens of a request, not for those above it.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from axonhub_cli.ir.response import Usage

MILLION = 1_000_000
THOUSAND = 1_000
PICO = 10**12
"""Sums are kept as whole picodollars, so that a million of them add up without a rounding error."""


class Tiered(Struct, frozen=True):
    """A rate that depends on how many tokens the request's input has."""

    base: Decimal
    tiers: tuple[tuple[int, Decimal], ...]
    """In ascending order: with more input tokens than this, that rate."""


Rate = Decimal | Tiered


class Rates(Struct, frozen=True, omit_defaults=True):
    """US dollars per million tokens, per thousand requests and web searches; None: not priced."""

    input_mtok: Rate | None = None
    output_mtok: Rate | None = None
    cache_read_mtok: Rate | None = None
    cache_write_mtok: Rate | None = None
    cache_write_5m_mtok: Rate | None = None
    cache_write_1h_mtok: Rate | None = None
    output_reasoning_mtok: Rate | None = None
    requests_kcount: Rate | None = None
    web_searches_kcount: Rate | None = None


def cost(usage: Usage, rates: Rates) -> Decimal | None:
    """US dollars, exactly. None: there are tokens without a rate, or no tokens are known at all."""
    if usage.input is None and usage.output is None:
        return None
    total = Decimal(0)
    size = input_tokens(usage)
    for count, *from_special_to_general in _parts(usage, rates):
        if not count:
            continue
        rate = next((rate for rate in from_special_to_general if rate is not None), None)
        if rate is None:
            return None
        total += count * _at(rate, size) / MILLION
    if rates.requests_kcount is not None:
        total += _at(rates.requests_kcount, size) / THOUSAND
    if usage.web_searches and rates.web_searches_kcount is not None:
        total += usage.web_searches * _at(rates.web_searches_kcount, size) / THOUSAND
    return total


def input_tokens(usage: Usage) -> int:
    """All of the input, cached or not."""
    return (usage.input or 0) + (usage.cache_read or 0) + _written(usage)


def picodollars(usd: Decimal) -> int:
    return round(usd * PICO)


def _parts(usage: Usage, rates: Rates) -> list[tuple[int, *tuple[Rate | None, ...]]]:
    """Tokens, each with the rates that may hold for them."""
    fresh, write = rates.input_mtok, rates.cache_write_mtok
    five, hour = usage.cache_write_5m or 0, usage.cache_write_1h or 0
    reasoning = min(usage.reasoning or 0, usage.output or 0)
    return [
        (usage.input or 0, fresh),
        (usage.cache_read or 0, rates.cache_read_mtok, fresh),
        (five, rates.cache_write_5m_mtok, write, fresh),
        (hour, rates.cache_write_1h_mtok, write, fresh),
        (_written(usage) - five - hour, write, fresh),
        ((usage.output or 0) - reasoning, rates.output_mtok),
        (reasoning, rates.output_reasoning_mtok, rates.output_mtok),
    ]


def _written(usage: Usage) -> int:
    apart = (usage.cache_write_5m or 0) + (usage.cache_write_1h or 0)
    return max(usage.cache_write or 0, apart)


def _at(rate: Rate, size: int) -> Decimal:
    if not isinstance(rate, Tiered):
        return rate
    held = [tier for start, tier in rate.tiers if size > start]
    return held[-1] if held else rate.base
