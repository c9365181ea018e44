from __future__ import annotations

from typing import Any

import msgspec
import pytest

from axonhub_cli.config.rules import find_faults
from axonhub_cli.config.schema import Config

HASH = "sha256:" + "0" * 64


def faults(**data: Any) -> list[tuple[str, str]]:
    return list(find_faults(msgspec.convert(data, Config)))


def channel_fault(**values: Any) -> tuple[str, str]:
    found = faults(channels=[{"name": "a", "type": "anthropic", **values}])
    assert len(found) == 1, found
    return found[0]


def test_a_full_configuration_has_no_faults() -> None:
    channel = {
        "name": "A.b_c-1",
        "type": "anthropic-compatible",
        "base_url": "http://[::1]:1/x##",
        "endpoints": {"anthropic": "https://a.example/v1#"},
        "models": ["a", "b-*"],
        "mappings": [{"from": "claude-.*", "to": "b"}],
        "tokens": ["keyring:a/b/1", "file:a", "env:A_1", "command:op read 'op://a b'"],
        "weight": 0,
        "proxy": "socks5h://u:p@localhost:1",
        "first_event_timeout": "1m30s",
    }
    key = {
        "name": "k",
        "hash": HASH,
        "secret": "file:x",
        "profiles": ["p"],
        "active_profile": "p",
    }
    server = {"drain_timeout": "0s", "tls_cert": "a", "tls_key": "b", "port": 0}
    assert faults(server=server, channels=[channel], profiles=[{"name": "p"}], keys=[key]) == []


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "ä", "a" * 65, "a\n"])
def test_names_are_plain(name: str) -> None:
    where, what = faults(profiles=[{"name": name}])[0]
    assert where == "profiles[0].name"
    assert "is not a name" in what


@pytest.mark.parametrize("section", ["channels", "profiles", "keys"])
def test_a_name_is_used_once(section: str) -> None:
    entry = {
        "channels": {"name": "a", "type": "echo"},
        "profiles": {"name": "a"},
        "keys": {"name": "a", "hash": HASH},
    }[section]
    assert faults(**{section: [entry, entry]}) == [
        (f"{section}[1].name", f"'a' is taken by {section}[0]")
    ]


def test_an_unknown_type_names_the_nearest() -> None:
    where, what = channel_fault(type="claude_code")
    assert (where, what) == (
        "channels[0].type",
        "unknown channel type 'claude_code': did you mean 'claude-code'?",
    )


def test_a_type_without_an_address_needs_one() -> None:
    assert channel_fault(type="anthropic-compatible")[0] == "channels[0].base_url"


@pytest.mark.parametrize("weight", [-1, 101])
def test_weights_are_percentages(weight: int) -> None:
    assert channel_fault(weight=weight) == (
        "channels[0].weight",
        f"{weight} is not between 0 and 100",
    )


@pytest.mark.parametrize(
    "url",
    ["", "example.org", "ftp://a", "https://", "https:///x", "http://a b"]
    + ["http://[::1", "http://a:0", "http://a:99999", "http://a:b", "http://:80"],
)
def test_a_base_url_is_http(url: str) -> None:
    where, what = channel_fault(base_url=url)
    assert where == "channels[0].base_url"
    assert "is not an http:// or https:// URL" in what


def test_a_base_url_holds_no_password_and_the_error_does_not_tell_it() -> None:
    _, what = channel_fault(base_url="https://me:hidden-part@a.example/")
    assert "hidden-part" not in what
    assert "channel's token" in what


def test_a_proxys_password_is_not_told() -> None:
    where, what = channel_fault(proxy="ftp://me:hidden-part@a.example")
    assert where == "channels[0].proxy"
    assert "hidden-part" not in what


def test_endpoints_are_named_by_protocols() -> None:
    assert channel_fault(endpoints={"anthropc": "https://a"}) == (
        "channels[0].endpoints.anthropc",
        "unknown protocol 'anthropc': did you mean 'anthropic'?",
    )


@pytest.mark.parametrize("token", ["pasted-token", "keyring:", "env:", "command: ", "vault:x", ""])
def test_a_pasted_token_is_refused_and_not_told(token: str) -> None:
    where, what = channel_fault(tokens=["env:A", token])
    assert where == "channels[0].tokens[1]"
    assert "pasted-token" not in what


def test_a_variable_has_a_variables_name() -> None:
    where, what = channel_fault(tokens=["env:two words"])
    assert (where, "env:ANTHROPIC_AUTH_TOKEN" in what) == ("channels[0].tokens[0]", True)


@pytest.mark.parametrize("text", ["10", "0s"])
def test_time_limits_have_a_unit_and_a_length(text: str) -> None:
    assert channel_fault(idle_timeout=text)[0] == "channels[0].idle_timeout"
    assert faults(server={"connect_timeout": text})[0][0] == "server.connect_timeout"


def test_a_bad_pattern_is_told_with_its_position() -> None:
    where, what = channel_fault(mappings=[{"from": "a", "to": "b"}, {"from": "a(", "to": "b"}])
    assert where == "channels[0].mappings[1].from"
    assert "position 1" in what


def test_a_rule_maps_to_something() -> None:
    found = faults(profiles=[{"name": "p", "mappings": [{"from": "a", "to": " "}]}])
    assert found == [("profiles[0].mappings[0].to", "a model's name is empty")]


def test_models_have_names() -> None:
    assert channel_fault(models=["a", ""])[0] == "channels[0].models[1]"


def test_a_keys_profiles_exist_and_hold_the_active_one() -> None:
    key = {"name": "k", "hash": HASH, "profiles": ["cheep"], "active_profile": "cheap"}
    assert faults(profiles=[{"name": "cheap"}], keys=[key]) == [
        ("keys[0].profiles[0]", "there is no profile 'cheep': did you mean 'cheap'?"),
        ("keys[0].active_profile", "'cheap' is not among this key's profiles"),
    ]


@pytest.mark.parametrize("value", ["ah-" + "0" * 64, "sha256:" + "0" * 63, "sha256:" + "G" * 64])
def test_a_keys_hash_is_one(value: str) -> None:
    assert faults(keys=[{"name": "k", "hash": value}])[0][0] == "keys[0].hash"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "fe80::1%eth0", "localhost", "a-b.example", "0.0.0.0", "::"]
)
def test_a_host_is_an_address_or_a_name(host: str) -> None:
    assert faults(server={"host": host}) == []


@pytest.mark.parametrize("host", ["", "a b", "http://localhost", "localhost:80", "a/b", "-x"])
def test_what_no_url_can_be_made_of_is_no_host(host: str) -> None:
    (fault,) = faults(server={"host": host})
    assert fault[0] == "server.host"
    assert "is neither an address" in fault[1]


def test_a_very_long_name_is_not_repeated_in_full() -> None:
    ((_, what),) = faults(profiles=[{"name": "a" * 3000}])
    assert len(what) < 250


def test_server_settings_are_in_range() -> None:
    assert faults(server={"port": 70000})[0] == ("server.port", "70000 is not between 0 and 65535")
    assert faults(server={"max_request_bytes": 0})[0][0] == "server.max_request_bytes"
    assert faults(server={"drain_timeout": "x"})[0][0] == "server.drain_timeout"
    assert faults(server={"tls_key": "x"})[0][0] == "server.tls_cert"
