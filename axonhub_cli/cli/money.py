"""How costs and cache hits are shown to people: unknown is never shown as nothing."""

from __future__ import annotations

from decimal import Decimal

from axonhub_cli.cli.figures import NOTHING

UNKNOWN = "unknown"


def money(usd: float) -> str:
    """US dollars with as many places as it takes to see something: `$12.30`, `$0.0042`, `$0`."""
    if usd == 0:
        return "$0"
    if usd < 0.0001:
        # Two figures, without an exponent.
        return f"${Decimal(f'{usd:.2g}'):f}"
    return f"${usd:,.2f}" if usd >= 1 else f"${usd:.4f}"


def cost(usd: float | None, *, unpriced: int = 0) -> str:
    """`$1.20`, `≥ $1.20` where some of it is not known, `unknown` where all of it is."""
    if usd is None:
        return UNKNOWN
    return f"≥ {money(usd)}" if unpriced else money(usd)


def spent(usd: float | None, unpriced: int) -> str:
    """Of one request or attempt: empty for what no provider charges for, such as a failed one."""
    return "" if usd is None and not unpriced else cost(usd, unpriced=unpriced)


def share(part: float | None) -> str:
    """0 to 1 as `93 %`."""
    return NOTHING if part is None else f"{part * 100:.0f} %"
