"""Which channels serve a model, and the reason for each that does not."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.config.schema import Channel, Config, Mapping, Profile, When
from axonhub_cli.routing.candidates import DENIED, find, refuse
from axonhub_cli.routing.conditions import Traits


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


def test_a_model_that_the_profile_does_not_allow_is_a_404_that_says_what_it_allows() -> None:
    cheap = Profile("cheap", models=("claude-haiku-*", "fast"))
    error = refuse(config(channel()), "claude-opus", DENIED, cheap)
    assert (error.kind, error.message, error.hint) == (
        "not_found",
        "profile cheap does not allow the model 'claude-opus'; it allows: claude-haiku-*, fast",
        "axonhub profile limit cheap --model claude-opus …",
    )


def test_channels_that_the_profile_leaves_out_are_no_reason_to_try_again_later() -> None:
    cheap = Profile("cheap", channels=("b",))
    conf = config(channel("a"), channel("b", models=("x",)))
    found = find(conf, "claude-opus-4-5", "anthropic", {}, (), cheap)
    error = refuse(conf, "claude-opus-4-5", found, cheap)
    assert (error.kind, error.hint) == ("not_found", "axonhub profile show cheap")
    assert error.message == (
        "no channel of profile cheap serves 'claude-opus-4-5' for this request: "
        "a is not among profile cheap's channels"
    )
    broken = find(conf, "x", "anthropic", {"b": "has no usable token"}, (), cheap)
    assert refuse(conf, "x", broken, cheap).kind == "unavailable"


def test_known_models_are_those_of_the_profile() -> None:
    cheap = Profile("cheap", channels=("b",), mappings=(Mapping("fast", "x"),))
    conf = config(channel("a"), channel("b", models=("x",)))
    found = find(conf, "gpt", "anthropic", {}, (), cheap)
    assert refuse(conf, "gpt", found, cheap).message.endswith("; there are: fast, x")


def test_what_a_channels_conditions_keep_out_is_told_with_them() -> None:
    picky = channel(when=When(background=True, over_tokens=9))
    found = find(config(picky), "claude-opus-4-5", "anthropic", {})
    assert found.rejected[0].reason == "serves only background requests of over 9 tokens"
    assert refuse(config(picky), "claude-opus-4-5", found).kind == "not_found"
    traits = Traits(background=True, tokens=10)
    assert find(config(picky), "claude-opus-4-5", "anthropic", {}, (), None, traits).usable
