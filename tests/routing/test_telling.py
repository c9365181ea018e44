"""Which of several failures the client is told of, as tables."""

from __future__ import annotations

import pytest

from axonhub_cli.errors import (
    UpstreamError,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from axonhub_cli.routing.policy import classify
from axonhub_cli.routing.telling import Failure, earlier_recovery, most_telling

TIMEOUT = UpstreamTimeout("silent")
REFUSED = UpstreamUnreachable("refused")


def status(number: int, body: bytes = b"{}") -> UpstreamStatus:
    return UpstreamStatus(number, [], body, message=f"it answered {number}")


def failures(*errors: UpstreamError, names: str = "abcdef") -> list[Failure]:
    return [Failure(n, e, classify(e).kind) for n, e in zip(names, errors, strict=False)]


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
    answer = most_telling(failures(*[status(number) for number in numbers]))
    assert (None if answer is None else answer.status) == told


def test_of_like_answers_the_last_one_counts() -> None:
    alike = [status(429), status(429)]
    assert most_telling(failures(*alike)) is alike[1]
    mixed = [status(429), status(500), status(429)]
    assert most_telling(failures(*mixed)) is mixed[2]


@pytest.mark.parametrize("number", [400, 413, 422])
def test_what_is_wrong_with_the_request_is_told_whatever_came_before(number: int) -> None:
    """Claude Code acts on the words of a 400 (`prompt is too long`): a 529 would hide them."""
    told = status(number)
    assert most_telling(failures(status(529), TIMEOUT, told)) is told


def test_the_last_answer_of_the_only_channel_is_told_as_it_is() -> None:
    last = status(500)
    assert most_telling(failures(status(429), last, names="aa")) is last


def test_an_answer_is_more_telling_than_silence() -> None:
    limited = status(429)
    assert most_telling(failures(limited, TIMEOUT)) is limited
    assert most_telling(failures(status(500), TIMEOUT)) is None
    assert most_telling(failures(TIMEOUT, REFUSED)) is None
    assert most_telling([]) is None


@pytest.mark.parametrize(
    ("asked", "waits", "told"),
    [
        (3600.0, {"a": 3600.0, "b": 12.2}, 13.0),
        (3600.0, {"a": 3600.0, "b": 0.0}, 5.0),
        (61.0, {"a": 61.0, "b": 300.0}, None),
        (60.0, {"a": 60.0, "b": 15.0}, None),
        (3600.0, {"a": 900.0}, None),
        (None, {"a": 15.0, "b": 15.0}, None),
    ],
)
def test_an_earlier_recovery_of_another_channel_is_told(
    asked: float | None, waits: dict[str, float], told: float | None
) -> None:
    assert earlier_recovery(asked, waits) == told
