"""A session stays where its prompt cache is warm, and begins anew where nothing is."""

from __future__ import annotations

import json

import pytest

from axonhub_cli.routing.affinity import WARM_S, Affinity

NOW = 1_000_000.0


def moved(*sessions: str) -> Affinity:
    affinity = Affinity()
    for session in sessions:
        affinity.answered(session, "m", "b", NOW, moved=True)
    return affinity


def test_a_session_stays_where_it_was_answered_while_that_is_warm() -> None:
    affinity = moved("s")
    assert affinity.channel_of("s", "m", NOW + WARM_S) == "b"
    assert affinity.channel_of("s", "m", NOW + WARM_S + 1) is None
    assert affinity.channel_of("s", "other", NOW) is None
    assert affinity.channel_of("t", "m", NOW) is None


def test_each_answer_keeps_it_warm() -> None:
    affinity = moved("s")
    affinity.answered("s", "m", "b", NOW + 200, moved=True)
    assert affinity.channel_of("s", "m", NOW + 400) == "b"
    affinity.answered("s", "m", "c", NOW + 400, moved=True)
    assert affinity.channel_of("s", "m", NOW + 400) == "c"


def test_the_longest_unused_are_forgotten_first() -> None:
    affinity = Affinity()
    for number in range(10_000):
        affinity.answered("kept", "m", "b", NOW, moved=True)
        affinity.answered(f"s{number}", "m", "a", NOW, moved=False)
    assert len(affinity) <= 4096
    assert affinity.channel_of("kept", "m", NOW) == "b"
    assert affinity.channel_of("s0", "m", NOW) is None


def test_those_that_moved_are_remembered_over_a_restart() -> None:
    affinity = moved("s")
    affinity.answered("home", "m", "a", NOW, moved=False)
    again = Affinity()
    again.restore(json.loads(json.dumps(affinity.dump())), NOW + 100)
    assert again.channel_of("s", "m", NOW + 100) == "b"
    assert again.channel_of("home", "m", NOW + 100) is None
    assert again.channel_of("s", "m", NOW + WARM_S + 1) is None


def test_only_a_move_is_worth_saving() -> None:
    affinity = Affinity()
    affinity.answered("s", "m", "a", NOW, moved=False)
    assert affinity.revision == 0
    affinity.answered("s", "m", "b", NOW, moved=True)
    affinity.answered("s", "m", "a", NOW, moved=False)
    assert affinity.revision == 2


def test_a_clock_that_was_set_back_makes_nothing_warm_for_longer() -> None:
    again = Affinity()
    again.restore(moved("s").dump(), NOW - 86_400)
    assert again.channel_of("s", "m", NOW - 86_400 + WARM_S + 1) is None


@pytest.mark.parametrize("broken", [None, "x", [3], [{"session": "s"}], {"s": 1}])
def test_what_cannot_be_read_is_passed_over(broken: object) -> None:
    affinity = Affinity()
    affinity.restore(broken, NOW)
    assert len(affinity) == 0


def test_what_is_cold_already_is_not_taken_over() -> None:
    affinity = Affinity()
    affinity.restore(moved("s").dump(), NOW + WARM_S + 1)
    assert len(affinity) == 0
