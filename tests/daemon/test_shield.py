"""What a browser would send and no client of ours: foreign origins, rebound host names."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import Server
from axonhub_cli.daemon.shield import Scope, Shield, find_refusal, host_name
from axonhub_cli.proxy.guard import Receive
from axonhub_cli.proxy.reply import Send

DEFAULT = Server()


def refusal(*pairs: tuple[str, str], server: Server = DEFAULT) -> str | None:
    return find_refusal([(n.encode(), v.encode("latin-1")) for n, v in pairs], server)


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8090", "LocalHost:8090", "127.0.0.1", "127.0.0.1:8090", "[::1]"]
    + ["[::1]:8090", "192.168.1.5:8090", "0.0.0.0:1", "[fd00::1]:8090", "[0:0:0:0:0:0:0:1]:1"],
)
def test_localhost_and_addresses_pass(host: str) -> None:
    assert refusal(("host", host)) is None


@pytest.mark.parametrize(
    "host",
    ["evil.com", "evil.com:8090", "localhost.evil.com", "127.0.0.1.evil.com", "127.0.0.1.nip.io"]
    + ["evil.com:localhost", "", ":8090", "[", "[]", "[evil.com]", "::1", "notlocalhost"]
    + ["localhost\x00.evil.com", "localhost,evil.com", "evil.com@localhost", "127.1", "0x7f.1"]
    + ["2130706433", "127.0.0.01", "١٢٧.0.0.1".encode().decode("latin-1"), "localhost.", "*"],
)
def test_any_other_name_is_refused(host: str) -> None:
    """DNS rebinding: a name of the attacker's that resolves to this machine."""
    found = refusal(("host", host))
    assert found is not None
    assert "server.allowed_hosts" in found


def test_exactly_one_host_is_sent() -> None:
    for hosts in ((), ("localhost", "localhost"), ("localhost", "evil.com")):
        found = refusal(("user-agent", "x"), *(("host", host) for host in hosts))
        assert found is not None
        assert "one host" in found


@pytest.mark.parametrize("allowed", ["gateway.lan", "Gateway.LAN", "gateway.lan:8090"])
@pytest.mark.parametrize("host", ["gateway.lan", "GATEWAY.lan:8090", "gateway.lan:1"])
def test_a_name_may_be_allowed_with_or_without_its_port(allowed: str, host: str) -> None:
    server = Server(allowed_hosts=("other", allowed))
    assert refusal(("host", host), server=server) is None
    assert refusal(("host", "sub.gateway.lan"), server=server) is not None
    assert refusal(("host", "gateway.lan.evil.com"), server=server) is not None


@pytest.mark.parametrize("allowed", ["", ":8090", "*", "*.com"])
def test_an_odd_entry_allows_nobody_else(allowed: str) -> None:
    assert refusal(("host", "evil.com"), server=Server(allowed_hosts=(allowed,))) is not None


@pytest.mark.parametrize(
    "origin",
    ["http://evil.com", "null", "", "http://localhost:8090", "https://127.0.0.1", "file://"]
    + ["chrome-extension://abc", "http://evil.com, http://ok.com", "é"],
)
def test_a_web_page_is_refused(origin: str) -> None:
    found = refusal(("host", "localhost"), ("origin", origin))
    assert found is not None
    assert "server.allowed_origins" in found


def test_an_allowed_origin_is_exact_and_each_one_counts() -> None:
    server = Server(allowed_origins=("http://ok.com:1", "null"))
    host = ("host", "localhost")
    assert refusal(host, ("origin", "http://ok.com:1"), server=server) is None
    assert refusal(host, ("origin", "null"), server=server) is None
    for other in ("http://ok.com", "https://ok.com:1", "http://ok.com:1.evil", "http://ok.com:1/"):
        assert refusal(host, ("origin", other), server=server) is not None
    both = (("origin", "http://ok.com:1"), ("origin", "http://evil.com"))
    assert refusal(host, *both, server=server) is not None
    assert refusal(("host", "evil.com"), ("origin", "null"), server=server) is not None


@given(st.binary(max_size=20))
def test_no_bytes_break_the_check(value: bytes) -> None:
    refusal = find_refusal([(b"host", value)], DEFAULT)
    assert refusal is None or host_name(value.decode("latin-1")) != "localhost"
    assert find_refusal([(b"host", b"localhost"), (b"origin", value)], DEFAULT) is not None


class Inner:
    """The application behind the shield."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(scope["type"])


def passed(kind: str, *pairs: tuple[bytes, bytes]) -> tuple[list[str], list[Any]]:
    inner, messages = Inner(), list[Any]()

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("a refused request is not read")

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    shield = Shield(inner, lambda: DEFAULT, lambda: 0.0)
    scope = {"type": kind, "path": "/v1/messages", "headers": list(pairs)}
    asyncio.run(shield(scope, receive, send))
    return inner.seen, messages


def test_a_refusal_is_a_403_in_the_protocols_shape_without_cors() -> None:
    seen, (start, body) = passed("http", (b"host", b"localhost"), (b"origin", b"http://evil.com"))
    assert seen == []
    assert start["status"] == 403
    assert not any(name.startswith(b"access-control") for name, _ in start["headers"])
    assert json.loads(body["body"])["error"]["type"] == "permission_error"


def test_what_may_pass_reaches_the_application() -> None:
    assert passed("http", (b"host", b"127.0.0.1:8090")) == (["http"], [])
    assert passed("lifespan") == (["lifespan"], [])


def test_the_settings_of_the_moment_count() -> None:
    settings = [Server(), Server(allowed_hosts=("gateway.lan",))]
    inner = Inner()
    shield = Shield(inner, lambda: settings[0], lambda: 0.0)
    scope = {"type": "http", "path": "/", "headers": [(b"host", b"gateway.lan")]}

    async def receive() -> MutableMapping[str, Any]:
        return {}

    async def send(message: MutableMapping[str, Any]) -> None:
        assert message

    asyncio.run(shield(scope, receive, send))
    assert inner.seen == []
    settings.pop(0)
    asyncio.run(shield(scope, receive, send))
    assert inner.seen == ["http"]
