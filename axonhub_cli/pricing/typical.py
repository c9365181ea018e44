"""What a typical request costs, by which channels are compared before anything is asked of them."""

from __future__ import annotations

from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing.prices import Charge, Pricer

TYPICAL = Usage(input=2_000, cache_read=30_000, cache_write=2_000, cache_write_5m=2_000, output=700)
"""A turn of a coding agent: most of its conversation is in the cache already."""


def typical_cost(pricer: Pricer, channel: str, model: str, *, at: float) -> float | None:
    """US dollars; None: not known. `at` in epoch seconds. Blocks."""
    return in_dollars(pricer.charge(channel, model, TYPICAL, at=at))


def in_dollars(charge: Charge) -> float | None:
    """Near enough to compare by."""
    return None if charge.usd is None else float(charge.usd)
