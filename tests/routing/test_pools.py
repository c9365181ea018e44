"""What a configuration says of who serves what: looked up once for each model and profile."""

from __future__ import annotations

import pytest

from axonhub_cli.config.schema import Config, Mapping, Profile, Routing, When
from axonhub_cli.routing import candidates
from axonhub_cli.routing.conditions import Traits, parse
from axonhub_cli.routing.mapping import choose, matches
from axonhub_cli.routing.pools import Pools
from tests.routing.world import MODEL, channel, chat_channel


def test_a_pool_is_made_once() -> None:
    pools = Pools(Config(channels=(channel("a"), channel("b"))))
    assert pools.find(None, MODEL, "anthropic") is pools.find(None, MODEL, "anthropic")
    assert [m.channel for m in pools.find(None, MODEL, "anthropic").members] == ["a", "b"]


def test_profile_model_protocol_and_conversion_make_pools_of_their_own() -> None:
    profile = Profile(name="p", weights={"a": 0})
    pools = Pools(Config(channels=(channel("a"), chat_channel("b"))))

    def names(*question: object) -> list[str]:
        return [m.channel for m in pools.find(*question).members]  # type: ignore[arg-type]

    assert names(None, MODEL, "anthropic") == ["a"]
    assert names(None, MODEL, "anthropic", ("openai_chat",)) == ["a", "b"]
    assert names(profile, MODEL, "anthropic", ("openai_chat",)) == ["b"]
    assert names(None, MODEL, "openai_chat") == ["b"]
    assert names(None, "other", "anthropic") == []


def test_a_channel_with_a_fault_is_rejected_with_its_reason() -> None:
    pools = Pools(Config(channels=(channel("a"),)), {"a": "has no usable token"})
    assert pools.find(None, MODEL, "anthropic").found.rejected == (
        candidates.Rejection("a", "has no usable token", passing=True),
    )


def test_names_that_clients_make_up_do_not_fill_the_memory() -> None:
    pools = Pools(Config(channels=tuple(channel(f"c{n}") for n in range(100))))
    first = pools.find(None, "model-0", "anthropic")
    for number in range(1, 400):
        pools.find(None, f"model-{number}", "anthropic")
    assert pools.find(None, "model-0", "anthropic") is not first


@pytest.mark.parametrize(
    ("profile", "strategy", "affinity"),
    [
        (None, "fastest", False),
        (Profile(name="p"), "fastest", False),
        (Profile(name="p", strategy="failover", affinity=True), "failover", True),
    ],
)
def test_the_profile_decides_and_else_the_configuration(
    profile: Profile | None, strategy: str, affinity: bool
) -> None:
    pools = Pools(Config(routing=Routing(strategy="fastest", affinity=False)))
    assert (pools.strategy(profile), pools.has_affinity(profile)) == (strategy, affinity)


def when(*words: str) -> When:
    found = parse(words)
    assert found is not None
    return found


def test_only_traits_that_some_rule_asks_for_are_asked() -> None:
    plain, scenario = Profile("plain"), Profile("s", (Mapping("a", "b", when("tokens>5")),))
    pools = Pools(Config(profiles=(plain, scenario), channels=(channel("a"),)))
    assert (pools.asked(None), pools.asked(plain)) == (frozenset(), frozenset())
    assert pools.asked(scenario) == {"tokens"}
    night = channel("night", when=when("time=22:00-06:00", "not-subagent"))
    pools = Pools(Config(profiles=(plain, scenario), channels=(night,)))
    assert pools.asked(None) == pools.asked(plain) == {"minute", "subagent"}
    assert pools.asked(scenario) == {"minute", "subagent", "tokens"}


def test_a_channel_with_conditions_serves_what_meets_them() -> None:
    pools = Pools(Config(channels=(channel("a"), channel("b", when=when("background", "images")))))

    def find(traits: Traits) -> tuple[list[str], list[str]]:
        pool = pools.find(None, MODEL, "anthropic", (), traits)
        return [m.channel for m in pool.members], [r.reason for r in pool.found.rejected]

    only_a = (["a"], ["serves only background image requests"])
    assert find(Traits()) == only_a
    assert find(Traits(background=True)) == only_a
    assert find(Traits(background=True, images=True)) == (["a", "b"], [])
    assert find(Traits(images=True)) == only_a


def test_rules_are_looked_up_as_they_would_be_tried() -> None:
    rules = tuple(Mapping(f"m{n}-.*", f"x{n}") for n in range(9))
    profile = Profile("p", (Mapping("m1-a", "small", when("background")), *rules))
    pools = Pools(Config(profiles=(profile,)))
    for name in ("m1-a", "m3-b", "other", "m1-a"):
        for traits in (Traits(), Traits(background=True)):
            tried = [rule for rule in profile.mappings if matches(rule.source, name)]
            assert pools.resolve(profile, name, traits) == choose(tried, name, traits)
    assert pools.resolve(None, "m1-a").model == "m1-a"


def test_a_name_of_megabytes_is_not_kept() -> None:
    profile = Profile("p", (Mapping("a" * 100_000, "b"),))
    pools = Pools(Config(profiles=(profile,), channels=(channel("a"),)))
    assert pools.resolve(profile, "a" * 100_000).model == "b"
    first = pools.find(profile, "x" * 100_000, "anthropic")
    assert pools.find(profile, "x" * 100_000, "anthropic") is not first
