import pytest

from axonhub_cli.tracing.pace import BUSY, LARGE, LONGEST_S, MOST, Pace


class Time:
    """A clock that work and rests move."""

    def __init__(self) -> None:
        self.now = 100.0
        self.rests: list[float] = []
        self.pressure = 0.0
        self.pace = Pace(lambda: self.pressure, lambda: self.now, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.now += seconds

    def batch(self, *worked: float, size: int = LARGE) -> list[float]:
        """Work on pieces for so many seconds each; the rests between them."""
        self.rests = []
        self.pace.begin()
        for seconds in worked:
            self.now += seconds
            self.pace.rest(size)
        self.pace.end()
        return self.rests


def test_a_rest_grows_with_the_work_before_it_and_shrinks_with_what_waits() -> None:
    time = Time()
    assert time.batch(0.0002, 0.0004) == [pytest.approx(w * MOST) for w in (0.0002, 0.0004)]
    time.now += 1
    time.pressure = 0.75
    assert time.batch(0.0008) == [pytest.approx(0.0002 * MOST)]


def test_no_rest_is_longer_than_the_longest() -> None:
    assert Time().batch(1.0) == [LONGEST_S]


def test_small_requests_are_written_in_one_go() -> None:
    assert Time().batch(0.001, 0.001, size=LARGE - 1) == []


@pytest.mark.parametrize("pressure", [1.0, 1.7])
def test_nobody_rests_while_too_much_waits(pressure: float) -> None:
    time = Time()
    time.pressure = pressure
    assert time.batch(1.0) == []


def test_who_works_much_of_the_time_rests_no_more_until_less_is_to_do() -> None:
    time = Time()
    time.batch(0.001)
    time.now += 0.001 / BUSY - 0.001 - time.rests[0] - 0.0001
    assert time.batch(0.001) == []
    time.now += 0.001 / BUSY
    assert len(time.batch(0.001)) == 1
