"""What follows a failed attempt, as tables."""

from __future__ import annotations

import pytest

from axonhub_cli.errors import (
    UpstreamError,
    UpstreamGarbled,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from axonhub_cli.routing.retry import decide, fails_over, most_telling, rests

TIMEOUT = UpstreamTimeout("silent")
REFUSED = UpstreamUnreachable("refused")
DROPPED = UpstreamUnreachable("dropped", dropped=True)
GARBLED = UpstreamGarbled("a web page")


def status(number: int) -> UpstreamStatus:
    return UpstreamStatus(number, [], b"{}", message=f"it answered {number}")


@pytest.mark.parametrize("number", [401, 402, 403, 404, 408, 409, 429, 500, 502, 503, 504, 529])
def test_the_channels_own_trouble_moves_on(number: int) -> None:
    assert decide(status(number), repeated=False, last=False) == "next"
    assert decide(status(number), repeated=False, last=True) == "give_up"


@pytest.mark.parametrize("number", [400, 405, 413, 415, 422])
def test_a_request_at_fault_goes_back_at_once(number: int) -> None:
    assert decide(status(number), repeated=False, last=False) == "give_up"
    assert not rests(status(number))


@pytest.mark.parametrize("error", [TIMEOUT, REFUSED, GARBLED])
def test_no_answer_moves_on(error: UpstreamError) -> None:
    assert decide(error, repeated=False, last=False) == "next"
    assert decide(error, repeated=False, last=True) == "give_up"
    assert fails_over(error)
    assert rests(error)


@pytest.mark.parametrize("last", [True, False])
def test_only_a_dropped_connection_is_repeated_and_only_once(last: bool) -> None:
    assert decide(DROPPED, repeated=False, last=last) == "repeat"
    assert decide(DROPPED, repeated=True, last=last) == ("give_up" if last else "next")


@pytest.mark.parametrize(
    ("number", "expected"),
    [(401, True), (402, True), (403, True), (429, True), (500, True), (529, True)]
    + [(404, False), (408, False), (409, False)],
)
def test_who_is_spared_for_a_while(number: int, expected: bool) -> None:
    assert rests(status(number)) is expected


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([500], 500),
        ([418], 418),
        ([500, 500], 500),
        ([401, 429, 500], 429),
        ([429, 529, 404], 429),
        ([503, 401], 503),
        ([500, 529], 529),
        ([403, 404, 501], 403),
        ([404, 501], 404),
        ([500, 501], 501),
        ([500, 502], None),
    ],
)
def test_the_most_telling_answer_is_passed_on(numbers: list[int], told: int | None) -> None:
    answer = most_telling([status(number) for number in numbers])
    assert (answer.status if isinstance(answer, UpstreamStatus) else None) == told


def test_of_like_answers_the_last_one_counts() -> None:
    failures: list[UpstreamError] = [status(429), status(429)]
    assert most_telling(failures) is failures[1]
    mixed: list[UpstreamError] = [status(429), status(500), status(429)]
    assert most_telling(mixed) is mixed[2]


@pytest.mark.parametrize("number", [400, 413, 422])
def test_what_is_wrong_with_the_request_is_told_whatever_came_before(number: int) -> None:
    """Claude Code acts on the words of a 400 (`prompt is too long`): a 529 would hide them."""
    failures: list[UpstreamError] = [status(529), TIMEOUT, status(number)]
    assert most_telling(failures) is failures[2]


def test_an_answer_is_more_telling_than_silence() -> None:
    limited = status(429)
    assert most_telling([limited, TIMEOUT]) is limited
    assert most_telling([status(500), TIMEOUT]) is None
    assert most_telling([TIMEOUT, REFUSED]) is None
    assert most_telling([]) is None
