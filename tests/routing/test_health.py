"""What is known of each channel for each model, how it is bounded, and how it is saved."""

from __future__ import annotations

import json

import pytest

from axonhub_cli.routing.breaker import BreakerSettings
from axonhub_cli.routing.health import Health

NOW = 1_000_000.0


def fail(health: Health, channel: str, model: str = "m", asked: float = 60.0) -> None:
    with health.begin(channel, model, NOW) as visit:
        visit.failed(NOW, asked=asked, cause="HTTP 529")


def answer(health: Health, channel: str, ms: float | None = None, now: float = NOW) -> None:
    with health.begin(channel, "m", now) as visit:
        visit.answered(now, ms)
        visit.completed()


def first_event_ms(health: Health, channel: str, now: float = NOW) -> float | None:
    standing = health.standing(channel, "m")
    assert standing is not None
    return standing.first_event_ms(now)


def test_a_channel_rests_for_the_model_that_failed_alone() -> None:
    health = Health()
    fail(health, "a")
    failed = health.standing("a", "m")
    assert failed is not None
    assert failed.breaker.state(NOW) == "open"
    assert health.standing("a", "n") is None
    assert health.standing("b", "m") is None


def test_the_settings_of_the_configuration_hold() -> None:
    health = Health()
    settings = BreakerSettings(failures=1, first=5.0, longest=5.0)
    with health.begin("a", "m", NOW, settings) as visit:
        visit.failed(NOW)
    assert health.wait("a", NOW) == ("open", 5.0, None)


def test_a_visit_counts_as_load_until_it_is_over_however_it_ends() -> None:
    health = Health()
    with pytest.raises(RuntimeError), health.begin("a", "m", NOW):
        standing = health.standing("a", "m")
        assert standing is not None
        assert standing.in_flight == 1
        raise RuntimeError
    assert standing.in_flight == 0


def test_a_probe_whose_client_leaves_makes_room_for_the_next() -> None:
    health = Health()
    fail(health, "a", asked=0.0)
    with health.begin("a", "m", NOW) as visit:
        assert visit.is_probe
        with health.begin("a", "m", NOW) as other:
            assert not other.is_probe
    with health.begin("a", "m", NOW) as visit:
        assert visit.is_probe


def test_latency_follows_the_last_answers_and_is_forgotten_when_old() -> None:
    health = Health()
    answer(health, "a", 100.0)
    assert first_event_ms(health, "a") == 100.0
    answer(health, "a", 200.0)
    assert first_event_ms(health, "a") == pytest.approx(130.0)
    assert first_event_ms(health, "a", NOW + 599) == pytest.approx(130.0)
    assert first_event_ms(health, "a", NOW + 600) is None
    answer(health, "a", 500.0, NOW + 600)
    assert first_event_ms(health, "a", NOW + 600) == 500.0


def test_an_answer_in_one_piece_measures_nothing() -> None:
    health = Health()
    answer(health, "a", None)
    assert first_event_ms(health, "a") is None


def test_the_worst_of_a_channels_models_is_told() -> None:
    health = Health()
    assert health.wait("a", NOW) == ("closed", 0.0, None)
    fail(health, "a", "m", asked=60.0)
    fail(health, "a", "n", asked=20.0)
    fail(health, "b", "m", asked=90.0)
    assert health.wait("a", NOW + 10) == ("open", 50.0, "HTTP 529")
    assert health.wait("a", NOW + 61)[:2] == ("half-open", 0.0)


@pytest.mark.parametrize("asked", [0.0, 1e6], ids=["all recovered", "all rest"])
def test_names_that_clients_make_up_do_not_fill_the_memory(asked: float) -> None:
    health = Health()
    for number in range(2000):
        fail(health, "a", f"model-{number}", asked=asked)
    assert len(health) <= 1000
    assert health.standing("a", "model-1999") is not None


def test_what_is_in_flight_is_never_forgotten() -> None:
    health = Health()
    with health.begin("busy", "m", NOW):
        for number in range(3000):
            fail(health, "a", f"model-{number}", asked=0.0)
        assert health.standing("busy", "m") is not None


def saved_and_read(health: Health, now: float, *, live: bool = False) -> Health:
    again = Health()
    again.restore(json.loads(json.dumps(health.dump(live=live))), now)
    return again


def test_what_is_saved_is_known_again() -> None:
    health = Health()
    fail(health, "a", asked=60.0)
    answer(health, "b", 123.4)
    again = saved_and_read(health, NOW + 20)
    assert again.wait("a", NOW + 20) == ("open", 40.0, "HTTP 529")
    assert first_event_ms(again, "b") == 123.4


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_a_clock_that_jumped_keeps_no_channel_out(jump: float) -> None:
    health = Health()
    fail(health, "a", asked=60.0)
    now = NOW + jump
    again = saved_and_read(health, now)
    assert again.wait("a", now)[1] <= 60.0
    assert again.wait("a", now + 60.0)[0] == "half-open"


def test_a_look_at_it_sees_what_is_in_flight_and_a_restart_does_not() -> None:
    health = Health()
    with health.begin("a", "m", NOW):
        seen = saved_and_read(health, NOW, live=True).standing("a", "m")
        health.begin("a", "m", NOW).failed(NOW)
        later = saved_and_read(health, NOW).standing("a", "m")
    assert seen is not None
    assert later is not None
    assert (seen.in_flight, later.in_flight) == (1, 0)


def test_a_channel_of_which_nothing_is_known_is_not_saved() -> None:
    health = Health()
    with health.begin("a", "m", NOW) as visit:
        visit.completed()
    assert health.dump() == []


@pytest.mark.parametrize(
    "broken", [None, 3, {}, [1], [{"channel": "a"}], [{"channel": "a", "model": "m", "until": "x"}]]
)
def test_what_cannot_be_read_is_passed_over(broken: object) -> None:
    health = Health()
    health.restore(broken, NOW)
    assert len(health) == 0


def test_nonsense_in_the_file_keeps_no_channel_out_for_long() -> None:
    health = Health()
    entry = {"channel": "a", "model": "m", "until": 1e18, "span": 1e18, "step": -3}
    health.restore([entry], NOW)
    assert health.wait("a", NOW)[1] <= 86_400
