"""What a request used: tokens and money of those of its attempts that an upstream charges for.

An attempt counts when it is the last one, or when its answer was cut off after it had told its
tokens; an upstream's own error is not charged for. What is told counts, nothing is guessed: of a
stream that the client left, the input as its beginning told it, and the output told so far. Such
a sum is a lower bound, and so is one with tokens or prices that nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from axonhub_cli.ir.response import Run, Usage, sum_counts
from axonhub_cli.pricing.prices import UNKNOWN, UPSTREAM, Charge
from axonhub_cli.protocols.base import Answer
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord


class Spent(Struct, frozen=True):
    """What one attempt used of one model. `usd` None: its price is not known."""

    channel: str
    model: str
    usage: Usage
    usd: Decimal | None
    price: str | None
    whole: bool
    """Both tokens and price are known in full; else they are lower bounds."""


class Charging(Protocol):
    """`pricing.prices.Pricer.charge`."""

    def __call__(
        self,
        channel: str,
        model: str,
        usage: Usage,
        *,
        at: float,
        told: Mapping[str, str] | None = None,
    ) -> Charge: ...


def charge_nothing(
    channel: str,
    model: str,
    usage: Usage,
    *,
    at: float,
    told: Mapping[str, str] | None = None,
) -> Charge:
    """No price is known."""
    return UNKNOWN


def find_spent(
    record: RequestRecord, answers: Sequence[Answer], charge: Charging
) -> list[tuple[Spent, ...]]:
    """For each attempt what it used, by model; empty for those that cost nothing."""
    if record.operation != "generate":
        return [()] * len(answers)
    last = len(answers) - 1
    return [
        _spent(record, attempt, answer, charge, last=index == last)
        for index, (attempt, answer) in enumerate(zip(record.attempts, answers, strict=False))
    ]


def _spent(
    record: RequestRecord, attempt: AttemptRecord, answer: Answer, charge: Charging, *, last: bool
) -> tuple[Spent, ...]:
    told = answer.usage.input is not None or answer.usage.output is not None
    if not told and not (last and _was_served(attempt)):
        return ()
    if not last and answer.error is not None:
        return ()

    def pay(model: str | None, usage: Usage) -> Charge:
        # Some prices need no tokens; but whoever has not begun to answer may not charge at all.
        if not told and attempt.http_status is None:
            return UNKNOWN
        asked = model or attempt.upstream_model
        return charge(attempt.channel, asked, usage, at=record.at, told=answer.told)

    return tuple(
        Spent(
            attempt.channel,
            run.model or attempt.upstream_model,
            run.usage,
            paid.usd,
            paid.price,
            paid.is_all(partial=answer.partial) and (answer.complete or paid.flat),
        )
        for run, paid in charge_runs(answer, pay)
    )


def charge_runs(
    answer: Answer, pay: Callable[[str | None, Usage], Charge]
) -> list[tuple[Run, Charge]]:
    """What each model used, and its charge; `pay` is asked by model, None: the one asked for."""
    first, *others = answer.charged
    paid = pay(first.model, first.usage)
    if others and (paid.flat or paid.price == UPSTREAM):
        return [(Run(first.model, sum_counts([run.usage for run in answer.charged])), paid)]
    return [(first, paid), *((run, pay(run.model, run.usage)) for run in others)]


def _was_served(attempt: AttemptRecord) -> bool:
    """The upstream worked on it, though it did not tell its tokens."""
    if attempt.status == "canceled":
        return True
    return attempt.status == "completed" and (attempt.http_status or 200) < 400


def sum_usage(spent: Sequence[Spent]) -> Usage:
    """All tokens; None where nobody said."""
    return sum_counts([one.usage for one in spent])


def sum_usd(spent: Sequence[Spent]) -> Decimal | None:
    """What is known of the cost; None where nothing is."""
    known = [one.usd for one in spent if one.usd is not None]
    return sum(known, Decimal(0)) if known else None
