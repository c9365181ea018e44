"""What a request sees of the configuration: its tokens, hidden, and a channel's limits."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.config.schema import Channel, Config, Server
from axonhub_cli.config.secrets import Secret
from axonhub_cli.proxy.snapshot import Snapshot, Token, limits_of

CHANNEL = Channel(name="main", type="anthropic")


def snapshot(*labels: str) -> Snapshot:
    tokens = tuple(Token(label, Secret(f"value of {label}")) for label in labels)
    return Snapshot(config=Config(), tokens={"main": tokens})


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
