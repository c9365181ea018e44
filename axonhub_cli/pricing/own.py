"""`[[prices]]` of the configuration: which of them holds for a request, as rates. Pure.

the first entry, in the file's order, whose channel and model fit, leads a group: all entries
with the same channel and model; of them the one with the highest `over_tokens` that the
request's input passes holds. Does none, the search goes on behind it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from fnmatch import fnmatchcase

import msgspec

from axonhub_cli.config.schema import Price
from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing.rates import MILLION, THOUSAND, Rates, input_tokens


def find_own(prices: Sequence[Price], channel: str, model: str, usage: Usage) -> Price | None:
    """The price that holds for this answer, if there is one."""
    size = input_tokens(usage)
    for leader in prices:
        if leader.channel not in (None, channel) or not _names(leader.model, model):
            continue
        group = [p for p in prices if (p.channel, p.model) == (leader.channel, leader.model)]
        held = [p for p in group if p.over_tokens is None or size > p.over_tokens]
        if held:
            return max(held, key=lambda price: price.over_tokens or 0)
    return None


def _names(pattern: str, model: str) -> bool:
    """A name may hold what a pattern takes for signs: `claude-haiku-4-5[1m]` names itself."""
    return pattern == model or fnmatchcase(model, pattern)


def rates_of(price: Price) -> Rates:
    """The same in the list's form. A price for each request alone makes its tokens free.

    One price for all input and one for all output: audio and images are meant too."""
    free = Decimal(0) if price.input is None and price.output is None else None
    given, made = _exact(price.input, free), _exact(price.output, free)
    return Rates(
        input_mtok=given,
        output_mtok=made,
        input_audio_mtok=given,
        cache_audio_read_mtok=_exact(price.cache_read, given),
        output_audio_mtok=made,
        output_image_mtok=made,
        cache_read_mtok=_exact(price.cache_read),
        cache_write_mtok=_exact(price.cache_write_5m),
        cache_write_1h_mtok=_exact(price.cache_write_1h),
        requests_kcount=None if price.request is None else _decimal(price.request) * THOUSAND,
        web_searches_kcount=(
            None if price.web_search is None else _decimal(price.web_search) * THOUSAND
        ),
    )


def version_of(price: Price) -> str:
    """What is kept with a request: changes whenever the entry does."""
    return f"own:{hashlib.sha256(msgspec.json.encode(price)).hexdigest()[:12]}"


def faults_of(price: Price) -> list[tuple[str, str]]:
    """What is wrong with an entry: the name of a value, and a sentence."""
    faults = []
    amounts = {name: getattr(price, name) for name in _AMOUNTS}
    for name, amount in amounts.items():
        if amount is not None and not 0 <= amount <= MILLION:
            faults.append((name, f"{amount} is no price in US dollars"))
    if price.request is None and price.input is None:
        faults.append(("input", "a price has `input` and `output`, or `request`, or all three"))
    if (price.input is None) != (price.output is None):
        missing = "output" if price.output is None else "input"
        faults.append((missing, f"the other side has a price: {missing} = 0 where it is free"))
    if price.over_tokens is not None and price.over_tokens < 1:
        faults.append(("over_tokens", f"{price.over_tokens} is not a number of tokens"))
    if not price.model.strip():
        faults.append(("model", "a model's name is empty; `*` is any"))
    return faults


_AMOUNTS = (
    *("request", "input", "output", "cache_read", "cache_write_5m", "cache_write_1h"),
    "web_search",
)


def _exact(amount: float | None, otherwise: Decimal | None = None) -> Decimal | None:
    return otherwise if amount is None else _decimal(amount)


def _decimal(amount: float) -> Decimal:
    """What the file says: 0.1 is meant as a tenth."""
    return Decimal(repr(amount))
