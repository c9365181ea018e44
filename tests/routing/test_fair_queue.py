"""Turns among keys, then among sessions; nobody is lost and nobody overtakes in his own line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.routing.fair_queue import FairQueue

_WHO = st.tuples(st.sampled_from("kln"), st.sampled_from("stu"))


def drained(queue: FairQueue[str]) -> str:
    return "".join(queue.pop() for _ in range(len(queue)))


def test_a_flood_of_one_key_delays_another_by_one_turn() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in "ABCDEFGH":
        queue.push("flood", item, item)
    queue.push("other", "s", "x")
    assert drained(queue) == "AxBCDEFGH"


def test_within_a_key_sessions_take_turns() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in "abcd":
        queue.push("key", "many subagents", item)
    queue.push("key", "another session", "x")
    queue.push("key", "another session", "y")
    assert drained(queue) == "axbycd"


def test_whoever_gives_up_costs_nobody_his_turn() -> None:
    queue: FairQueue[str] = FairQueue()
    for key, item in (("k", "a"), ("l", "b"), ("k", "c")):
        queue.push(key, "s", item)
    queue.remove("k", "s", "a")
    queue.remove("k", "s", "a")
    queue.remove("nobody", "s", "a")
    assert (len(queue), queue.peek()) == (2, "c")
    assert drained(queue) == "cb"


@given(st.lists(st.one_of(_WHO, st.none(), st.integers(0, 30)), max_size=60))
def test_nobody_is_lost_and_each_line_keeps_its_order(steps: list[object]) -> None:
    """A pair comes, None: one is served, a number: that one gives up."""
    queue: FairQueue[int] = FairQueue()
    waiting: dict[int, tuple[str, str]] = {}
    for number, step in enumerate(steps):
        if isinstance(step, tuple):
            queue.push(*step, number)
            waiting[number] = step
        elif step is None and waiting:
            expected = queue.peek()
            served = queue.pop()
            assert served == expected
            who = waiting.pop(served)
            assert all(other > served for other, line in waiting.items() if line == who)
        elif isinstance(step, int) and step in waiting:
            queue.remove(*waiting.pop(step), step)
        assert len(queue) == len(waiting)
    assert sorted(queue.pop() for _ in range(len(queue))) == sorted(waiting)


@given(st.lists(_WHO, min_size=1, max_size=60))
def test_between_two_turns_of_a_key_every_other_waiting_key_has_one(
    line: list[tuple[str, str]],
) -> None:
    queue: FairQueue[int] = FairQueue()
    for number, who in enumerate(line):
        queue.push(*who, number)
    waiting = dict(enumerate(line))
    since: dict[str, set[str]] = {}
    while waiting:
        key = waiting.pop(queue.pop())[0]
        others = {k for k, _ in waiting.values()} - {key}
        if key in since:
            assert since[key] >= others
        for served in since.values():
            served.add(key)
        since[key] = set()
