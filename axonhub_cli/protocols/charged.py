"""What an upstream says of its own price: `usage.cost`, in its own currency.

OpenRouter tells it with every answer of either protocol, in credits, which are US dollars; for keys
of the user's own (`is_byok`) it is the fee alone, and what the provider takes stands beside it
(openrouter.ai/docs, "Usage Accounting", read 2026-11).
"""

from __future__ import annotations

from decimal import Decimal

from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.read import as_dict

_MOST = 1_000_000
"""More than any answer costs."""
COST = "cost"
"""Its name in `Answer.told`; whether it is to be believed, whoever knows the channel decides."""


def told_cost(usage: Json) -> dict[str, str]:
    """An entry for `Answer.told`, if the usage tells a cost."""
    if not isinstance(usage, dict):
        return {}
    cost = _amount(usage.get("cost"))
    if cost is None:
        return {}
    if usage.get("is_byok") is True:
        cost += _amount(as_dict(usage.get("cost_details")).get("upstream_inference_cost")) or 0
    return {COST: f"{cost:f}"}


def _amount(value: Json) -> Decimal | None:
    """What the digits say: 0.1 is meant as a tenth. Nothing below zero, and no nonsense."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    amount = Decimal(repr(value))
    return amount if amount.is_finite() and 0 <= amount <= _MOST else None
