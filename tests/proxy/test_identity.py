"""Who the client is, Anthropic and this machine are told; nobody else unless a channel says so."""

from __future__ import annotations

import json

import pytest

from axonhub_cli.config.schema import Channel
from axonhub_cli.proxy.identity import is_told, without_user_id

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
        (b'{"metadata":null}', b'{"metadata":null}'),
        (b'{"user_id":1}', b'{"user_id":1}'),
        (b'{"metadata":{"user\\u005fid":1,"b":2}}', b'{"metadata":{"b":2}}'),
    ],
)
def test_only_the_name_is_taken_out(body: bytes, expected: bytes) -> None:
    assert without_user_id(body) == expected
    assert "user_id" not in (json.loads(without_user_id(body)).get("metadata") or {})
