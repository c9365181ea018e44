"""Which proxy a URL goes through, and the forms that NO_PROXY is written in."""

from __future__ import annotations

import pytest

from axonhub_cli.proxy.proxies import ProxyRules


def find(url: str, own: str | None = None, **environ: str) -> str | None:
    return ProxyRules(environ).find(url, own)


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({}, "https://api.example.com", None),
        ({"https_proxy": "http://p:1"}, "https://api.example.com/v1", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "https://api.example.com", "http://p:1"),
        ({"https_proxy": "http://p:1"}, "http://api.example.com", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://api.example.com", "http://p:1"),
        ({"ALL_PROXY": "socks5://p:1"}, "https://api.example.com", "socks5://p:1"),
        ({"ALL_PROXY": "a://p", "https_proxy": "b://p"}, "https://api.example.com", "b://p"),
        ({"https_proxy": "low://p", "HTTPS_PROXY": "UP://p"}, "https://x.com", "low://p"),
        ({"https_proxy": "", "HTTPS_PROXY": "UP://p"}, "https://x.com", "UP://p"),
        ({"https_proxy": "p.example:3128"}, "https://x.com", "http://p.example:3128"),
    ],
)
def test_the_environment_names_the_proxy(
    environ: dict[str, str], url: str, proxy: str | None
) -> None:
    assert find(url, **environ) == proxy


def test_the_channels_own_proxy_comes_first() -> None:
    assert find("https://x.com", "http://own:1", https_proxy="http://p:1") == "http://own:1"
    assert find("https://x.com", "http://own:1", no_proxy="*") == "http://own:1"


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST", "localhost.", "api.localhost", "127.0.0.1", "127.8.9.1", "[::1]"]
    + ["0.0.0.0", "[::]"],
)
def test_this_machine_is_never_reached_through_a_proxy(host: str) -> None:
    for port in ("", ":11434"):
        assert find(f"http://{host}{port}/v1", "http://own:1", ALL_PROXY="http://p:1") is None


@pytest.mark.parametrize(
    ("no_proxy", "host", "without"),
    [
        ("*", "api.example.com", True),
        ("example.com", "example.com", True),
        ("example.com", "api.example.com", True),
        ("example.com", "notexample.com", False),
        ("example.com", "example.com.evil.org", False),
        (".example.com", "api.example.com", True),
        (".example.com", "example.com", True),
        ("*.example.com", "api.example.com", True),
        ("*.example.com", "badexample.com", False),
        ("EXAMPLE.com", "Api.Example.COM", True),
        ("example.com.", "example.com", True),
        ("example.com", "example.com.", True),
        (" a.org , example.com ,", "example.com", True),
        ("a.org b.org", "b.org", False),
        ("example.com:443", "example.com", True),
        ("example.com:8443", "example.com", False),
        ("example.com:8443", "example.com:8443", True),
        ("example.com:443", "example.com:8443", False),
        ("example.com:", "example.com", True),
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.11", False),
        ("10.0.0.0/8", "10.200.3.4", True),
        ("10.1.2.3/8", "10.200.3.4", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("10.0.0.0/8", "10.example.com", False),
        ("10.0.0.1:8080", "10.0.0.1:8080", True),
        ("10.0.0.1:8080", "10.0.0.1", False),
        ("fd00::1", "[fd00::1]", True),
        ("[fd00::1]", "[fd00::1]", True),
        ("[fd00::1]:8080", "[fd00::1]:8080", True),
        ("[fd00::1]:8080", "[fd00::1]:9090", False),
        ("fd00::/8", "[fd12::3]", True),
        ("fd00::/8", "10.0.0.1", False),
        ("10.0.0.0/33", "10.0.0.1", False),
        ("[", "example.com", False),
        (".", "example.com", False),
        (":", "example.com", False),
        ("*.", "example.com", False),
        ("", "example.com", False),
        (",,", "example.com", False),
    ],
)
def test_no_proxy_is_understood_in_all_its_forms(no_proxy: str, host: str, without: bool) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        found = find(f"https://{host}/v1", None, ALL_PROXY="http://p:1", **{name: no_proxy})
        assert found == (None if without else "http://p:1")


def test_the_port_of_plain_http_is_known_too() -> None:
    assert find("http://x.com", None, http_proxy="http://p:1", no_proxy="x.com:80") is None
