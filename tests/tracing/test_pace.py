import pytest

from axonhub_cli.tracing.pace import LONGEST_S, MOST, SHORTEST_S, Pace


class Time:
    """A clock that work and rests move."""

    def __init__(self) -> None:
        self.now = 100.0
        self.rests: list[float] = []
        self.pressure = 0.0

    def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.now += seconds

    def pace(self) -> Pace:
        pace = Pace(lambda: self.pressure, lambda: self.now, self.sleep)
        pace.begin()
        return pace


def test_a_rest_grows_with_the_work_before_it_and_shrinks_with_what_waits() -> None:
    time = Time()
    pace = time.pace()
    for worked, pressure in ((0.0004, 0.0), (0.0008, 0.5), (0.0008, 0.75)):
        time.now += worked
        time.pressure = pressure
        pace.rest()
    expected = [0.0004 * MOST, 0.0004 * MOST, 0.0002 * MOST]
    assert time.rests == [pytest.approx(rest) for rest in expected]


def test_no_rest_is_longer_than_the_longest() -> None:
    time = Time()
    pace = time.pace()
    time.now += 1
    pace.rest()
    assert time.rests == [LONGEST_S]


def test_a_little_work_is_rested_from_when_more_has_come_together() -> None:
    time = Time()
    pace = time.pace()
    rested = []
    for _ in range(4):
        time.now += SHORTEST_S * 0.3
        pace.rest()
        rested.append(len(time.rests))
    assert rested == [0, 0, 0, 1]


@pytest.mark.parametrize("pressure", [1.0, 1.7])
def test_nobody_rests_while_too_much_waits(pressure: float) -> None:
    time = Time()
    pace = time.pace()
    time.pressure = pressure
    time.now += 1
    pace.rest()
    assert time.rests == []
