"""Lots: shares by weight, and a session that always draws the same."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.routing.lots import Lots, lot

SESSIONS = [f"session-{number}" for number in range(10_000)]


def winner(session: str, weights: dict[str, int]) -> str:
    lots = Lots(session)
    return max(weights, key=lambda name: weights[name] * lots.draw(name.encode()))


@pytest.mark.parametrize(
    "weights", [{"a": 50, "b": 50}, {"a": 10, "b": 20, "c": 70}, {"a": 1, "b": 99}, {"a": 3}]
)
def test_shares_follow_the_weights(weights: dict[str, int]) -> None:
    first = Counter(winner(session, weights) for session in SESSIONS)
    for name, weight in weights.items():
        wanted = weight / sum(weights.values())
        assert first[name] / len(SESSIONS) == pytest.approx(wanted, abs=0.02)


def test_another_weight_moves_sessions_one_way_only() -> None:
    for session in SESSIONS[:2000]:
        light = winner(session, {"a": 10, "b": 50})
        heavy = winner(session, {"a": 90, "b": 50})
        assert light == heavy or (light, heavy) == ("b", "a")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text("ab"))
def test_a_lot_is_positive_and_finite(session: str, name: str) -> None:
    assert 0 < Lots(session).draw(name.encode()) < float("inf")


@pytest.mark.parametrize("number", [0, 1, 2**64 - 2, 2**64 - 1])
def test_no_hash_breaks_a_lot(number: int) -> None:
    """The highest one, rounded to 1, would have a logarithm that nothing can be divided by."""
    assert 0 < lot(number) < float("inf")
