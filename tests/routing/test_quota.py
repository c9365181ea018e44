from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from axonhub_cli.config.schema import Quota
from axonhub_cli.routing.quota import PICO, Amounts, Meter, window_end, window_start

BERLIN = ZoneInfo("Europe/Berlin")
KOLKATA = ZoneInfo("Asia/Kolkata")
ONE = Amounts(requests=1, tokens=10, pico=PICO // 2)


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@pytest.mark.parametrize(
    ("per", "start", "end"),
    [
        ("minute", "2026-11-24T15:07", "2026-11-24T15:08"),
        ("hour", "2026-11-24T15:00", "2026-11-24T16:00"),
        ("day", "2026-11-24", "2026-11-25"),
        ("month", "2026-11-01", "2026-12-01"),
    ],
)
@pytest.mark.parametrize("zone", [BERLIN, KOLKATA])
def test_the_calendars_windows_are_those_of_local_time(
    per: Any, start: str, end: str, zone: ZoneInfo
) -> None:
    now, quota = at("2026-11-24T15:07:30", zone), Quota(requests=1, per=per)
    assert window_start(quota, now, zone) == at(start, zone)
    assert window_end(quota, now, zone) == at(end, zone)


def test_days_around_the_change_of_the_clocks_are_23_and_25_hours_long() -> None:
    quota = Quota(requests=1, per="day")
    for noon, hours in (("2026-03-29T12:00", 23), ("2026-10-25T12:00", 25)):
        end = window_end(quota, at(noon), BERLIN)
        assert end is not None
        assert end - window_start(quota, at(noon), BERLIN) == hours * 3600


def test_december_is_followed_by_january() -> None:
    quota = Quota(requests=1, per="month")
    assert window_end(quota, at("2026-12-31T23:59"), BERLIN) == at("2027-01-01")


def test_for_all_time_begins_at_the_beginning_and_never_ends() -> None:
    meter = Meter(Quota(requests=2, per="all"), BERLIN)
    meter.add(at("2020-01-01"), ONE)
    meter.add(at("2026-01-01"), ONE)
    refused = meter.refusal(at("2036-01-01"))
    assert refused is not None
    assert (refused.used, refused.resets_at) == (2, None)


def test_a_new_day_begins_with_nothing_used() -> None:
    meter = Meter(Quota(requests=1, per="day"), BERLIN)
    meter.add(at("2026-11-24T23:59"), ONE)
    refused = meter.refusal(at("2026-11-24T23:59:59"))
    assert refused is not None
    assert refused.resets_at == at("2026-11-25")
    assert meter.refusal(at("2026-11-25")) is None
    assert meter.used(at("2026-11-25")) == Amounts()


def test_a_use_of_yesterday_that_is_told_today_is_left_out() -> None:
    meter = Meter(Quota(requests=1, per="day"), BERLIN)
    meter.add(at("2026-11-25T00:00:02"), ONE)
    meter.add(at("2026-11-24T23:59:59"), ONE)
    assert meter.used(at("2026-11-25T00:00:03")) == ONE


def test_a_use_can_be_taken_back() -> None:
    back = Amounts(requests=-1)
    for quota in (
        Quota(requests=1, per="day"),
        Quota(requests=1, per="all"),
        Quota(requests=1, per="minute", sliding=True),
    ):
        meter = Meter(quota, BERLIN)
        now = at("2026-11-24T12:00")
        meter.add(now, Amounts(requests=1))
        meter.add(now + 5, Amounts(requests=1))
        meter.add(now, back)
        assert meter.used(now + 6).requests == 1
        meter.add(now + 5, back)
        assert meter.used(now + 6).requests == 0
        assert meter.used(now + 70) == Amounts()


def test_what_is_forgotten_already_cannot_be_taken_back() -> None:
    meter = Meter(Quota(requests=1, per="minute", sliding=True), BERLIN)
    now = at("2026-11-24T12:00")
    meter.add(now, Amounts(requests=1))
    assert meter.used(now + 70) == Amounts()
    meter.add(now, Amounts(requests=-1))
    assert meter.used(now + 70) == Amounts()


def test_a_sliding_window_forgets_slice_by_slice() -> None:
    meter = Meter(Quota(requests=2, per="minute", sliding=True), BERLIN)
    start = at("2026-11-24T15:00")
    for seconds in (0, 30, 59):
        meter.add(start + seconds, ONE)
    refused = meter.refusal(start + 59)
    assert refused is not None
    assert (refused.used, refused.resets_at) == (3, start + 30 + 1 + 60)
    assert meter.used(start + 60.5).requests == 3
    assert meter.used(start + 61).requests == 2
    assert meter.refusal(start + 90) is not None
    assert meter.refusal(start + 91) is None
    assert meter.used(start + 500) == Amounts()


@pytest.mark.parametrize(
    ("per", "length", "slice"),
    [("hour", 3600, 60), ("day", 86_400, 900), ("month", 30 * 86_400, 6 * 3600)],
)
def test_sliding_windows_are_as_long_as_they_say(per: Any, length: int, slice: int) -> None:
    meter = Meter(Quota(tokens=1, per=per, sliding=True), BERLIN)
    start = 1_795_500_000.0 - 1_795_500_000 % (6 * 3600)
    meter.add(start, ONE)
    assert meter.used(start + length - 1) == ONE
    assert meter.used(start + length + slice) == Amounts()


def test_what_is_under_way_is_held_back() -> None:
    meter = Meter(Quota(requests=2, per="day"), BERLIN)
    now = at("2026-11-24")
    meter.add(now, ONE)
    assert meter.refusal(now) is None
    meter.held = meter.held.plus(Amounts(requests=1))
    refused = meter.refusal(now)
    assert refused is not None
    assert (refused.kind, refused.used, refused.left) == ("requests", 1, 1)


@pytest.mark.parametrize(
    ("quota", "kind", "used"),
    [
        (Quota(requests=1), "requests", 1),
        (Quota(tokens=10), "tokens", 10),
        (Quota(cost=0.5), "cost", 0.5),
        (Quota(requests=5, tokens=50, cost=0.25), "cost", 0.5),
    ],
)
def test_each_amount_is_a_limit_of_its_own(quota: Quota, kind: str, used: float) -> None:
    meter = Meter(quota, BERLIN)
    now = at("2026-11-24")
    assert meter.refusal(now) is None
    meter.add(now, ONE)
    refused = meter.refusal(now)
    assert refused is not None
    assert (refused.kind, refused.used, refused.left) == (kind, used, 0)


def test_a_request_is_let_in_as_long_as_anything_is_left() -> None:
    meter = Meter(Quota(tokens=11), BERLIN)
    now = at("2026-11-24")
    meter.add(now, ONE)
    assert meter.refusal(now) is None


def test_history_is_counted_as_far_as_the_window_reaches() -> None:
    now = at("2026-11-24T12:00")
    moments = [now, at("2026-11-24"), at("2026-11-23T23:59")]
    uses = [(moment, 1, 10, 5) for moment in moments]
    for quota, requests in (
        (Quota(requests=9, per="day"), 2),
        (Quota(requests=9, per="month"), 3),
        (Quota(requests=9, per="hour"), 1),
        (Quota(requests=9, per="day", sliding=True), 3),
        (Quota(requests=9, per="all"), 3),
    ):
        meter = Meter(quota, BERLIN)
        meter.seed(uses, now)
        assert meter.used(now).requests == requests, quota


def test_what_is_left_is_shown_for_every_amount() -> None:
    meter = Meter(Quota(requests=5, cost=2, per="day", sliding=True), BERLIN)
    now = at("2026-11-24")
    meter.add(now, ONE)
    shown = [(one.kind, one.limit, one.used, one.left) for one in meter.limits(now)]
    assert shown == [("requests", 5, 1, 4), ("cost", 2, 0.5, 1.5)]
