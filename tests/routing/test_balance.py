"""The order of candidates: rest, priority, then a weighted hash that never changes."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import Channel
from axonhub_cli.routing.balance import order, order_names, rendezvous_score, weigh
from axonhub_cli.routing.candidates import Candidate

SESSIONS = [f"session-{number}" for number in range(10_000)]


def candidate(name: str, weight: int = 100, priority: int = 0) -> Candidate:
    channel = Channel(name=name, type="anthropic", weight=weight, priority=priority)
    return Candidate(channel, "claude", "anthropic", "https://example.com")


def names(
    candidates: list[Candidate], session_key: str = "s", resting: frozenset[str] = frozenset()
) -> list[str]:
    ordered = order(
        candidates, session_key=session_key, resting=lambda c: c.channel.name in resting
    )
    return [c.channel.name for c in ordered]


@pytest.mark.parametrize(
    "weights", [{"a": 50, "b": 50}, {"a": 10, "b": 20, "c": 70}, {"a": 1, "b": 99}, {"a": 3}]
)
def test_shares_follow_the_weights(weights: dict[str, int]) -> None:
    candidates = [candidate(name, weight) for name, weight in weights.items()]
    first = Counter(names(candidates, session)[0] for session in SESSIONS)
    for name, weight in weights.items():
        wanted = weight / sum(weights.values())
        assert first[name] / len(SESSIONS) == pytest.approx(wanted, abs=0.02)


def test_a_channel_that_goes_moves_only_its_own_sessions() -> None:
    all_three = [candidate("a", 20), candidate("b", 30), candidate("c", 50)]
    for session in SESSIONS[:2000]:
        before = names(all_three, session)
        assert names(all_three[:2], session) == [name for name in before if name != "c"]


def test_another_weight_moves_sessions_one_way_only() -> None:
    for session in SESSIONS[:2000]:
        light = names([candidate("a", 10), candidate("b", 50)], session)[0]
        heavy = names([candidate("a", 90), candidate("b", 50)], session)[0]
        assert light == heavy or (light, heavy) == ("b", "a")


@pytest.mark.parametrize(
    ("session", "ordered"),
    [
        ("5d8a2b1e-0c1f-4d57-9f0e-000000000001", "bca"),
        ("5d8a2b1e-0c1f-4d57-9f0e-000000000002", "cab"),
        ("tr_0123456789abcdef01234567", "cba"),
        ("", "cab"),
        ("ünï", "acb"),
    ],
)
def test_a_restart_or_another_machine_changes_nothing(session: str, ordered: str) -> None:
    """Fixed values: a change here moves every running session to a cold prompt cache."""
    assert names([candidate("a", 50), candidate("b", 30), candidate("c", 80)], session) == list(
        ordered
    )


def test_the_order_of_the_file_does_not_matter() -> None:
    three = [candidate("a"), candidate("b"), candidate("c")]
    for session in SESSIONS[:100]:
        assert names(three, session) == names(three[::-1], session)


def test_a_lower_priority_number_comes_first_whatever_the_weights() -> None:
    found = names([candidate("late", 100, 2), candidate("early", 1, -1), candidate("mid", 100, 0)])
    assert found == ["early", "mid", "late"]


def test_who_rests_goes_last_but_is_not_refused() -> None:
    three = [candidate("a", priority=0), candidate("b", priority=1), candidate("c", priority=2)]
    assert names(three, resting=frozenset("a")) == ["b", "c", "a"]
    assert names(three, resting=frozenset("abc")) == ["a", "b", "c"]


def test_tokens_share_equally() -> None:
    first = Counter(order_names(["x", "y", "z"], session_key=session)[0] for session in SESSIONS)
    assert all(count / len(SESSIONS) == pytest.approx(1 / 3, abs=0.02) for count in first.values())
    assert order_names([], session_key="s") == []


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text("ab"), st.integers(1, 100))
def test_a_score_is_positive_and_finite(session: str, name: str, weight: int) -> None:
    assert 0 < rendezvous_score(session, name, weight) < float("inf")


@pytest.mark.parametrize("number", [0, 1, 2**64 - 2, 2**64 - 1])
def test_no_hash_breaks_the_score(number: int) -> None:
    """The highest one, rounded to 1, would have a logarithm that nothing can be divided by."""
    assert 0 < weigh(number, 1) < weigh(number, 100) < float("inf")
