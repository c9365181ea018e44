"""Limits of use on the command line: one for each period, changed amount by amount."""

from __future__ import annotations

import pytest

from axonhub_cli.cli.quota_flags import QuotaFlags, as_plain, change_quotas, in_words
from axonhub_cli.config.schema import Quota
from axonhub_cli.errors import UsageError

DAY = Quota(requests=10)
MONTH = Quota(cost=5.0, per="month")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (QuotaFlags(), (DAY, MONTH)),
        (QuotaFlags(requests=3), (Quota(requests=3), MONTH)),
        (QuotaFlags(cost=1.5), (Quota(requests=10, cost=1.5), MONTH)),
        (QuotaFlags(tokens=7, per="Month"), (DAY, Quota(tokens=7, cost=5.0, per="month"))),
        (QuotaFlags(tokens=7, per="all"), (DAY, MONTH, Quota(tokens=7, per="all"))),
        (QuotaFlags(requests=9, sliding=True), (DAY, MONTH, Quota(requests=9, sliding=True))),
        (QuotaFlags(per="day", no_quota=True), (MONTH,)),
        (QuotaFlags(no_quota=True), ()),
    ],
)
def test_a_period_has_one_quota_and_others_stay(
    flags: QuotaFlags, expected: tuple[Quota, ...]
) -> None:
    assert change_quotas((DAY, MONTH), flags) == expected


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (QuotaFlags(per="day"), "a quota of what?"),
        (QuotaFlags(sliding=True), "a quota of what?"),
        (QuotaFlags(requests=1, per="dai"), "unknown period 'dai': did you mean 'day'?"),
        (QuotaFlags(requests=0), "--requests: 0 is no limit"),
        (QuotaFlags(cost=-1.0), "--cost: -1 is no limit"),
        (QuotaFlags(cost=float("nan")), "--cost: nan is no limit"),
        (QuotaFlags(tokens=1, per="all", sliding=True), "does not slide"),
        (QuotaFlags(tokens=1, no_quota=True), "--no-quota goes without"),
        (QuotaFlags(per="hour", no_quota=True), "there is no quota per hour"),
    ],
)
def test_a_wrong_quota_is_refused(flags: QuotaFlags, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        change_quotas((DAY, MONTH), flags)


@pytest.mark.parametrize(
    ("quota", "plain", "words"),
    [
        (DAY, {"requests": 10, "per": "day"}, "10 requests per day"),
        (
            Quota(1000, 2_000_000, 0.5, "all"),
            {"requests": 1000, "tokens": 2_000_000, "cost": 0.5, "per": "all"},
            "1,000 requests, 2,000,000 tokens, 0.5 USD for all time",
        ),
        (
            Quota(tokens=5, per="hour", sliding=True),
            {"tokens": 5, "per": "hour", "sliding": True},
            "5 tokens per hour (sliding)",
        ),
    ],
)
def test_a_quota_is_written_and_told(quota: Quota, plain: dict[str, object], words: str) -> None:
    assert as_plain(quota) == plain
    assert in_words(quota) == words
