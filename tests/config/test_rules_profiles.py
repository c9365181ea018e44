"""Rules for profiles, quotas, conditions and mappings, each fault at its place."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from axonhub_cli.config.load import parse
from axonhub_cli.config.rules import find_faults
from axonhub_cli.config.schema import Config
from axonhub_cli.errors import ConfigError

CHANNELS = [{"name": "big", "type": "anthropic"}, {"name": "small", "type": "anthropic"}]


def faults(profile: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    data = {"channels": CHANNELS, "profiles": [{"name": "p", **profile}], **more}
    return list(find_faults(msgspec.convert(data, Config)))


def channel_faults(**fields: Any) -> list[tuple[str, str]]:
    channel = {"name": "a", "type": "anthropic", **fields}
    return list(find_faults(msgspec.convert({"channels": [channel]}, Config)))


def test_a_full_profile_has_no_faults() -> None:
    profile = {
        "mappings": [
            {"from": "claude-.*", "to": "x", "when": {"background": True, "client": ["codex"]}},
            {"from": "claude-.*", "to": "y", "when": {"time": "mon-fri 09:00-17:00"}},
        ],
        "models": ["claude-*"],
        "channels": ["small", "big"],
        "tags": ["cheap"],
        "tags_match": "none",
        "strategy": "failover",
        "weights": {"big": 0, "small": 100},
        "last_resort": True,
        "quotas": [{"requests": 5}, {"cost": 0.5, "per": "month"}, {"tokens": 9, "sliding": True}],
    }
    assert faults(profile) == []


@pytest.mark.parametrize(
    ("profile", "where", "what"),
    [
        ({"channels": ["big", "smal"]}, "channels[1]", "no channel 'smal': did you mean 'small'?"),
        ({"weights": {"bog": 1}}, "weights.bog", "there is no channel 'bog': did you mean 'big'?"),
        ({"weights": {"big": 101}}, "weights.big", "101 is not between 0 and 100"),
        ({"models": ["a", " "]}, "models[1]", "empty"),
        ({"tags": [""]}, "tags[0]", "empty"),
        ({"mappings": [{"from": "a(", "to": "b"}]}, "mappings[0].from", "position 1"),
        ({"mappings": [{"from": "a", "to": " "}]}, "mappings[0].to", "empty"),
        ({"mappings": [{"from": "a", "to": "b", "when": {}}]}, "mappings[0].when", "leave it out"),
        (
            {"mappings": [{"from": "a", "to": "b", "when": {"time": "9-5"}}]},
            "mappings[0].when.time",
            "is not HH:MM-HH:MM",
        ),
        (
            {"mappings": [{"from": "a", "to": "b", "when": {"client": ["claude"]}}]},
            "mappings[0].when.client[0]",
            "unknown client 'claude'",
        ),
        ({"quotas": [{}]}, "quotas[0]", "it limits nothing"),
        ({"quotas": [{"requests": 0}]}, "quotas[0].requests", "at least 1"),
        ({"quotas": [{"tokens": -1}]}, "quotas[0].tokens", "at least 1"),
        ({"quotas": [{"cost": 0.0}]}, "quotas[0].cost", "no amount"),
        ({"quotas": [{"cost": float("nan")}]}, "quotas[0].cost", "no amount"),
        ({"quotas": [{"cost": 1, "per": "all", "sliding": True}]}, "quotas[0].sliding", "all time"),
        ({"quotas": [{"cost": 1.0}, {"tokens": 1}]}, "quotas[1]", "the same 'day' above"),
    ],
)
def test_a_fault_is_told_at_its_place(profile: dict[str, Any], where: str, what: str) -> None:
    ((place, said),) = faults(profile)
    assert place == f"profiles[0].{where}"
    assert what in said


def test_a_keys_quotas_are_checked_alike() -> None:
    key = {"name": "k", "hash": "sha256:" + "0" * 64, "quotas": [{"per": "hour"}]}
    ((place, _),) = faults({}, keys=[key])
    assert place == "keys[0].quotas[0]"


@pytest.mark.parametrize(
    ("fields", "where", "what"),
    [
        ({"when": {"over_tokens": 0}}, "when.over_tokens", "0 is no number of tokens"),
        ({"when": {}}, "when", "leave it out"),
        (
            {"mappings": [{"from": "a", "to": "b", "when": {"images": True}}]},
            "mappings[0].when",
            "a channel's mapping has no conditions",
        ),
        ({"models": ["a", ""]}, "models[1]", "empty"),
        ({"prefix": ""}, "prefix", "'' is no prefix"),
        ({"prefix": "a/"}, "prefix", "no slash at its ends"),
        ({"prefix": "a b"}, "prefix", "is no prefix"),
        ({"trimmed_prefixes": ["x", "y*"]}, "trimmed_prefixes[1]", "'y*' is no prefix"),
        ({"hide_originals": True}, "hide_originals", "no model is left"),
        (
            {"hide_originals": True, "hide_aliases": True, "prefix": "p"},
            "hide_aliases",
            "no model would be listed",
        ),
    ],
)
def test_a_channels_fault_is_told_at_its_place(
    fields: dict[str, Any], where: str, what: str
) -> None:
    ((place, said),) = channel_faults(**fields)
    assert place == f"channels[0].{where}"
    assert what in said


def test_channels_with_every_rule_for_models_have_no_faults() -> None:
    assert channel_faults(when={"subagent": True}, prefix="or/x", trimmed_prefixes=["a/b"]) == []
    assert channel_faults(hide_originals=True, prefix="p", lower_case=True) == []
    assert channel_faults(hide_aliases=True) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[profiles]]\nname = "p"\nmodles = []', "line 3: profiles[0].modles: unknown key"),
        (
            '[[profiles]]\nname = "p"\nmappings = [{ from = "a", to = "b", when.tine = "x" }]',
            "profiles[0].mappings[0].when.tine: unknown key 'tine': did you mean 'time'?",
        ),
        (
            '[[profiles]]\nname = "p"\nstrategy = "failovr"',
            "line 3: profiles[0].strategy: unknown value 'failovr': did you mean 'failover'?",
        ),
    ],
)
def test_a_file_edited_by_hand_is_told_what_is_wrong_and_where(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, source="config.toml", environ={})
    assert said in caught.value.message
