"""What a configuration says of who serves what: looked up once for each model and profile."""

from __future__ import annotations

import pytest

from axonhub_cli.config.schema import Config, Profile, Routing
from axonhub_cli.routing import candidates
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
        candidates.Rejection("a", "has no usable token"),
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
