import os
import sys
import threading

import pytest

from axonhub_cli.tracing.pace import LARGE, PIECE_S, REST_S, Pace, go_last


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
        """Work for so many times a piece before each chance to rest; the rests."""
        self.rests = []
        self.pace.begin(size)
        for pieces in worked:
            self.now += pieces * PIECE_S
            self.pace.rest()
        return self.rests


def test_a_piece_of_work_is_followed_by_a_rest() -> None:
    time = Time()
    assert time.batch(1.1, 5) == [REST_S, REST_S]
    # What is done in less than a piece is added up.
    assert time.batch(0.4, 0.4, 0.4, 0.4, 0.4, 0.4) == [REST_S, REST_S]


def test_the_more_waits_the_shorter_is_a_rest() -> None:
    time = Time()
    time.pressure = 0.75
    assert time.batch(1.1) == [pytest.approx(REST_S / 4)]


def test_small_requests_are_written_in_one_go() -> None:
    assert Time().batch(5, 5, size=LARGE - 1) == []


@pytest.mark.parametrize("pressure", [1.0, 1.7])
def test_nobody_rests_while_too_much_waits(pressure: float) -> None:
    time = Time()
    time.pressure = pressure
    assert time.batch(5) == []


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has such threads")
def test_a_thread_that_goes_last_keeps_its_share_and_changes_no_other() -> None:
    seen: list[int] = []

    def work() -> None:
        go_last()
        seen.extend((os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)))

    before = os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [os.SCHED_BATCH, before[1]]
    assert (os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)) == before
