"""Which channels serve a model, and the reason for each that does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import Channel, Config, Mapping, Profile
from axonhub_cli.routing.candidates import (
    find,
    models_of,
    refuse,
    served_models,
    serves,
    upstream_model,
)


def channel(name: str = "main", type_: str = "claude-code", **fields: Any) -> Channel:
    return Channel(name=name, type=type_, **fields)


def config(*channels: Channel) -> Config:
    return Config(channels=channels)


def rejections(conf: Config, model: str, **faults: str) -> dict[str, str]:
    found = find(conf, model, "anthropic", faults)
    return {rejection.channel: rejection.reason for rejection in found.rejected}


def message(conf: Config, model: str, **faults: str) -> tuple[str, str, str]:
    error = refuse(conf, model, find(conf, model, "anthropic", faults))
    return error.kind, error.message, error.hint or ""


def test_a_usable_channel_says_what_it_will_be_asked() -> None:
    own = channel(mappings=(Mapping("fast", "claude-haiku-4-5"),))
    (usable,) = find(config(own), "fast", "anthropic", {}).usable
    assert usable.channel is own
    assert usable.upstream_model == "claude-haiku-4-5"
    assert (usable.protocol, usable.base_url) == ("anthropic", "https://api.anthropic.com")


def test_each_rejection_has_its_reason() -> None:
    conf = config(
        channel("off", enabled=False),
        channel("other", models=("gpt-5",)),
        channel("weightless", weight=0),
        channel("mute", base_url="https://x.example", protocol="anthropic"),
        channel("broken"),
        channel("ok"),
    )
    found = find(conf, "claude-opus-4-5", "anthropic", {"broken": "has no usable token (locked)"})
    assert [c.channel.name for c in found.usable] == ["mute", "ok"]
    assert rejections(conf, "claude-opus-4-5", broken="has no usable token (locked)") == {
        "off": "is disabled",
        "other": "does not serve this model",
        "weightless": "has weight 0",
        "broken": "has no usable token (locked)",
    }
    assert {r.reason for r in find(conf, "claude-opus-4-5", "openai_chat", {}).rejected} >= {
        "does not speak openai_chat",
        "is disabled",
    }


@pytest.mark.parametrize(
    ("models", "model", "served"),
    [
        (("claude-*",), "claude-opus-5-5", True),
        (("claude-*",), "Claude-opus", False),
        (("claude-*",), "my-claude-x", False),
        (("claude-*",), "claude-\n", True),
        (("gpt-?",), "gpt-5", True),
        (("gpt-?",), "gpt-", False),
        (("gpt-?",), "gpt-55", False),
        (("claude-3.5",), "claude-3x5", False),
        (("a.b*",), "axbc", False),
        (("[ab]",), "a", False),
        (("[ab]",), "[ab]", True),
        (("*",), "", True),
        ((), "claude-opus-4-5", False),
        (None, "claude-sonnet-4-5-20250929", True),
        (None, "gpt-5", False),
    ],
)
def test_names_are_exact_and_globs_are_anchored(
    models: tuple[str, ...] | None, model: str, served: bool
) -> None:
    assert serves(channel(models=models), model) is served


@given(st.text(max_size=8))
def test_a_name_without_signs_of_a_glob_serves_itself_alone(name: str) -> None:
    only = channel(models=(name,))
    assert serves(only, name)
    if not {"*", "?"} & set(name):
        assert not serves(only, name + "x")


def test_a_channels_mapping_comes_before_its_models() -> None:
    own = channel(
        models=("claude-opus-4-5",),
        mappings=(Mapping("claude-.*", "sonnet"), Mapping("sonnet", "never")),
    )
    assert upstream_model(own, "claude-opus-4-5") == "sonnet"
    assert upstream_model(own, "sonnet") == "never", "applied once, to what was asked for"
    assert upstream_model(own, "gpt") is None


def test_lists_show_names_and_aliases_but_no_patterns() -> None:
    own = channel(
        models=("claude-*", "b", "alias", "gpt-?"),
        mappings=(Mapping("alias", "b"), Mapping("x.*", "b"), Mapping("gpt-3.5", "b")),
    )
    assert served_models(own) == ["alias", "gpt-3.5", "b"]
    assert served_models(channel()) == ["claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"]
    assert models_of(channel(type_="nobody's")) == ()


def test_without_a_channel_the_first_step_is_named() -> None:
    assert message(config(), "claude") == (
        "unavailable",
        "axonhub has no channel yet",
        "axonhub channel add --type claude-code",
    )


def test_an_unknown_model_is_a_404_that_names_the_known_ones() -> None:
    conf = config(channel(), channel("off", models=("secret",), enabled=False))
    kind, text, hint = message(conf, "gpt-5")
    assert kind == "not_found"
    assert "'gpt-5'; there are: claude-haiku-4-5, " in text
    assert "secret" not in text
    assert hint == "axonhub profile map gpt-5 NAME"


def test_many_known_models_are_cut_short() -> None:
    conf = config(channel(models=tuple(f"m{number}" for number in range(20))))
    assert "m7 …" in message(conf, "x")[1]
    assert "there are" not in message(config(channel(models=("*-x",))), "y")[1]


def test_channels_that_cannot_work_now_are_told_one_by_one() -> None:
    conf = config(channel("off", enabled=False), channel("broken"), channel("o", models=("x",)))
    kind, text, hint = message(conf, "claude-opus-4-5", broken="has no usable token (locked)")
    assert kind == "unavailable"
    assert text.endswith(": off is disabled; broken has no usable token (locked)")
    assert hint == "axonhub channel list"


@pytest.mark.parametrize("model", ["$(reboot)", "a b", "x'; rm -rf ~", "line\nbreak"])
def test_the_hint_is_safe_to_paste(model: str) -> None:
    hint = message(config(channel()), model)[2]
    assert f" {model} " not in hint
    assert hint.count("'") >= 2


def test_a_model_of_megabytes_is_not_repeated() -> None:
    kind, text, hint = message(config(channel()), "x" * 1_000_000)
    assert kind == "not_found"
    assert len(text) + len(hint) < 1000


def test_another_protocol_is_spoken_only_where_it_can_be_converted() -> None:
    conf = config(channel())
    assert find(conf, "claude-x", "openai_chat", {}).usable == ()
    (converted,) = find(conf, "claude-x", "openai_chat", {}, {"anthropic"}).usable
    assert (converted.protocol, converted.native) == ("anthropic", False)


def test_the_clients_own_protocol_is_used_where_the_channel_speaks_it() -> None:
    conf = config(channel(endpoints={"openai_chat": "https://chat.example"}))
    (native,) = find(conf, "claude-x", "openai_chat", {}, {"anthropic", "openai_chat"}).usable
    assert (native.protocol, native.base_url, native.native) == (
        "openai_chat",
        "https://chat.example",
        True,
    )


def test_a_channel_that_takes_any_model_gives_way_to_those_that_name_it() -> None:
    engine = channel("local", "anthropic-compatible", base_url="http://localhost:1", models=("*",))
    conf = config(channel("claude"), engine)
    found = find(conf, "claude-opus-4-5", "anthropic", {})
    assert [c.channel.name for c in found.usable] == ["claude"]
    assert found.rejected[0].channel == "local"
    assert [c.channel.name for c in find(conf, "qwen", "anthropic", {}).usable] == ["local"]


def test_a_channel_that_takes_any_model_serves_what_nobody_else_can_now() -> None:
    engine = channel("local", "anthropic-compatible", base_url="http://localhost:1", models=("*",))
    conf = config(channel("claude", enabled=False), engine)
    found = find(conf, "claude-opus-4-5", "anthropic", {})
    assert [c.channel.name for c in found.usable] == ["local"]


@pytest.mark.parametrize(
    ("profile", "usable"),
    [
        (Profile("p"), "abc"),
        (Profile("p", channels=("c", "a")), "ac"),
        (Profile("p", tags=("cheap",)), "ab"),
        (Profile("p", tags=("cheap", "fast")), "abc"),
        (Profile("p", tags=("cheap", "fast"), tags_match="all"), "b"),
        (Profile("p", tags=("cheap",), tags_match="none"), "c"),
        (Profile("p", tags=("nobody's",)), ""),
        (Profile("p", channels=("a", "c"), tags=("fast",)), "c"),
        (Profile("p", channels=("a", "c"), tags=("fast",), tags_match="none"), "a"),
    ],
)
def test_a_profile_uses_the_channels_that_it_names_by_name_and_tag(
    profile: Profile, usable: str
) -> None:
    conf = config(
        channel("a", tags=("cheap",)),
        channel("b", tags=("cheap", "fast")),
        channel("c", tags=("fast",)),
    )
    found = find(conf, "claude-opus-4-5", "anthropic", {}, (), profile)
    assert "".join(c.channel.name for c in found.usable) == usable
    assert len(found.rejected) == 3 - len(usable)


def test_channels_left_out_by_the_profile_are_told_with_the_reason() -> None:
    def reason(*, profile: Profile) -> str:
        conf = config(channel("a", tags=("x",)))
        (rejected,) = find(conf, "claude-opus-4-5", "anthropic", {}, (), profile).rejected
        return rejected.reason

    assert reason(profile=Profile("cheap", channels=("b",))) == (
        "is not among profile cheap's channels"
    )
    assert reason(profile=Profile("cheap", tags=("y", "z"))) == (
        "has none of profile cheap's tags (y, z)"
    )
    assert reason(profile=Profile("cheap", tags=("x", "z"), tags_match="all")) == (
        "has not all of profile cheap's tags (x, z)"
    )
    assert reason(profile=Profile("cheap", tags=("x",), tags_match="none")) == (
        "has a tag that profile cheap avoids (x)"
    )
