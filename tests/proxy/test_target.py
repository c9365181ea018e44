"""What a candidate is asked with, and what it may learn."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.config.schema import Channel, Config, Key
from axonhub_cli.config.secrets import Secret
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.snapshot import Snapshot, Token
from axonhub_cli.proxy.target import Origin, Reasoning, Target
from axonhub_cli.routing.candidates import Candidate

OAUTH = "sk-ant-oat01-" + "x" * 8


def target(
    type_: str, token: str | None = None, protocol: str = "anthropic", **channel: Any
) -> Target:
    call = ClientCall(
        protocol=PROTOCOLS["anthropic"],
        route=PROTOCOLS["anthropic"].routes[0],
        query="",
        headers=[],
        body=b'{"model":"m"}',
        key=Key("default", "sha256:0"),
        profile=None,
        snapshot=Snapshot(config=Config()),
    )
    candidate = Candidate(
        Channel(name="a", type=type_, **channel), "m", protocol, "https://api.example.com"
    )
    shown = Token("t", Secret(token)) if token is not None else None
    return Target.of(call, candidate, shown, Origin("req_1", session="s"), Reasoning())


@pytest.mark.parametrize(
    ("type_", "token", "expected"),
    [
        ("claude-code", OAUTH, True),
        ("claude-code", "sk-ant-api03-x", False),
        ("claude-code", None, False),
        ("anthropic-compatible", OAUTH, False),
    ],
)
def test_a_subscription_is_known_by_its_token(
    type_: str, token: str | None, expected: bool
) -> None:
    assert target(type_, token).is_subscription is expected


def test_only_a_third_party_of_the_same_words_has_the_user_kept_back() -> None:
    assert target("anthropic-compatible").keeps_user
    assert not target("anthropic-compatible", client_identity=True).keeps_user
    assert not target("anthropic").keeps_user
    assert not target("openai-compatible", protocol="openai_chat").keeps_user


def test_quirks_know_the_session_and_what_may_be_told() -> None:
    settings = target("deepseek", client_identity=True).settings
    assert (settings.session, settings.tells_user) == ("s", True)
    assert not target("deepseek").settings.tells_user
    assert target("deepseek").dialect.name == "deepseek-anthropic"
