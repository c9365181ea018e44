"""The order of candidates: who can be used, the session's channel, priority, then the score."""

from __future__ import annotations

from collections import Counter

import pytest

from axonhub_cli.config.schema import Profile
from axonhub_cli.routing.balance import Sources
from axonhub_cli.routing.strategies import Row
from tests.routing.world import MODEL, NOW, World, channel, chat_channel

SESSIONS = [f"session-{number}" for number in range(10_000)]


def row(world: World, name: str) -> Row:
    return next(r for r in world.decide().ranking.rows if r.channel == name)


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
    world = World(channel("a", weight=50), channel("b", weight=30), channel("c", weight=80))
    assert world.order(session) == ordered


def test_a_channel_that_goes_moves_only_its_own_sessions() -> None:
    three = [channel("a", weight=20), channel("b", weight=30), channel("c", weight=50)]
    before, after = World(*three), World(*three[:2])
    for session in SESSIONS[:2000]:
        assert after.order(session) == before.order(session).replace("c", "")


def test_the_order_of_the_file_does_not_matter() -> None:
    three = [channel("a"), channel("b"), channel("c")]
    one, other = World(*three), World(*three[::-1])
    for session in SESSIONS[:100]:
        assert one.order(session) == other.order(session)


def test_a_lower_priority_number_comes_first_whatever_the_weights() -> None:
    world = World(channel("z", priority=2), channel("a", weight=1, priority=-1), channel("m"))
    assert {world.order(session) for session in SESSIONS[:50]} == {"amz"}


def test_who_rests_goes_last_but_is_not_refused() -> None:
    world = World(channel("a"), channel("b", priority=1), channel("c", priority=2))
    world.fail("a")
    assert world.order() == "bca"


def test_when_all_rest_the_one_nearest_its_probe_is_tried() -> None:
    world = World(channel("a"), channel("b", priority=1), channel("c", priority=2))
    for name, seconds in (("a", 60.0), ("b", 20.0), ("c", 40.0)):
        world.fail(name, seconds)
    assert world.order() == "bca"


def test_when_its_time_is_over_one_request_tries_it_and_the_others_do_not() -> None:
    world = World(channel("a"), channel("b", priority=1))
    world.fail("a", 60.0)
    world.now += 60
    assert world.order() == "ab"
    with world.state.health.begin("a", MODEL, world.now):
        assert world.order() == "ba"
    assert world.order() == "ab"


def test_what_needs_no_conversion_goes_before_what_does() -> None:
    world = World(chat_channel("a", weight=100), channel("b", weight=1))
    assert {world.order(session) for session in SESSIONS[:50]} == {"ba"}
    world = World(chat_channel("a"), channel("b", priority=1))
    assert world.order() == "ab"


def test_a_channel_of_weight_0_is_never_used() -> None:
    world = World(channel("a", weight=0), channel("b"))
    world.fail("b")
    assert world.order() == "b"
    assert [r.reason for r in world.decide().found.rejected] == ["has weight 0"]


def test_where_the_profile_says_so_weight_0_is_for_when_nothing_else_is_left() -> None:
    profile = Profile(name="p", last_resort=True)
    world = World(channel("a", weight=0), channel("b", priority=9), profile=profile)
    assert {world.order(session) for session in SESSIONS[:50]} == {"ba"}
    world.fail("b")
    assert world.order() == "ab"
    assert World(channel("a", weight=0), profile=profile).order() == "a"


def test_the_profiles_weights_replace_the_channels_own() -> None:
    profile = Profile(name="p", weights={"a": 0, "b": 90, "c": 10})
    world = World(channel("a"), channel("b", weight=0), channel("c"), profile=profile)
    first = Counter(world.order(session)[0] for session in SESSIONS)
    assert first["b"] / len(SESSIONS) == pytest.approx(0.9, abs=0.02)
    assert "a" not in first


def test_failures_in_a_row_halve_the_score_and_never_make_it_nothing() -> None:
    world = World(channel("a"), channel("b"))
    for expected in (0.5, 0.25):
        with world.state.health.begin("a", MODEL, NOW) as visit:
            visit.failed(NOW)
        assert row(world, "a").score == 100 * expected
    assert row(world, "b").score == 100


