"""An upstream says how long to wait: in every form that is in use, and in none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.proxy.retry_after import (
    forbids_retry,
    read_retry_after,
    replace_retry_after,
)

NOW = 1_445_412_420.0
"""Wed, 21 Oct 2015 07:27:00 GMT"""
DATE = "Wed, 21 Oct 2015 07:28:00 GMT"


def read(**headers: str) -> float | None:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return read_retry_after(named, NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("-5", -5.0),
        ("1e999", float("inf")),
        (DATE, 60.0),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", 60.0),
        ("Wed Oct 21 07:28:00 2015", 60.0),
        ("Wed, 21 Oct 2015 09:28:00 +0200", 60.0),
        ("Wed, 21 Oct 2015 07:26:00 GMT", -60.0),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
    ],
)
def test_each_form_is_read(text: str, expected: float | None) -> None:
    assert read(retry_after=text) == expected


def test_milliseconds_come_first() -> None:
    assert read(retry_after_ms="1500", Retry_After="9") == 1.5
    assert read(retry_after_ms="x", retry_after="9") == 9.0


def test_nothing_is_said() -> None:
    assert read(content_type="application/json") is None


@given(st.binary())
def test_no_bytes_break_it(value: bytes) -> None:
    read_retry_after([(b"retry-after", value)], NOW)


def test_another_time_to_ask_again_takes_the_place_of_what_the_upstream_said() -> None:
    said = [(b"Retry-After", b"3600"), (b"retry-after-ms", b"3600000"), (b"x", b"1")]
    told = replace_retry_after([*said, (b"x-should-retry", b"false")], 12.0)
    assert told == [(b"x", b"1"), (b"retry-after", b"12"), (b"ah-upstream-retry-after", b"3600")]
    assert read_retry_after(told, 0.0) == 12.0


@pytest.mark.parametrize(("value", "forbidden"), [(b"false", True), (b"true", False)])
def test_an_upstream_may_say_that_asking_again_is_of_no_use(value: bytes, forbidden: bool) -> None:
    assert forbids_retry([(b"X-Should-Retry", value)]) is forbidden
    assert not forbids_retry([])
