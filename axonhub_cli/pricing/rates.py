"""What tokens cost: rates, and the sum for one answer. Pure, in decimals.

    input side   fresh · read from cache · written to cache for 5 minutes, an hour, or who knows
    output side  text · reasoning (a part of the output, priced alike unless said otherwise)
    either side  text · audio · images, where they are told apart

What has no rate of its own costs what the more general one does: an hour's cache write, else any
cache write, else input. But audio, and images that a model made, cost more than text: where no rate
tells how much, the sum is a lower bound. A tier's rate holds for all tokens of a request, not for
those above it.
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
    input_audio_mtok: Rate | None = None
    cache_audio_read_mtok: Rate | None = None
    input_image_mtok: Rate | None = None
    cache_image_read_mtok: Rate | None = None
    output_audio_mtok: Rate | None = None
    output_image_mtok: Rate | None = None
    requests_kcount: Rate | None = None
    web_searches_kcount: Rate | None = None

    @property
    def are_free(self) -> bool:
        """Whatever an answer's tokens, they cost nothing."""
        if self.input_mtok != 0 or self.output_mtok != 0:
            return False
        return all(not getattr(self, name) for name in _PER_TOKEN)


_PER_TOKEN = tuple(name for name in Rates.__struct_fields__ if name.endswith("_mtok"))


class Reckoned(Struct, frozen=True):
    """What one answer costs. `whole`: no part of it is unknown, or priced like something else."""

    usd: Decimal
    whole: bool = True
    flat: bool = False
    """It depends on no tokens."""


def reckon(usage: Usage, rates: Rates, times: Decimal = Decimal(1)) -> Reckoned | None:
    """US dollars, exactly; what its tokens cost is taken `times` that. None: there are tokens
    without a rate, or no tokens are known, and so nothing is."""
    flat = rates.are_free
    size = input_tokens(usage)
    fee = rates.requests_kcount
    asked = None if fee is None else _at(fee, size) / THOUSAND
    if usage.input is None and usage.output is None and not flat:
        return None if asked is None else Reckoned(asked, whole=False)
    tokens = _tokens(usage, rates, size)
    if tokens is None:
        return None
    usd, whole = tokens
    usd = usd * times + (asked or 0)
    if usage.web_searches and rates.web_searches_kcount is not None:
        usd += usage.web_searches * _at(rates.web_searches_kcount, size) / THOUSAND
    elif usage.web_searches:
        whole = False
    untold = usage.input is None or usage.output is None
    return Reckoned(usd, flat or (whole and not untold), flat)


def cost(usage: Usage, rates: Rates) -> Decimal | None:
    """What is known of it in US dollars; see `reckon`."""
    reckoned = reckon(usage, rates)
    return None if reckoned is None else reckoned.usd


def input_tokens(usage: Usage) -> int:
    """All of the input, cached or not."""
    return (usage.input or 0) + (usage.cache_read or 0) + _written(usage)


def picodollars(usd: Decimal) -> int:
    return round(usd * PICO)


class _Part(Struct, frozen=True):
    """Tokens of one kind, with the rates that may hold for them, the special ones first."""

    count: int
    rates: tuple[Rate | None, ...]
    own: bool = False
    """Its price is another than that of text: without a rate of its own it is not known."""


def _tokens(usage: Usage, rates: Rates, size: int) -> tuple[Decimal, bool] | None:
    total, whole = Decimal(0), True
    for part in (*_input(usage, rates), *_writes(usage, rates), *_output(usage, rates)):
        if part.count <= 0:
            continue
        rate = next((rate for rate in part.rates if rate is not None), None)
        if rate is None:
            return None
        whole = whole and not (part.own and part.rates[0] is None)
        total += part.count * _at(rate, size) / MILLION
    return total, whole


def _input(usage: Usage, rates: Rates) -> list[_Part]:
    """What was read, from a cache or not: text, audio, images."""
    fresh, read = usage.input or 0, usage.cache_read or 0
    plain, cached = rates.input_mtok, rates.cache_read_mtok
    if not usage.input_audio and not usage.input_image:
        return [_Part(fresh, (plain,)), _Part(read, (cached, plain))]
    heard_read = min(usage.cache_read_audio or 0, usage.input_audio or 0, read)
    heard = min((usage.input_audio or 0) - heard_read, fresh)
    seen = min(usage.input_image or 0, fresh - heard)
    seen_read = min((usage.input_image or 0) - seen, read - heard_read)
    return [
        _Part(fresh - heard - seen, (plain,)),
        _Part(heard, (rates.input_audio_mtok, plain), own=True),
        _Part(seen, (rates.input_image_mtok, plain)),
        _Part(read - heard_read - seen_read, (cached, plain)),
        _Part(
            heard_read,
            (rates.cache_audio_read_mtok, cached, rates.input_audio_mtok, plain),
            own=True,
        ),
        _Part(seen_read, (rates.cache_image_read_mtok, cached, rates.input_image_mtok, plain)),
    ]


def _writes(usage: Usage, rates: Rates) -> list[_Part]:
    fresh, write = rates.input_mtok, rates.cache_write_mtok
    five, hour = usage.cache_write_5m or 0, usage.cache_write_1h or 0
    return [
        _Part(five, (rates.cache_write_5m_mtok, write, fresh)),
        _Part(hour, (rates.cache_write_1h_mtok, write, fresh)),
        _Part(_written(usage) - five - hour, (write, fresh)),
    ]


def _output(usage: Usage, rates: Rates) -> list[_Part]:
    """What was written: reasoning, speech, images, and the rest, which is text."""
    rest, plain = usage.output or 0, rates.output_mtok
    parts = []
    for count, rate, own in (
        (usage.reasoning, rates.output_reasoning_mtok, False),
        (usage.output_audio, rates.output_audio_mtok, True),
        (usage.output_image, rates.output_image_mtok, True),
    ):
        some = min(count or 0, rest)
        rest -= some
        parts.append(_Part(some, (rate, plain), own))
    return [_Part(rest, (plain,)), *parts]


def _written(usage: Usage) -> int:
    apart = (usage.cache_write_5m or 0) + (usage.cache_write_1h or 0)
    return max(usage.cache_write or 0, apart)


def _at(rate: Rate, size: int) -> Decimal:
    if not isinstance(rate, Tiered):
        return rate
    held = [tier for start, tier in rate.tiers if size > start]
    return held[-1] if held else rate.base
