"""What a request sees of the configuration: a session's token, and a channel's limits."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from axonhub_cli.config.schema import Channel, Config, Server
from axonhub_cli.config.secrets import Secret
from axonhub_cli.proxy.snapshot import Snapshot, Token, limits_of

CHANNEL = Channel(name="main", type="anthropic")


def snapshot(*labels: str) -> Snapshot:
    tokens = tuple(Token(label, Secret(f"value of {label}")) for label in labels)
    return Snapshot(config=Config(), tokens={"main": tokens})


def label(found: Snapshot, session: str) -> str | None:
    token = found.token(CHANNEL, session)
    return token.label if token is not None else None


def test_a_channel_may_have_no_token_or_one() -> None:
    assert label(snapshot(), "s") is None
    assert label(Snapshot(config=Config()), "s") is None
    assert {label(snapshot("only"), f"s{number}") for number in range(50)} == {"only"}


def test_sessions_are_shared_equally_among_tokens() -> None:
    many = snapshot("a", "b", "c")
    counts = Counter(label(many, f"session-{number}") for number in range(3000))
    assert all(count == pytest.approx(1000, abs=100) for count in counts.values())
    assert len(counts) == 3


def test_a_session_keeps_its_token_when_another_comes_or_goes() -> None:
    for number in range(300):
        session = f"session-{number}"
        before = label(snapshot("a", "b"), session)
        assert label(snapshot("b", "a"), session) == before
        assert label(snapshot("c", "b", "a"), session) in (before, "c")


def test_a_token_is_never_shown() -> None:
    shown = repr(snapshot("a"))
    assert "***" in shown
    assert "value of" not in shown


def limits(server: Server | None = None, **channel: Any) -> tuple[float, ...]:
    fields: dict[str, Any] = {"name": "main", "type": "anthropic"} | channel
    found = limits_of(server or Server(), Channel(**fields))
    return (found.connect, found.first_event, found.idle, found.total)


def test_limits_are_the_servers_unless_the_channel_has_its_own() -> None:
    assert limits() == (10.0, 180.0, 180.0, 600.0)
    own = limits(first_event_timeout="5s", idle_timeout="500ms")
    assert own == (10.0, 5.0, 0.5, 600.0)
    server = Server(connect_timeout="1s", first_event_timeout="2s", idle_timeout="3s")
    assert limits(server) == (1.0, 2.0, 3.0, 600.0)


@pytest.mark.parametrize("host", ["localhost:11434", "127.0.0.1", "[::1]:1", "0.0.0.0:8080"])
def test_a_local_engine_gets_longer_for_its_first_event(host: str) -> None:
    assert limits(base_url=f"http://{host}")[1] == 600.0
    assert limits(Server(first_event_timeout="900s"), base_url=f"http://{host}")[1] == 900.0
    assert limits(base_url=f"http://{host}", first_event_timeout="5s")[1] == 5.0
    assert limits(Server(first_event_timeout="2s"), base_url=f"http://{host}")[1] == 2.0


@pytest.mark.parametrize("url", ["https://localhost.example.com", "http://192.168.0.2:11434"])
def test_another_machine_does_not(url: str) -> None:
    assert limits(base_url=url)[1] == 180.0
