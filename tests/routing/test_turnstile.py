"""How many at once and in a minute; what is estimated and set right; and why one must wait."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.routing.turnstile import Ceiling, Turnstile

NOW = 1000.0


def test_without_limits_everybody_enters() -> None:
    turnstile = Turnstile(Ceiling())
    for _ in range(100):
        assert turnstile.wait(10**9, NOW) == 0
        turnstile.enter(10**9, NOW)


def test_a_place_is_free_again_when_one_leaves_and_leaving_twice_is_once() -> None:
    turnstile = Turnstile(Ceiling(concurrency=2))
    first = turnstile.enter(0, NOW)
    turnstile.enter(0, NOW)
    assert turnstile.wait(0, NOW + 1000) == math.inf
    turnstile.leave(first, NOW)
    turnstile.leave(first, NOW)
    assert turnstile.inside == 1
    assert turnstile.wait(0, NOW) == 0


def test_requests_count_for_the_last_sixty_seconds() -> None:
    turnstile = Turnstile(Ceiling(rpm=2))
    turnstile.leave(turnstile.enter(0, NOW), NOW)
    turnstile.leave(turnstile.enter(0, NOW + 50), NOW + 50)
    assert turnstile.wait(0, NOW + 55) == 5.0
    assert turnstile.wait(0, NOW + 60) == 0
    turnstile.enter(0, NOW + 60)
    assert turnstile.wait(0, NOW + 60) == 50.0


def test_tokens_count_and_one_waits_until_enough_of_them_are_old() -> None:
    turnstile = Turnstile(Ceiling(tpm=100))
    turnstile.enter(40, NOW)
    turnstile.enter(40, NOW + 10)
    assert turnstile.wait(20, NOW + 10) == 0
    assert turnstile.wait(21, NOW + 10) == 50.0
    assert turnstile.wait(61, NOW + 10) == 60.0


def test_a_request_larger_than_the_limit_enters_when_nothing_else_was_used() -> None:
    turnstile = Turnstile(Ceiling(tpm=100))
    assert turnstile.wait(5000, NOW) == 0
    turnstile.enter(5000, NOW)
    assert turnstile.wait(1, NOW) == 60.0
    assert turnstile.wait(1, NOW + 60) == 0


def test_an_estimate_is_set_right_by_what_was_used() -> None:
    turnstile = Turnstile(Ceiling(tpm=100))
    entered = turnstile.enter(90, NOW)
    turnstile.settle(entered, 30, NOW + 1)
    assert turnstile.used(NOW + 1) == (1, 1, 30)
    assert turnstile.wait(70, NOW + 1) == 0
    turnstile.settle(entered, 95, NOW + 2)
    assert turnstile.wait(10, NOW + 2) == 58.0
    turnstile.settle(entered, 1, NOW + 61)
    assert turnstile.used(NOW + 61) == (1, 0, 0), "it is no longer counted"


def test_a_lower_limit_holds_at_once_and_a_higher_one_too() -> None:
    turnstile = Turnstile(Ceiling(concurrency=3, rpm=5))
    for _ in range(3):
        turnstile.enter(0, NOW)
    turnstile.ceiling = Ceiling(concurrency=5, rpm=1)
    assert turnstile.wait(0, NOW + 30) == 30.0
    turnstile.ceiling = Ceiling(concurrency=4)
    assert turnstile.wait(0, NOW + 30) == 0


def test_the_reason_names_the_limit_that_is_reached() -> None:
    turnstile = Turnstile(Ceiling(concurrency=1, rpm=1, tpm=9000))
    entered = turnstile.enter(8000, NOW)
    assert turnstile.reason(500, NOW) == "1 of 1 requests at once"
    turnstile.leave(entered, NOW)
    assert turnstile.reason(500, NOW) == "1 of 1 requests in a minute"
    turnstile.ceiling = Ceiling(tpm=9000)
    reason = turnstile.reason(1500, NOW)
    assert reason == "8,000 of 9,000 tokens in a minute, 1,500 more asked"


def test_how_long_one_will_wait_is_known_from_those_before() -> None:
    turnstile = Turnstile(Ceiling(concurrency=2))
    assert turnstile.expected_wait(0, 0, NOW) == 0
    first, _ = turnstile.enter(0, NOW), turnstile.enter(0, NOW)
    assert turnstile.expected_wait(0, 0, NOW) is None
    turnstile.leave(first, NOW + 10)
    turnstile.enter(0, NOW + 10)
    assert turnstile.expected_wait(0, 0, NOW + 10) == 5.0
    assert turnstile.expected_wait(3, 0, NOW + 10) == 20.0


@given(
    st.integers(1, 5),
    st.integers(50, 500),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 300), st.integers(0, 300)), max_size=40),
)
def test_whoever_obeys_is_never_over_a_limit(
    rpm: int, tpm: int, asked: list[tuple[int, int, int]]
) -> None:
    """Each comes a while after the last, waits as it is told, and uses at most its estimate."""
    turnstile, now = Turnstile(Ceiling(rpm=rpm, tpm=tpm)), NOW
    entered_at: list[tuple[float, int]] = []
    for after, tokens, used in asked:
        now += after
        wait = turnstile.wait(tokens, now)
        assert 0 <= wait <= 60
        now += wait
        assert turnstile.wait(tokens, now) == 0
        entered = turnstile.enter(tokens, now)
        turnstile.settle(entered, min(tokens, used), now)
        entered_at.append((now, min(tokens, used)))
        recent = [(at, t) for at, t in entered_at if at > now - 60]
        assert len(recent) <= rpm
        assert sum(t for _, t in recent) <= tpm or len([t for _, t in recent if t]) == 1
