"""Round robin: shares by weight over any few turns, and no making up for an absence."""

from __future__ import annotations

from collections import Counter

import pytest

from axonhub_cli.routing.turns import Group, Turns

GROUP: Group = ("default", "m")


def pick(turns: Turns, weights: dict[str, int], group: Group = GROUP) -> str:
    name = min(weights, key=lambda n: turns.due(group, n, weights[n]))
    turns.take(group, name, weights[name], weights)
    return name


def test_equal_ones_take_turns() -> None:
    turns, weights = Turns(), {"a": 100, "b": 100, "c": 100}
    assert "".join(pick(turns, weights) for _ in range(7)) == "abcabca"


def test_a_heavy_one_is_spread_and_not_in_a_row_at_the_end() -> None:
    turns, weights = Turns(), {"a": 50, "b": 10, "c": 10}
    picks = "".join(pick(turns, weights) for _ in range(14))
    assert Counter(picks) == {"a": 10, "b": 2, "c": 2}
    assert picks[:7].count("a") == 5


@pytest.mark.parametrize("weights", [{"a": 1, "b": 99}, {"a": 10, "b": 20, "c": 70}, {"a": 7}])
def test_shares_follow_the_weights(weights: dict[str, int]) -> None:
    turns = Turns()
    picks = Counter(pick(turns, weights) for _ in range(10_000))
    for name, weight in weights.items():
        assert picks[name] / 10_000 == pytest.approx(weight / sum(weights.values()), abs=0.001)


def test_one_that_was_away_does_not_make_up_for_it() -> None:
    turns = Turns()
    for _ in range(1000):
        pick(turns, {"a": 100, "b": 100})
    back = {"a": 100, "b": 100, "c": 100}
    assert Counter(pick(turns, back) for _ in range(30)) == {"a": 10, "b": 10, "c": 10}
    for _ in range(1000):
        pick(turns, {"a": 100, "b": 100})
    assert Counter(pick(turns, back) for _ in range(30))["c"] <= 11


def test_groups_take_turns_on_their_own_and_are_bounded() -> None:
    turns, weights = Turns(), {"a": 100, "b": 100}
    assert pick(turns, weights) == "a"
    assert pick(turns, weights, ("other", "m")) == "a"
    for number in range(2000):
        pick(turns, weights, (None, f"model-{number}"))
    assert pick(turns, weights) == "a", "the oldest group is forgotten"
