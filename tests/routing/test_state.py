"""The state of routing, saved and read again: the same decisions, whatever the file holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
