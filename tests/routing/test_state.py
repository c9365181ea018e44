"""The state of routing, saved and read again: the same decisions, whatever the file holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from axonhub_cli.config.schema import Config
from axonhub_cli.routing.state import RoutingState
from tests.routing.world import NOW, World, channel


class Notes:
    """A part that somebody registers."""

    def __init__(self) -> None:
        self.revision = 0
        self.notes: list[str] = []

    def dump(self) -> Any:
        return self.notes

    def restore(self, saved: Any, now: float) -> None:
        self.notes = [str(note) for note in saved]


def restarted(world: World, *, later: float = 1.0) -> World:
    """The same configuration in another process, `later` seconds after."""
    saved = json.loads(json.dumps(world.state.dump(world.now)))
    again = World(*world.pools.config.channels)
    again.now = world.now + later
    again.state.restore(saved, again.now)
    return again


def test_breakers_and_moved_sessions_survive_a_restart() -> None:
    world = World(channel("a"), channel("b"), channel("c"))
    session = next(s for s in map(str, range(100)) if world.order(s) == "abc")
    world.fail("a", 60.0)
    assert world.ask(session) == "b"
    again = restarted(world)
    assert again.order() in ("bca", "cba")
    again.now += 100
    assert again.order(session)[0] == "b", "where its prompt cache is"
    assert restarted(world, later=400.0).order(session)[0] == "a"


def test_parts_are_saved_under_their_names() -> None:
    notes = Notes()
    state = RoutingState(tokens=notes)
    notes.notes.append("x")
    before = state.revision
    notes.revision += 1
    assert state.revision != before
    again = RoutingState(tokens=Notes())
    again.restore(state.dump(NOW), NOW)
    assert again.parts["tokens"].dump() == ["x"]


@pytest.mark.parametrize(
    "broken",
    [None, [], "x", {}, {"version": 2}, {"version": 1}, {"version": 1, "health": 3, "parts": []}],
)
def test_a_file_that_is_something_else_is_passed_over(broken: object) -> None:
    state = RoutingState(tokens=Notes())
    state.restore(broken, NOW)
    assert (len(state.health), len(state.affinity)) == (0, 0)


def test_the_revision_tells_when_there_is_something_to_save() -> None:
    world = World(channel("a"))
    before = world.state.revision
    world.order("s")
    assert world.state.revision == before
    world.ask("s")
    assert world.state.revision != before


def edited(world: World, **changes: Any) -> Config:
    first, *others = world.pools.config.channels
    return Config(channels=(replace(first, **changes), *others))


@pytest.mark.parametrize(
    ("changes", "rests"),
    [
        ({}, True),
        ({"weight": 3, "priority": 4, "tags": ("x",)}, True),
        ({"tokens": ("env:OTHER",)}, False),
        ({"base_url": "http://127.0.0.1:2"}, False),
        ({"enabled": False}, False),
        ({"name": "renamed"}, False),
    ],
)
def test_a_channel_that_was_mended_is_tried_at_once(changes: dict[str, Any], rests: bool) -> None:
    world = World(channel("a"), channel("b"))
    world.state.follow(world.pools.config)
    world.fail("a")
    world.fail("b")
    again = restarted(world)
    for state in (world.state, again.state):
        state.follow(edited(world, **changes))
        assert (state.health.wait("a", world.now)[0] == "open") is rests
        assert state.health.wait("b", world.now)[0] == "open"


def test_the_first_configuration_forgets_nothing_and_another_is_worth_saving() -> None:
    world = World(channel("a"))
    world.fail("a")
    world.state.follow(world.pools.config)
    assert world.state.health.wait("a", world.now)[0] == "open"
    before = world.state.revision
    world.state.follow(world.pools.config)
    assert world.state.revision == before
    world.state.follow(edited(world, weight=1))
    assert world.state.revision == before
    world.state.follow(edited(world, enabled=False))
    assert world.state.revision != before
