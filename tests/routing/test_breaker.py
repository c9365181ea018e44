"""The breaker's table, row by row; and what must hold whatever happens to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.routing.breaker import PROBE_PATIENCE_S, Breaker, BreakerSettings, State

SETTINGS = BreakerSettings(failures=3, first=15.0, longest=100.0)
NOW = 1_000_000.0


def opened(for_s: float = 15.0, step: int = 0) -> Breaker:
    return Breaker(failures=3, until=NOW + for_s, span=for_s, step=step)


def fail(breaker: Breaker, now: float = NOW, probe: float = 0.0, **how: object) -> Breaker:
    breaker.failed(now, probe=probe, settings=SETTINGS, **how)  # type: ignore[arg-type]
    return breaker


def answer(breaker: Breaker) -> Breaker:
    breaker.completed()
    return breaker


def probed(breaker: Breaker, **how: object) -> Breaker:
    """Half-open, and its probe fails."""
    return fail(breaker, NOW, breaker.begin(NOW), **how)


def given_up(breaker: Breaker) -> Breaker:
    breaker.give_up(breaker.begin(NOW))
    return breaker


TABLE: list[tuple[str, Breaker, State, float]] = [
    ("closed, answered", answer(Breaker(failures=2)), "closed", 0),
    ("closed, one failure", fail(Breaker()), "closed", 0),
    ("closed, the second in a row", fail(Breaker(failures=1)), "closed", 0),
    ("closed, the last in a row", fail(Breaker(failures=2)), "open", 15),
    ("closed, one that says enough", fail(Breaker(), says_enough=True), "open", 15),
    ("closed, asked to wait", fail(Breaker(), asked=40.0), "open", 40),
    ("closed, asked for nothing", fail(Breaker(), asked=0.0), "half-open", 0),
    ("closed, asked for too long", fail(Breaker(), asked=1e9), "open", 100),
    ("closed, asked for the past", fail(Breaker(), asked=-5.0), "half-open", 0),
    ("closed, asked for nonsense", fail(Breaker(), asked=float("nan")), "open", 15),
    ("open, answered all the same", answer(opened()), "closed", 0),
    ("open, another failure", fail(opened()), "open", 15),
    ("open, asked for less", fail(opened(), asked=5.0), "open", 15),
    ("open, asked for more", fail(opened(), asked=50.0), "open", 50),
    ("half-open", opened(for_s=0.0), "half-open", 0),
    ("half-open, the probe is answered", answer(opened(for_s=0.0)), "closed", 0),
    ("half-open, the probe fails", probed(opened(for_s=0.0)), "open", 30),
    ("half-open, the third probe fails", probed(opened(for_s=0.0, step=1)), "open", 60),
    ("half-open, the tenth probe fails", probed(opened(for_s=0.0, step=9)), "open", 100),
    ("half-open, the probe is asked to wait", probed(opened(for_s=0.0), asked=7.0), "open", 7),
    ("half-open, the probe is given up", given_up(opened(for_s=0.0)), "half-open", 0),
    ("half-open, another one fails", fail(opened(for_s=0.0)), "half-open", 0),
    ("half-open, another is asked to wait", fail(opened(for_s=0.0), asked=9.0), "open", 9),
]


@pytest.mark.parametrize(
    ("breaker", "state", "wait"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_happens_and_what_it_becomes(breaker: Breaker, state: State, wait: float) -> None:
    assert (breaker.state(NOW), breaker.wait(NOW)) == (state, wait)


def test_time_alone_makes_it_half_open() -> None:
    breaker = fail(Breaker(), asked=30.0)
    assert breaker.state(NOW + 29.9) == "open"
    assert not breaker.admits(NOW + 29.9)
    assert breaker.state(NOW + 30.0) == "half-open"
    assert breaker.admits(NOW + 30.0)


def test_only_one_probe_is_out_at_a_time() -> None:
    breaker = opened(for_s=0.0)
    probe = breaker.begin(NOW)
    assert probe
    assert not breaker.admits(NOW + 1)
    assert breaker.begin(NOW + 1) == 0.0
    breaker.give_up(probe)
    assert breaker.admits(NOW + 1)


def test_a_probe_that_never_reports_holds_nobody_up_for_ever() -> None:
    breaker = opened(for_s=0.0)
    lost = breaker.begin(NOW)
    assert not breaker.admits(NOW + PROBE_PATIENCE_S - 1)
    later = breaker.begin(NOW + PROBE_PATIENCE_S)
    assert later
    # The lost one reports after all: it is not the probe any more.
    fail(breaker, NOW + PROBE_PATIENCE_S + 1, lost)
    assert breaker.is_probed(NOW + PROBE_PATIENCE_S + 1)


def test_an_answer_that_breaks_off_closes_but_does_not_forget() -> None:
    """Else a channel that breaks off each of its streams would never be found out."""
    breaker = Breaker()
    for _ in range(3):
        breaker.answered()
        fail(breaker)
    assert breaker.state(NOW) == "open"


def test_after_recovering_it_opens_for_the_first_time_again() -> None:
    breaker = answer(probed(opened(for_s=0.0, step=4)))
    for _ in range(3):
        fail(breaker)
    assert breaker.wait(NOW) == 15


def test_a_clock_that_is_set_back_prolongs_nothing() -> None:
    breaker = fail(Breaker(), asked=30.0)
    assert breaker.wait(NOW - 86_400) == 30
    assert breaker.wait(NOW - 86_400 + 30) == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["begin", "answer", "complete", "fail", "enough", "leave"]),
        st.floats(0, 60),
        st.none() | st.floats(-10, 1e6) | st.just(float("nan")),
    ),
    max_size=40,
)


@given(STEPS)
def test_it_always_recovers_and_never_has_two_probes(
    steps: list[tuple[str, float, float | None]],
) -> None:
    breaker, now, running = Breaker(), NOW, list[float]()
    for step, seconds, asked in steps:
        now += seconds
        probe = running.pop(0) if running and step != "begin" else 0.0
        if step == "begin":
            running.append(breaker.begin(now))
        elif step == "answer":
            breaker.answered()
        elif step == "complete":
            breaker.completed()
        elif step == "leave":
            breaker.give_up(probe)
        else:
            fail(breaker, now, probe, says_enough=step == "enough", asked=asked)
        assert breaker.wait(now) <= SETTINGS.longest
        assert sum(probe == breaker.probe for probe in running if probe) <= 1
    end = now + SETTINGS.longest + PROBE_PATIENCE_S
    assert breaker.admits(end), "it never recovers"
