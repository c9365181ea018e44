"""Who the client is, Anthropic and this machine are told; nobody else unless a channel says so."""

from __future__ import annotations

import json

import pytest

from axonhub_cli import jsonio
from axonhub_cli.config.schema import Channel
from axonhub_cli.proxy.identity import is_told, user_id_edits
from tests.support.daemon import Daemon
from tests.support.forward_proxy import ForwardProxy
from tests.support.home import Home, channel
from tests.support.upstream import Upstream

GATEWAY = "https://gateway.example.com"


@pytest.mark.parametrize(
    ("type_", "base_url", "told"),
    [
        ("anthropic", "https://api.anthropic.com", True),
        ("claude-code", "https://api.anthropic.com/v1", True),
        # The type says that Anthropic is behind it, whatever the way there.
        ("claude-code", GATEWAY, True),
        ("anthropic-compatible", "https://api.anthropic.com", True),
        ("anthropic-compatible", GATEWAY, False),
        ("anthropic-compatible", "https://anthropic.com.example.com", False),
        ("anthropic-compatible", "https://notanthropic.com", False),
        ("anthropic-compatible", "http://127.0.0.1:8090/anthropic", True),
        ("anthropic-compatible", "http://localhost.:8090", True),
        ("anthropic-compatible", "http://192.168.1.5:8090", False),
        ("echo", "echo:", True),
    ],
)
def test_anthropic_and_this_machine_are_told_by_themselves(
    type_: str, base_url: str, told: bool
) -> None:
    assert is_told(Channel(name="a", type=type_), base_url) is told


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize("base_url", [GATEWAY, "https://api.anthropic.com", "http://localhost"])
def test_what_the_channel_says_counts(base_url: str, said: bool) -> None:
    for type_ in ("anthropic", "anthropic-compatible"):
        assert is_told(Channel(name="a", type=type_, client_identity=said), base_url) is said


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"metadata": {"user_id":"u"} , "a":1.0}', b'{"a":1.0}'),
        (b'{"a":1.0,"metadata": {"user_id":"u" , "b": 2}}', b'{"a":1.0,"metadata": {"b": 2}}'),
        (b'{"metadata":{}}', b'{"metadata":{}}'),
        (
            b'{"metadata":{"user_id":1},"a":2,"metadata":{"user_id":3,"b":4}}',
            b'{"a":2,"metadata":{"b":4}}',
        ),
        (b'{"metadata":null}', b'{"metadata":null}'),
        (b'{"user_id":1}', b'{"user_id":1}'),
        (b'{"metadata":{"user\\u005fid":1,"b":2}}', b'{"metadata":{"b":2}}'),
    ],
)
def test_only_the_name_is_taken_out(body: bytes, expected: bytes) -> None:
    spliced = jsonio.splice(body, user_id_edits(body, jsonio.object_spans(body)))
    assert spliced == expected
    assert "user_id" not in (json.loads(spliced).get("metadata") or {})


@pytest.mark.parametrize("said", [None, True])
def test_a_third_party_hears_of_a_session_when_the_channel_says_so(
    home: Home, upstream: Upstream, said: bool | None
) -> None:
    """A request of Claude Code's through a daemon, to a host that is only reached by a proxy."""
    proxy = ForwardProxy(upstream.port)
    proxy.start()
    identity = {} if said is None else {"client_identity": said}
    address = f"http://127.0.0.1:{proxy.port}"
    home.configure(channel("http://gateway.example.com", proxy=address, **identity))
    daemon = Daemon(home).start()
    user = {"user_id": '{"device_id":"d","session_id":"s"}'}
    body = {"model": "claude-x", "max_tokens": 9, "metadata": user, "messages": []}
    try:
        status, _, _ = daemon.post(
            json.dumps(body).encode(),
            **{"user-agent": "claude-cli/2.1.330", "x-claude-code-session-id": "s", "x-app": "cli"},
        )
    finally:
        daemon.stop()
        proxy.stop()
    assert status == 200
    (seen,) = upstream.requests
    assert (seen.json.get("metadata"), seen.header("x-claude-code-session-id")) == (
        (user, "s") if said else (None, None)
    )
    assert seen.header("x-app") == "cli"
