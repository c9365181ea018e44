from __future__ import annotations

from axonhub_cli.config.nearest import did_you_mean


def test_a_near_name_is_proposed() -> None:
    assert did_you_mean("wieght", ["name", "weight"]) == ": did you mean 'weight'?"


def test_without_a_near_name_all_are_listed() -> None:
    assert did_you_mean("xyz", ["name", "weight"]) == ": known are name, weight"


def test_nothing_known_says_nothing() -> None:
    assert did_you_mean("xyz", []) == ""
