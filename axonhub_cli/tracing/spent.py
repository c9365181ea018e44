"""What a request used: tokens and money of those of its attempts that an upstream charges for.

An attempt counts when it is the last one, or when its answer was cut off after it had told its
tokens; an upstream's own error is not charged for. What is told counts, nothing is guessed: of a
stream that the client left, the input as its beginning told it, and the output told so far. Such
a sum is a lower bound, and so is one with tokens or prices that nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from axonhub_cli.ir.response import Usage, sum_counts
from axonhub_cli.pricing.prices import UNKNOWN, Charge
from axonhub_cli.protocols.base import Answer
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord


class Spent(Struct, frozen=True):
    """What one attempt used. `usd` None: its price is not known."""

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
) -> list[Spent | None]:
    """For each attempt what it used; None for those that cost nothing."""
    if record.operation != "generate":
        return [None] * len(answers)
    last = len(answers) - 1
    return [
        _spent(record, attempt, answer, charge, last=index == last)
        for index, (attempt, answer) in enumerate(zip(record.attempts, answers, strict=False))
    ]


def _spent(
    record: RequestRecord, attempt: AttemptRecord, answer: Answer, charge: Charging, *, last: bool
) -> Spent | None:
    usage = answer.usage
    told = usage.input is not None or usage.output is not None
    if not told and not (last and _was_served(attempt)):
        return None
    if not last and answer.error is not None:
        return None
    paid = UNKNOWN
    # Some prices need no tokens; but whoever has not begun to answer may not charge at all.
    if told or attempt.http_status is not None:
        paid = charge(
            attempt.channel, attempt.upstream_model, usage, at=record.at, told=answer.told
        )
    return Spent(
        attempt.channel,
        attempt.upstream_model,
        usage,
        paid.usd,
        paid.price,
        paid.is_all(partial=answer.partial) and (answer.complete or paid.flat),
    )


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
