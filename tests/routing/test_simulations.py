"""Thousands of requests on a clock that is set: shares, starving, recovery, sessions."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import Strategy
from axonhub_cli.routing.balance import Sources
from axonhub_cli.routing.strategies import KEYS
from tests.routing.world import MODEL, World, channel

PICKS = 10_000
WEIGHTS = [{"a": 50, "b": 50}, {"a": 10, "b": 20, "c": 70}, {"a": 1, "b": 99}]
SHARING: list[Strategy] = ["adaptive", "round-robin"]
"""The strategies that share by weight; the others have an order of their own."""


def weighted(weights: dict[str, int], strategy: Strategy) -> World:
    return World(*(channel(name, weight=w) for name, w in weights.items()), strategy=strategy)


@pytest.mark.parametrize("with_sessions", [False, True])
@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
@pytest.mark.parametrize("strategy", SHARING)
def test_ten_thousand_picks_match_the_weights_within_two_points(
    strategy: Strategy, weights: dict[str, int], with_sessions: bool
) -> None:
    world = weighted(weights, strategy)
    world.speed_ms = {"a": 100.0, "b": 120.0, "c": 140.0}
    picks: Counter[str | None] = Counter()
    for number in range(PICKS):
        world.now += 0.1
        picks[world.ask(f"session-{number}" if with_sessions else None)] += 1
    for name, weight in weights.items():
        assert picks[name] / PICKS == pytest.approx(weight / sum(weights.values()), abs=0.02)


@pytest.mark.parametrize("strategy", ["fastest", "least-cost"])
def test_what_is_equally_good_is_shared_by_weight(strategy: Strategy) -> None:
    world = weighted({"a": 30, "b": 70}, strategy)
    world.sources = Sources(price=lambda name, model: 1.0)
    picks = Counter(world.ask() for _ in range(PICKS))
    assert picks["a"] / PICKS == pytest.approx(0.3, abs=0.02)


def test_no_channel_starves_however_slow_and_loaded() -> None:
    world = weighted({"a": 100, "b": 100, "c": 100}, "adaptive")
    world.speed_ms = {"a": 100.0, "b": 100.0, "c": 60_000.0}
    visits = [world.state.health.begin("c", MODEL, world.now) for _ in range(500)]
    picks = Counter(world.ask() for _ in range(PICKS))
    assert picks["c"] / PICKS > 0.02
    for visit in visits:
        visit.close()


@pytest.mark.parametrize("strategy", KEYS)
def test_a_recovered_channel_is_back_within_its_probe_time(strategy: Strategy) -> None:
    """Down for an hour, with a request each second: the probes get rarer, and it's found again."""
    world = weighted({"a": 100, "b": 100}, strategy)
    world.sources = Sources(price=lambda name, model: {"a": 1.0, "b": 2.0}[name])
    world.down.add("a")
    for _ in range(3600):
        world.now += 1
        assert world.ask() == "b", "somebody answers all the same"
    probes = world.asked["a"]
    assert 3 <= probes <= 15, "it is tried now and then, and not with each request"
    standing = world.state.health.standing("a", MODEL)
    assert standing is not None
    world.down.clear()
    due = standing.breaker.wait(world.now)
    assert due <= 900
    world.now += due
    answered = [world.ask() for _ in range(20)]
    assert "a" in answered
    assert standing.breaker.state(world.now) == "closed"
    assert standing.breaker.failures == 0


@pytest.mark.parametrize("strategy", KEYS)
def test_a_session_of_many_turns_moves_once_and_back_once(strategy: Strategy) -> None:
    world = weighted({"a": 100, "b": 100, "c": 100}, strategy)
    world.sources = Sources(price=lambda name, model: float(ord(name)))
    home = world.ask("s")
    assert home is not None
    path = [world.ask("s") for _ in range(20)]
    world.down.add(home)
    path += [world.ask("s") for _ in range(20)]
    world.now += 200
    world.down.clear()
    path += [world.ask("s") for _ in range(20)]
    world.now += 400
    path += [world.ask("s") for _ in range(20)]
    moves = [new for old, new in zip(path, path[1:], strict=False) if new != old]
    assert len(moves) == 2, path
    assert moves[1] == home


WISHES = st.lists(
    st.tuples(st.sets(st.sampled_from("abc")), st.floats(0, 1000), st.sampled_from("xyz")),
    min_size=1,
    max_size=30,
)


@given(WISHES, st.sampled_from(sorted(KEYS)))
def test_nobody_is_ever_refused(
    story: list[tuple[set[str], float, str]], strategy: Strategy
) -> None:
    """Whatever broke before: each decision names every channel, and one that works answers."""
    world = weighted({"a": 100, "b": 50, "c": 1}, strategy)
    for down, seconds, session in story:
        world.down, world.now = down, world.now + seconds
        assert sorted(world.order(session)) == ["a", "b", "c"]
        answered = world.ask(session)
        assert answered is None if down == {"a", "b", "c"} else answered not in down | {None}
