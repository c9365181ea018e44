"""What each strategy puts first."""

from __future__ import annotations

import pytest

from axonhub_cli.config.schema import Profile, Strategy
from axonhub_cli.routing.balance import Sources
from axonhub_cli.routing.strategies import HOMES, KEYS
from tests.routing.world import World, channel, chat_channel

SESSIONS = [f"session-{number}" for number in range(200)]
PRICES = {"a": 3.0, "b": 1.0, "c": 2.0}


def priced(**prices: float) -> Sources:
    return Sources(price=lambda name, model: prices.get(name))


def test_every_strategy_of_the_configuration_has_its_keys() -> None:
    assert set(KEYS) == set(HOMES) == set(Strategy.__args__)


def test_failover_is_the_order_of_the_file() -> None:
    world = World(channel("b", weight=1), channel("a"), chat_channel("c"), strategy="failover")
    assert {world.order(session) for session in SESSIONS} == {"bac"}
    assert {world.order() for _ in range(50)} == {"bac"}


def test_failover_is_the_order_of_the_profile_where_it_names_channels() -> None:
    profile = Profile(name="p", strategy="failover", channels=("c", "a", "b"))
    world = World(channel("a"), channel("b"), chat_channel("c"), profile=profile)
    assert world.order("s") == "cab"


def test_failover_obeys_priority_first() -> None:
    world = World(channel("a", priority=1), channel("b"), strategy="failover")
    assert world.order() == "ba"


def test_a_session_under_failover_goes_back_to_the_first_after_a_pause() -> None:
    world = World(channel("a"), channel("b"), strategy="failover")
    world.down.add("a")
    assert world.ask("s") == "b"
    world.down.clear()
    assert (world.ask("s"), world.ask("new")) == ("b", "a")
    world.now += 301
    assert world.ask("s") == "a"


def test_the_cheapest_comes_first_and_unknown_prices_last() -> None:
    world = World(
        *(channel(name) for name in "abcd"), strategy="least-cost", sources=priced(**PRICES)
    )
    assert {world.order(session) for session in SESSIONS} == {"bcad"}
    assert world.decide().as_json()["candidates"][0]["price"] == 1.0


def test_of_equal_price_the_native_one_comes_first_and_a_cheaper_one_before_it() -> None:
    world = World(
        chat_channel("a"),
        channel("b"),
        chat_channel("c"),
        strategy="least-cost",
        sources=priced(a=2.0, b=2.0, c=1.0),
    )
    assert world.order() == "cba"


def test_without_prices_least_cost_draws_lots() -> None:
    world = World(channel("a"), channel("b"), strategy="least-cost")
    assert {world.order()[0] for _ in range(50)} == {"a", "b"}


def test_the_fastest_comes_first_and_who_was_not_measured_is_tried() -> None:
    world = World(channel("a"), channel("b"), channel("c"), strategy="fastest", affinity=False)
    world.speed_ms = {"a": 300.0, "b": 100.0, "c": 200.0}
    assert {world.ask() for _ in range(3)} == {"a", "b", "c"}, "each is measured once"
    assert {world.order() for _ in range(20)} == {"bca"}
    world.now += 600
    assert {world.ask() for _ in range(3)} == {"a", "b", "c"}, "and again when that is old"


def test_a_session_stays_with_the_channel_that_was_fastest_when_it_began() -> None:
    world = World(channel("a"), channel("b"), strategy="fastest")
    world.speed_ms = {"a": 300.0, "b": 100.0}
    for _ in range(4):
        world.ask()
    assert world.ask("s") == "b"
    world.speed_ms = {"a": 1.0, "b": 900.0}
    for _ in range(20):
        world.now += 100
        assert world.ask("s") == "b"


def test_round_robin_takes_turns_where_there_is_no_session() -> None:
    world = World(channel("a"), channel("b"), channel("c"), strategy="round-robin")
    assert "".join(str(world.ask()) for _ in range(9)) == "abcabcabc"


def test_a_look_at_the_decision_takes_no_turn() -> None:
    world = World(channel("a"), channel("b"), strategy="round-robin")
    assert {world.order() for _ in range(5)} == {"ab"}


def test_round_robin_leaves_sessions_where_they_are() -> None:
    world = World(channel("a"), channel("b"), channel("c"), strategy="round-robin")
    for session in SESSIONS[:20]:
        assert len({world.ask(session) for _ in range(10)}) == 1


@pytest.mark.parametrize("strategy", KEYS)
def test_one_candidate_needs_no_balance(strategy: Strategy) -> None:
    assert World(channel("a"), strategy=strategy).order("s") == "a"


@pytest.mark.parametrize("strategy", KEYS)
def test_no_candidate_is_no_fault_of_the_balance(strategy: Strategy) -> None:
    assert World(strategy=strategy).order() == ""
