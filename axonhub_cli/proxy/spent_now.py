"""What a request used, read at its end without waiting for the trace's writer, where that is cheap.

So that a quota near its end is settled before the client's next request. Not cheap is a large
answer, or one whose price has to be looked up: those the writer tells of, a moment later.
"""

from __future__ import annotations

from collections.abc import Mapping

from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing.prices import UNKNOWN, Charge, Pricer
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.base import Answer
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from axonhub_cli.tracing.spent import Spent, find_spent

_LARGEST = 64 * 1024


def spent_now(record: RequestRecord, pricer: Pricer) -> list[Spent] | None:
    """None: not to be had at once."""
    if sum(len(chunk) for attempt in record.attempts for chunk in attempt.answer) > _LARGEST:
        return None
    missing = False

    def charge(
        channel: str,
        model: str,
        usage: Usage,
        *,
        at: float,
        told: Mapping[str, str] | None = None,
    ) -> Charge:
        nonlocal missing
        found = pricer.known(channel, model, usage, at=at, told=told)
        missing = missing or found is None
        return found or UNKNOWN

    spent = find_spent(record, [_read(attempt) for attempt in record.attempts], charge)
    return None if missing else [one for each in spent for one in each]


def _read(attempt: AttemptRecord) -> Answer:
    answer = attempt.telling()
    return PROTOCOLS[attempt.upstream_protocol].read_totals(answer) if answer else Answer()
