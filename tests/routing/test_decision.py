"""The decision as one record: what it holds, and how it reads."""

from __future__ import annotations

from typing import Any

from axonhub_cli.config.schema import Mapping, Profile
from axonhub_cli.routing.balance import Sources
from tests.routing.world import MODEL, NOW, World, channel, chat_channel


def candidates(world: World, session: str | None = None) -> dict[str, dict[str, Any]]:
    return {c["channel"]: c for c in world.decide(session).as_json()["candidates"]}


def test_the_record_names_rule_model_strategy_and_who_was_passed_over() -> None:
    profile = Profile(name="p", mappings=(Mapping("cl.*", "other"),), strategy="failover")
    world = World(
        channel("a", models=("other",)),
        channel("b", enabled=False, models=("other",)),
        channel("c"),
        profile=profile,
    )
    record = world.decide().as_json()
    assert record["rule"] == "cl.* → other"
    assert (record["model"], record["strategy"]) == ("other", "failover")
    assert record["affinity"] is None
    assert [(c["channel"], c["model"], c["state"]) for c in record["candidates"]] == [
        ("a", "other", "closed")
    ]
    assert record["rejected"] == [
        {"channel": "b", "reason": "is disabled"},
        {"channel": "c", "reason": "does not serve this model"},
    ]


def test_the_record_says_what_a_score_is_made_of() -> None:
    world = World(channel("a", weight=80), channel("b"))
    for name, ms in (("a", 100.0), ("b", 300.0)):
        with world.state.health.begin(name, MODEL, NOW) as visit:
            visit.answered(NOW, ms)
    found = candidates(world)
    assert (found["a"]["score"], found["a"]["weight"]) == (80.0, 80.0)
    assert (found["b"]["score"], found["b"]["latency"]) == (50.0, 0.5)
    assert found["b"]["first_event_ms"] == 300
    assert "health" not in found["b"], "a factor of 1 says nothing"


def test_the_record_says_where_the_session_belongs_and_where_it_is() -> None:
    world = World(channel("a"), channel("b", priority=1))
    world.down.add("a")
    world.ask("s")
    record = world.decide("s").as_json()
    assert record["affinity"] == {"first_choice": "a", "stays": "b"}
    assert record["candidates"][0]["notes"] == ["holds the session's prompt cache"]
    assert record["candidates"][1]["notes"] == ["failed 1 time in a row"]


def test_a_resting_channel_says_for_how_long_and_why() -> None:
    world = World(channel("a"), channel("b"))
    world.fail("a", 60.0)
    found = candidates(world)
    assert (found["a"]["state"], found["a"]["wait_s"]) == ("open", 60.0)
    assert found["a"]["notes"] == ["rests for 60 s (HTTP 529)"]
    world.now += 60
    assert candidates(world)["a"]["notes"] == ["is tried out with the next request"]
    with world.state.health.begin("a", MODEL, world.now):
        assert candidates(world)["a"]["notes"] == ["is being tried out"]


def test_every_other_reason_for_a_place_is_said() -> None:
    profile = Profile(name="p", last_resort=True)
    used_up = Sources(
        headroom=lambda name, *_: 0.0 if name == "a" else None,
        quota=lambda name, *_: 0.0 if name == "b" else None,
    )
    world = World(
        channel("a"),
        channel("b"),
        chat_channel("c"),
        channel("d", weight=0),
        profile=profile,
        sources=used_up,
    )
    found = candidates(world)
    assert list(found)[:2] == ["c", "d"]
    assert found["a"]["notes"] == ["its rate limit is used up"]
    assert found["b"]["notes"] == ["its allowance is used up"]
    assert found["c"]["notes"] == ["needs conversion to openai_chat"]
    assert found["d"]["notes"] == ["has weight 0: only when nothing else is left"]
    assert found["d"]["weight"] == 0


def test_a_decision_without_a_candidate_has_its_rejections() -> None:
    record = World(channel("a", enabled=False)).decide().as_json()
    assert record["candidates"] == []
    assert record["rejected"] == [{"channel": "a", "reason": "is disabled"}]


def test_deciding_changes_nothing() -> None:
    world = World(channel("a"), channel("b"), strategy="round-robin")
    world.fail("a", 0.0)
    before = world.state.dump(NOW, live=True)
    first = world.decide("s")
    assert world.decide("s").as_json() == first.as_json()
    assert world.state.dump(NOW, live=True) == before
