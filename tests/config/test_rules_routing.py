"""Rules of what follows a failure: what is refused, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.config.rules import find_faults
from axonhub_cli.config.schema import Channel, Config, Routing


def faults_of(channel: dict[str, Any] | None = None, **routing: Any) -> list[tuple[str, str]]:
    entry = Channel(name="a", type="echo", **(channel or {}))
    return list(find_faults(Config(channels=(entry,), routing=Routing(**routing))))


def test_what_may_be_said_is_taken() -> None:
    policy = {"529": "give_up", "418": "next", "timeout": "same", "prompt_too_long": "next"}
    assert faults_of({"policy": policy, "retries": 0}, retry_delay="0s", retries=20) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("time_out", "did you mean 'timeout'?"),
        ("prompt_to_long", "did you mean 'prompt_too_long'?"),
        ("399", "neither a kind of failure nor a status"),
        ("1e3", "neither a kind of failure nor a status"),
    ],
)
def test_an_unknown_kind_of_failure_is_told_with_the_nearest_one(name: str, words: str) -> None:
    [(where, what)] = faults_of({"policy": {name: "next"}})
    assert where == f"channels[0].policy.{name}"
    assert words in what


@pytest.mark.parametrize("retries", [-1, 21])
def test_retries_have_bounds(retries: int) -> None:
    assert [where for where, _ in faults_of({"retries": retries})] == ["channels[0].retries"]
    assert [where for where, _ in faults_of(retries=retries)] == ["routing.retries"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("budget", "0s"), ("budget", "5"), ("retry_delay", "soon"), ("breaker_probe", "0ms")],
)
def test_durations_are_durations(name: str, text: str) -> None:
    assert [where for where, _ in faults_of(**{name: text})] == [f"routing.{name}"]


def test_a_breaker_needs_a_failure_to_open() -> None:
    assert [where for where, _ in faults_of(breaker_failures=0)] == ["routing.breaker_failures"]
