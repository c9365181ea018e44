"""The options for limits of use that `profile limit` and `key limit` share."""

from __future__ import annotations

from typing import Annotated, Any, get_args

import typer
from msgspec import Struct, structs

from axonhub_cli.cli.lookup import words
from axonhub_cli.config.schema import Quota
from axonhub_cli.config.schema.routing import Period
from axonhub_cli.errors import UsageError

PERIODS: tuple[Period, ...] = get_args(Period)

Requests = Annotated[
    int | None, typer.Option("--requests", metavar="N", help="At most so many requests …")
]
Tokens = Annotated[
    int | None,
    typer.Option("--tokens", metavar="N", help="… tokens of input and output together …"),
]
Cost = Annotated[float | None, typer.Option("--cost", metavar="USD", help="… or US dollars …")]
Per = Annotated[
    str | None,
    typer.Option(
        "--per",
        metavar="PERIOD",
        help="… per minute, hour, day, month, or all (for all time). Default: day.",
        autocompletion=words(*PERIODS),
    ),
]
Sliding = Annotated[
    bool,
    typer.Option("--sliding", help="The last hour, day or 30 days, not the calendar's."),
]
NoQuota = Annotated[
    bool, typer.Option("--no-quota", help="Remove the quota of --per; without it, all quotas.")
]


class QuotaFlags(Struct, frozen=True):
    """What was given."""

    requests: int | None = None
    tokens: int | None = None
    cost: float | None = None
    per: str | None = None
    sliding: bool = False
    no_quota: bool = False

    @property
    def given(self) -> bool:
        return self != QuotaFlags()


def change_quotas(quotas: tuple[Quota, ...], flags: QuotaFlags) -> tuple[Quota, ...]:
    """The quotas after what was asked for: each period, calendar or sliding, has at most one.

    Raises `UsageError`.
    """
    per = _period(flags.per)
    amounts = (flags.requests, flags.tokens, flags.cost)
    if flags.no_quota:
        if amounts != (None, None, None):
            raise UsageError("--no-quota goes without --requests, --tokens and --cost")
        left = tuple(q for q in quotas if flags.per is not None and q.per != per)
        if left == quotas:
            raise UsageError(f"there is no quota per {per}" if quotas else "there is no quota")
        return left
    if amounts == (None, None, None):
        if flags.given:
            raise UsageError(
                "a quota of what?", hint="add --requests N, --tokens N or --cost USD to --per"
            )
        return quotas
    if flags.sliding and per == "all":
        raise UsageError("--sliding: a limit for all time does not slide")
    quota = _with_amounts(Quota(per=per, sliding=flags.sliding), flags)
    same = [(q.per, q.sliding) == (quota.per, quota.sliding) for q in quotas]
    if any(same):
        return tuple(
            _with_amounts(q, flags) if is_same else q
            for q, is_same in zip(quotas, same, strict=True)
        )
    return (*quotas, quota)


def as_plain(quota: Quota) -> dict[str, Any]:
    """A quota as it stands in the file."""
    plain = {name: getattr(quota, name) for name in ("requests", "tokens", "cost")}
    found: dict[str, Any] = {name: value for name, value in plain.items() if value is not None}
    found["per"] = quota.per
    return found | ({"sliding": True} if quota.sliding else {})


def in_words(quota: Quota) -> str:
    """`1,000 requests, 5 USD per day`."""
    amounts = [f"{quota.requests:,} requests" if quota.requests is not None else ""]
    amounts.append(f"{quota.tokens:,} tokens" if quota.tokens is not None else "")
    amounts.append(f"{quota.cost:g} USD" if quota.cost is not None else "")
    per = "for all time" if quota.per == "all" else f"per {quota.per}"
    return f"{', '.join(filter(None, amounts))} {per}{' (sliding)' if quota.sliding else ''}"


def _with_amounts(quota: Quota, flags: QuotaFlags) -> Quota:
    """The same with the amounts that were given; the others stay."""
    for name in ("requests", "tokens", "cost"):
        amount = getattr(flags, name)
        if amount is not None:
            if not 0 < amount < float("inf"):
                raise UsageError(
                    f"--{name}: {amount:g} is no limit",
                    hint="--no-quota removes a quota; `axonhub key disable` refuses everything",
                )
            quota = structs.replace(quota, **{name: amount})
    return quota


def _period(given: str | None) -> Period:
    for period in PERIODS:
        if period == (given or "day").strip().lower():
            return period
    from axonhub_cli.config.nearest import did_you_mean

    raise UsageError(f"--per: unknown period {given!r}{did_you_mean(str(given), PERIODS)}")
