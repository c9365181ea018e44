"""What a key can use: exactly that, through its profile."""

from __future__ import annotations

from typing import Any

from axonhub_cli.config.schema import Channel, Config, Mapping, Profile, When
from axonhub_cli.routing.listing import is_usable, services, usable_models


def channel(*models: str, name: str = "c", **fields: Any) -> Channel:
    return Channel(name=name, type="anthropic", models=models, **fields)


def profile(*rules: tuple[str, str], **fields: Any) -> Profile:
    return Profile("p", tuple(Mapping(source, target) for source, target in rules), **fields)


def usable(served: tuple[Channel, ...], *rules: tuple[str, str], **fields: Any) -> list[str]:
    return usable_models(Config(channels=served), profile(*rules, **fields))


def test_names_of_channels_without_patterns_each_once() -> None:
    one = channel("a", "b", "claude-*", mappings=(Mapping("alias", "a"), Mapping("x.*", "a")))
    assert usable((one, channel("b", "c"))) == ["alias", "a", "b", "c"]
    assert usable_models(Config(channels=(one,)), None) == ["alias", "a", "b"]
    assert usable_models(Config(), None) == []


def test_what_nobody_would_answer_is_not_listed() -> None:
    assert usable((channel("off", enabled=False), channel("never", weight=0))) == []
    assert usable((channel("a", weight=0),), last_resort=True) == ["a"]
    assert usable((channel("a"), channel("b", name="d")), weights={"d": 0}) == ["a"]


def test_names_of_the_profile_come_first_when_something_serves_them() -> None:
    rules = (("opus", "a"), ("gone", "missing"), ("claude-.*", "a"), ("free", "claude-x"))
    assert usable((channel("a", "claude-*"),), *rules) == ["opus", "free", "a"]
    assert usable((channel("a", enabled=False),), *rules) == []


def test_a_name_that_the_profile_leads_away_is_not_listed() -> None:
    """Asking for it would be a 404, although a channel serves a model of that name."""
    assert usable((channel("a", "b"),), ("a", "missing")) == ["b"]
    assert usable((channel("a", "b"),), ("a", "b")) == ["a", "b"]


def test_a_name_that_some_requests_may_use_is_listed() -> None:
    rules = (Mapping("a", "missing", When(background=True)), Mapping("n", "a", When(images=True)))
    config = Config(channels=(channel("a", when=When(thinking=True)),))
    assert usable_models(config, Profile("p", rules)) == ["a", "n"]


def test_only_what_the_profile_allows_is_listed() -> None:
    both = (channel("a", "ab", name="x", tags=("t",)), channel("b", name="y"))
    assert usable(both, ("alias", "b"), models=("a*",)) == ["alias", "a", "ab"]
    assert usable(both, ("alias", "b"), models=("ab", "b")) == ["ab", "b"]
    assert usable(both, channels=("y",)) == ["b"]
    assert usable(both, tags=("t",)) == ["a", "ab"]
    assert usable(both, tags=("t",), tags_match="none") == ["b"]


def test_hidden_names_are_left_out() -> None:
    hiding = channel("org/a", trimmed_prefixes=("org",), hide_originals=True)
    quiet = channel("b", prefix="p", hide_aliases=True)
    assert usable((hiding, quiet, channel("c", prefix="p"))) == ["a", "b", "c", "p/c"]


def test_a_name_can_be_usable_without_being_listed() -> None:
    config = Config(channels=(channel("claude-*"), channel("*", name="any")))
    allowed = profile(("fast-.*", "claude-x"), models=("claude-*", "fast-1"))
    assert is_usable(config, allowed, "claude-opus")
    assert is_usable(config, allowed, "fast-1")
    assert not is_usable(config, allowed, "fast-2")
    assert not is_usable(config, None, "anything"), "a star says nothing of a single name"


def test_services_name_the_channels_that_answer_and_as_what() -> None:
    one = channel("a", name="x", mappings=(Mapping("b", "a-1"),))
    config = Config(channels=(one, channel("b", name="y")))

    def found(name: str, by: Profile | None = None) -> list[tuple[str, str]]:
        return [(s.channel.name, s.upstream_model) for s in services(config, by, name)]

    assert found("b") == [("x", "a-1"), ("y", "b")]
    assert found("n", profile(("n", "b"))) == [("x", "a-1"), ("y", "b")]
    assert found("b", profile(channels=("y",))) == [("y", "b")]
    assert found("b", profile(models=("a",))) == []