@pytest.mark.parametrize(
    ("ms", "factor"), [(100.0, 1.0), (150.0, 1.0), (300.0, 0.5), (9000.0, 0.25), (None, 1.0)]
)
def test_slower_first_events_lower_the_score(ms: float | None, factor: float) -> None:
    world = World(channel("a"), channel("b"))
    world.speed_ms = {"b": 100.0} | ({"a": ms} if ms is not None else {})
    for name in "ab":
        with world.state.health.begin(name, MODEL, NOW) as visit:
            visit.answered(NOW, world.speed_ms.get(name))
    assert row(world, "a").by_latency == factor
    assert row(world, "b").by_latency == 1.0


def test_load_counts_for_its_weight() -> None:
    world = World(channel("a", weight=80), channel("b", weight=20))
    visits = [world.state.health.begin("a", MODEL, NOW) for _ in range(8)]
    visits += [world.state.health.begin("b", MODEL, NOW) for _ in range(2)]
    assert (row(world, "a").by_load, row(world, "b").by_load) == (1.0, 1.0)
    visits += [world.state.health.begin("b", MODEL, NOW) for _ in range(2)]
    assert row(world, "a").by_load == 1.0
    assert row(world, "b").by_load == pytest.approx(16 / 24)


@pytest.mark.parametrize(
    ("left", "headroom", "quota"),
    [(1.0, 1.0, 1.0), (0.5, 1.0, 1.0), (0.1, 0.2, 0.5), (0.001, 0.05, 0.05), (None, 1.0, 1.0)],
)
def test_what_is_left_of_limits_lowers_the_score(
    left: float | None, headroom: float, quota: float
) -> None:
    sources = Sources(headroom=lambda *_: left, quota=lambda *_: left)
    world = World(channel("a"), channel("b"), sources=sources)
    assert row(world, "a").by_headroom == pytest.approx(headroom)
    assert row(world, "a").by_quota == pytest.approx(quota)


@pytest.mark.parametrize("which", ["headroom", "quota"])
def test_a_channel_that_is_used_up_goes_last_but_is_not_refused(which: str) -> None:
    def left(name: str, model: str, now: float) -> float | None:
        return 0.0 if name == "a" else None

    world = World(channel("a"), channel("b", priority=5), sources=Sources(**{which: left}))
    assert world.order() == "ba"


def test_a_session_that_had_to_move_stays_where_it_went_and_goes_back_after_a_pause() -> None:
    world = World(channel("a"), channel("b"), channel("c"))
    session = next(s for s in SESSIONS if world.order(s) == "abc")
    assert world.ask(session) == "a"
    world.down.add("a")
    assert world.ask(session) == "b"
    world.down.clear()
    for _ in range(20):
        world.now += 250
        assert world.ask(session) == "b", "its prompt cache is there now"
    world.now += 301
    assert world.ask(session) == "a"


def test_a_session_that_moved_stays_even_before_a_better_priority() -> None:
    world = World(channel("a"), channel("b", priority=1))
    world.down.add("a")
    assert world.ask("s") == "b"
    world.down.clear()
    assert world.ask("s") == "b"
    assert world.ask("another") == "a"


def test_a_session_leaves_even_its_cache_when_that_channel_is_down() -> None:
    world = World(channel("a"), channel("b"), channel("c"))
    session = next(s for s in SESSIONS if world.order(s) == "abc")
    world.fail("a")
    assert world.ask(session) == "b"
    world.fail("b")
    assert world.ask(session) == "c"


def test_a_new_weight_does_not_move_a_running_session() -> None:
    world = World(channel("a"), channel("b"))
    session = next(s for s in SESSIONS if world.order(s) == "ab")
    assert world.ask(session) == "a"
    changed = World(channel("a", weight=1), channel("b", weight=100), channel("c", weight=100))
    changed.state = world.state
    assert changed.order(session)[0] == "a"


def test_without_affinity_a_session_is_nothing_special() -> None:
    world = World(channel("a"), channel("b"), affinity=False)
    assert {world.ask("s") for _ in range(50)} == {"a", "b"}
    world = World(channel("a"), channel("b"), profile=Profile(name="p", affinity=False))
    assert {world.ask("s") for _ in range(50)} == {"a", "b"}


def test_a_restart_moves_no_session_though_its_channel_has_become_the_slower_one() -> None:
    world = World(channel("a"), channel("b"))
    sessions = [f"session-{number}" for number in range(40)]
    before = {session: world.ask(session) for session in sessions}
    after = World(channel("a"), channel("b"))
    after.speed_ms = {"a": 100.0, "b": 5000.0}
    for _ in range(20):
        after.ask()
    assert row(after, "b").by_latency < 1
    assert {session: after.ask(session) for session in sessions} == before
