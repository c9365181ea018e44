from __future__ import annotations

import pytest

from axonhub_cli.config.schema import Channel, Config, Key, Profile

CONFIG = Config(
    channels=(Channel(name="a", type="echo"),),
    profiles=(Profile(name="p"),),
    keys=(Key(name="k", hash="sha256:"),),
)


def test_entries_are_found_by_name() -> None:
    assert CONFIG.channel("a") is CONFIG.channels[0]
    assert CONFIG.profile("p") is CONFIG.profiles[0]
    assert CONFIG.key("k") is CONFIG.keys[0]
    assert CONFIG.channel("b") is None
    assert CONFIG.profile("a") is None
    assert CONFIG.key("a") is None


def test_nothing_can_be_changed_in_place() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        CONFIG.server.port = 1  # type: ignore[misc]
