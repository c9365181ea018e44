"""Channels that failed rest for a while; the clock is an argument."""

from __future__ import annotations

import pytest

from axonhub_cli.routing.rest import DEFAULT_REST_S, LONGEST_REST_S, RestList


@pytest.mark.parametrize(
    ("seconds", "until"),
    [
        (None, DEFAULT_REST_S),
        (30.0, 30.0),
        (0.0, 0.0),
        (-5.0, 0.0),
        (1e9, LONGEST_REST_S),
        (float("inf"), LONGEST_REST_S),
        (float("-inf"), 0.0),
        (float("nan"), DEFAULT_REST_S),
    ],
)
def test_a_rest_ends_when_the_upstream_says_within_reason(
    seconds: float | None, until: float
) -> None:
    resting = RestList()
    resting.rest("a", "m", now=1000.0, seconds=seconds)
    assert resting.resting("a", "m", now=1000.0 + max(until - 0.001, 0.0)) is (until > 0)
    assert not resting.resting("a", "m", now=1000.0 + until)


def test_a_rest_is_of_one_channel_and_model() -> None:
    resting = RestList()
    resting.rest("a", "m", now=0.0, seconds=None)
    assert resting.resting("a", "m", now=1.0)
    assert not resting.resting("a", "n", now=1.0)
    assert not resting.resting("b", "m", now=1.0)


def test_a_shorter_rest_never_replaces_a_longer_one() -> None:
    resting = RestList()
    resting.rest("a", "m", now=0.0, seconds=60.0)
    resting.rest("a", "m", now=1.0, seconds=None)
    assert resting.resting("a", "m", now=59.0)
    resting.rest("a", "m", now=59.0, seconds=60.0)
    assert resting.resting("a", "m", now=118.0)


def test_who_answers_is_awake() -> None:
    resting = RestList()
    resting.wake("a", "m")
    resting.rest("a", "m", now=0.0, seconds=60.0)
    resting.wake("a", "m")
    assert not resting.resting("a", "m", now=1.0)


@pytest.mark.parametrize("pace", [0.0, 1.0])
def test_what_clients_ask_for_does_not_fill_the_memory(pace: float) -> None:
    resting = RestList()
    for number in range(5000):
        resting.rest("a", f"model-{number}", now=number * pace, seconds=10.0)
    assert resting.resting("a", "model-4999", now=5000 * pace)
    assert len(resting) <= 1000


def test_a_channel_rests_as_long_as_the_last_of_its_models() -> None:
    resting = RestList()
    assert resting.left("a", now=0.0) == 0.0
    resting.rest("a", "m", now=0.0, seconds=60.0)
    resting.rest("a", "n", now=0.0, seconds=20.0)
    resting.rest("b", "m", now=0.0, seconds=90.0)
    assert resting.left("a", now=10.0) == 50.0
    assert resting.left("a", now=61.0) == 0.0
