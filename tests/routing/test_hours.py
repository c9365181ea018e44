"""Times of the week: days, ranges, and nights that belong to the day on which they begin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.errors import ConfigError
from axonhub_cli.routing.hours import DAY, DAYS, WEEK, holds


def at(day: str, time: str) -> int:
    hour, minute = time.split(":")
    return DAYS.index(day) * DAY + int(hour) * 60 + int(minute)


@pytest.mark.parametrize(
    ("text", "day", "time", "expected"),
    [
        ("22:00-06:00", "mon", "22:00", True),
        ("22:00-06:00", "mon", "05:59", True),
        ("22:00-06:00", "mon", "06:00", False),
        ("22:00-06:00", "wed", "21:59", False),
        ("09:00-17:00", "sun", "12:00", True),
        ("9:00-17:00", "sun", "09:00", True),
        ("mon-fri 09:00-17:00", "fri", "16:59", True),
        ("mon-fri 09:00-17:00", "sat", "12:00", False),
        ("Mon-Fri  09:00 - 17:00", "tue", "12:00", True),
        ("fri 22:00-06:00", "sat", "05:00", True),
        ("fri 22:00-06:00", "fri", "05:00", False),
        ("sun 22:00-06:00", "mon", "05:00", True),
        ("sun 22:00-06:00", "sun", "05:00", False),
        ("fri-mon 00:00-24:00", "sun", "00:00", True),
        ("fri-mon 00:00-24:00", "thu", "23:59", False),
        ("sat,sun", "sun", "23:59", True),
        ("sat,sun", "mon", "00:00", False),
        ("mon,wed-thu 08:00-09:00", "thu", "08:30", True),
        ("09:00-12:00,13:00-17:00", "mon", "12:30", False),
        ("09:00-12:00,13:00-17:00", "mon", "13:00", True),
    ],
)
def test_a_minute_is_inside_or_outside(text: str, day: str, time: str, expected: bool) -> None:
    assert holds(text, at(day, time)) is expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "9-17", "25:00-06:00", "09:60-10:00", "09:00", "09:00-09:00", "24:00-24:00"]
    + ["mo-fri 09:00-17:00", "mon-fr", "mon- 09:00-10:00", "09:00-24:01", "daily", "09:00-10:00,"],
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        holds(text, 0)
    assert caught.value.hint


@given(st.integers(0, DAY - 1), st.integers(0, DAY - 1), st.integers(0, WEEK - 1))
def test_a_range_and_its_complement_share_the_day(start: int, end: int, minute: int) -> None:
    def text(begin: int, close: int) -> str:
        return f"{begin // 60:02}:{begin % 60:02}-{close // 60:02}:{close % 60:02}"

    if start != end:
        assert holds(text(start, end), minute) is not holds(text(end, start), minute)
