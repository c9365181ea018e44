"""URLs of calls: base URLs with and without their version, their trailing slash, their `#`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import Channel
from axonhub_cli.routing.endpoints import call_url, endpoints, is_loopback


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1", "https://api.anthropic.com/v1/messages"),
        ("https://api.anthropic.com/v1/", "https://api.anthropic.com/v1/messages"),
        ("https://host/anthropic", "https://host/anthropic/v1/messages"),
        ("https://host/v1beta2", "https://host/v1beta2/messages"),
        ("https://host/v4", "https://host/v4/messages"),
        ("https://host/very", "https://host/very/v1/messages"),
        ("https://host/v1/proxy", "https://host/v1/proxy/v1/messages"),
        ("https://v1", "https://v1/v1/messages"),
        ("https://host/api#", "https://host/api/messages"),
        ("https://host/api/#", "https://host/api/messages"),
        ("https://host/exactly/this##", "https://host/exactly/this"),
        ("http://[::1]:8080", "http://[::1]:8080/v1/messages"),
        ("echo:", "echo:/v1/messages"),
    ],
)
def test_a_base_url_may_hold_its_version(base: str, url: str) -> None:
    assert call_url(base, "v1", "/messages") == url


def test_a_sub_path_follows_a_url_taken_as_it_is() -> None:
    url = call_url("https://host/this##", "v1", "/messages/count_tokens")
    assert url == "https://host/this/count_tokens"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://host", "https://host/v1/messages?beta=true&a=%2F"),
        ("https://host/m?v=1##", "https://host/m?v=1&beta=true&a=%2F"),
        ("https://host/m?v=1", "https://host/m/v1/messages?v=1&beta=true&a=%2F"),
        ("https://host/v1?v=1", "https://host/v1/messages?v=1&beta=true&a=%2F"),
        ("https://host/m?v=1#", "https://host/m/messages?v=1&beta=true&a=%2F"),
    ],
)
def test_the_clients_query_is_kept_as_it_came(base: str, url: str) -> None:
    assert call_url(base, "v1", "/messages", "beta=true&a=%2F") == url


def test_a_query_of_the_base_url_stays_behind_the_path() -> None:
    url = call_url("https://host/this?v=1##", "v1", "/messages/count_tokens")
    assert url == "https://host/this/count_tokens?v=1"


@given(st.sampled_from(["", "/", "/v1", "/v1/", "/a/v1"]), st.text("ab=&%", max_size=5))
def test_a_version_never_comes_twice(path: str, query: str) -> None:
    url = call_url(f"https://host{path}", "v1", "/messages", query)
    assert url.count("/v1/messages") == 1
    assert url.partition("?")[2] == query


def made(type_: str = "claude-code", **fields: Any) -> dict[str, str]:
    return endpoints(Channel(name="main", type=type_, **fields))


def test_a_preset_serves_its_own_endpoints() -> None:
    assert made() == {"anthropic": "https://api.anthropic.com"}
    assert made(protocol="anthropic") == {"anthropic": "https://api.anthropic.com"}
    assert made("anthropic-compatible") == {}
    assert made("unknown") == {}


def test_an_own_base_url_replaces_the_presets() -> None:
    assert made(base_url="http://localhost:1") == {"anthropic": "http://localhost:1"}
    assert made("unknown", base_url="http://localhost:1") == {"anthropic": "http://localhost:1"}


def test_a_named_endpoint_comes_before_all() -> None:
    own = made(base_url="http://a", endpoints={"anthropic": "http://b"})
    assert own == {"anthropic": "http://b"}
    assert made(endpoints={"other": "http://c"}) == {
        "anthropic": "https://api.anthropic.com",
        "other": "http://c",
    }


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("foo.localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("127.255.255.255", True),
        ("0.0.0.0", True),
        ("", False),
        (".", False),
        ("notlocalhost", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("192.168.0.1", False),
        ("10.0.0.1", False),
        ("fe80::1", False),
        ("2130706433", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
