"""A channel's limits that can be held to, and those that cannot."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.config.rules import find_faults
from axonhub_cli.config.rules_limits import limit_faults
from axonhub_cli.config.schema import Channel, Config


def channel(**limits: Any) -> Channel:
    return Channel(name="a", type="echo", **limits)


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"rpm": 1, "tpm": 1, "concurrency": 1, "queue": 0, "queue_timeout": "1ms"},
        {"rpm": 10**9, "queue": 100_000, "queue_timeout": "1h"},
    ],
)
def test_a_limit_of_one_or_more_and_a_queue_of_none_or_more_are_fine(limits: Any) -> None:
    assert list(limit_faults(channel(**limits))) == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("rpm", 0, "would let nothing in"),
        ("tpm", -1, "would let nothing in"),
        ("concurrency", 0, "would let nothing in"),
        ("queue", -1, "from 0 to 100,000"),
        ("queue", 100_001, "from 0 to 100,000"),
        ("queue_timeout", "0s", "`queue = 0` lets nobody wait"),
        ("queue_timeout", "soon", "soon"),
    ],
)
def test_one_that_cannot_be_held_to_is_told(name: str, value: Any, says: str) -> None:
    config = Config(channels=(channel(**{name: value}),))
    ((where, what),) = find_faults(config)
    assert where == f"channels[0].{name}"
    assert says in what
