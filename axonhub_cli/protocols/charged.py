"""What an upstream says of its own price, in the usage of an answer, as US dollars.

    "cost": 0.00123                     OpenRouter, in either protocol: credits, which are dollars
    "cost_in_usd_ticks": 37756000       xAI: 10^-10 of a dollar each, searches included
    "cost": {"total_cost": 0.006, …}    Perplexity: tokens, searches and the request's own fee

For keys of the user's own (`is_byok`), OpenRouter's is the fee alone, and what the provider takes
stands beside it (openrouter.ai/docs, "Usage Accounting"; docs.x.ai, "Cost Tracking";
docs.perplexity.ai, "Chat Completions"; all read 2026-11).
"""

from __future__ import annotations

from decimal import Decimal

from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.read import as_dict

_MOST = 1_000_000
"""More than any answer costs."""
_TICK = Decimal("1e-10")
_TICKS = "cost_in_usd_ticks"
COST = "cost"
"""Its name in `Answer.told`; whether it is to be believed, whoever knows the channel decides."""
TELLING = (COST, _TICKS)
"""Where in a usage it stands."""


def told_cost(usage: Json) -> dict[str, str]:
    """An entry for `Answer.told`, if the usage tells a cost."""
    if not isinstance(usage, dict):
        return {}
    cost = _ticks(usage.get(_TICKS))
    if cost is None:
        listed = usage.get(COST)
        cost = _amount(listed.get("total_cost") if isinstance(listed, dict) else listed)
    if cost is None:
        return {}
    if usage.get("is_byok") is True:
        cost += _amount(as_dict(usage.get("cost_details")).get("upstream_inference_cost")) or 0
    return {COST: f"{cost:f}"}


def _ticks(value: Json) -> Decimal | None:
    ticks = _amount(value, most=_MOST / _TICK)
    return None if ticks is None else (ticks * _TICK).normalize()


def _amount(value: Json, most: Decimal = Decimal(_MOST)) -> Decimal | None:
    """What the digits say: 0.1 is meant as a tenth. Nothing below zero, and no nonsense."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    amount = Decimal(repr(value))
    return amount if amount.is_finite() and 0 <= amount <= most else None
