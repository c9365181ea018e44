"""Who comes next is looked at anew after each attempt."""

from __future__ import annotations

from axonhub_cli.config.schema import Profile
from axonhub_cli.routing.balance import Sources
from axonhub_cli.routing.upcoming import Upcoming
from tests.routing.world import MODEL, World, channel


def three() -> World:
    return World(*(channel(name) for name in "abc"), strategy="failover")


def names(world: World, upcoming: Upcoming) -> str:
    found = ""
    while upcoming:
        found += upcoming.take(world.now).channel.name
    return found


def test_without_news_it_is_the_order_of_the_decision() -> None:
    world = three()
    assert names(world, Upcoming(world.decide(), world.state.health)) == "abc"


def test_a_channel_that_failed_in_the_meantime_is_put_off_and_not_left_out() -> None:
    world = three()
    upcoming = Upcoming(world.decide(), world.state.health)
    assert upcoming.take(world.now).channel.name == "a"
    world.fail("b")
    assert names(world, upcoming) == "cb"


def test_one_that_need_not_be_waited_for_comes_once_more_after_the_others() -> None:
    world = three()
    upcoming = Upcoming(world.decide(), world.state.health)
    found = ""
    while upcoming:
        found += upcoming.take(world.now).channel.name
        upcoming.put_back()
    assert found == "abcabc"


def test_some_may_be_all_that_is_worth_asking() -> None:
    world = three()
    upcoming = Upcoming(world.decide(), world.state.health)
    upcoming.keep(upcoming.candidates[1:])
    assert names(world, upcoming) == "bc"


def test_one_that_another_request_tries_out_is_put_off() -> None:
    world = three()
    world.fail("a", 0.0)
    upcoming = Upcoming(world.decide(), world.state.health)
    with world.state.health.begin("a", MODEL, world.now):
        assert names(world, upcoming) == "bca"


def test_when_all_are_down_the_one_nearest_its_probe_is_tried() -> None:
    world = three()
    for name, seconds in (("a", 60.0), ("b", 20.0), ("c", 40.0)):
        world.fail(name, seconds)
    assert names(world, Upcoming(world.decide(), world.state.health)) == "bca"


def test_one_that_recovered_in_the_meantime_waits_for_its_place() -> None:
    world = three()
    world.fail("b", 5.0)
    upcoming = Upcoming(world.decide(), world.state.health)
    assert upcoming.take(world.now).channel.name == "a"
    world.now += 10
    assert names(world, upcoming) == "cb"


def test_one_whose_limits_are_used_up_is_the_last_to_be_asked() -> None:
    world = three()
    world.sources = Sources(headroom=lambda name, *_: 0.0 if name == "a" else None)
    world.fail("b", 60.0)
    assert names(world, Upcoming(world.decide(), world.state.health)) == "cba"


def test_what_is_worth_leaving_a_full_channel_for_is_neither_down_nor_of_weight_0() -> None:
    spare = channel("d", weight=0)
    profile = Profile(name="p", last_resort=True)
    world = World(*(channel(name) for name in "abc"), spare, strategy="failover", profile=profile)
    upcoming = Upcoming(world.decide(), world.state.health)
    assert upcoming.take(world.now).channel.name == "a"
    world.fail("b")
    assert [candidate.channel.name for candidate in upcoming.usable(world.now)] == ["c"]
    assert names(world, upcoming) == "cdb"
