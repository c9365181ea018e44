"""When an override applies."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.overrides.conditions import check, holds, matches
from axonhub_cli.overrides.variables import Facts


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        ("claude-opus", "claude-*", True),
        ("claude-opus", "claude", False),
        ("claude-sonnet[1m]", "claude-*[1m]", True),
        ("Claude", "claude", False),
        ("high", ["low", "high"], True),
        ("mid", ["low", "high"], False),
        (True, True, True),
        (True, "true", True),
        (False, True, False),
        (1024, 1024, True),
        (1024, "10*", True),
        ("x", {"not": "y"}, True),
        ("x", {"not": ["x", "y"]}, False),
        (None, "*", False),
        (None, {"not": "*"}, True),
        (None, {"not": ["a"]}, True),
        ({"a": 1}, '{"a":1}', True),
    ],
)
def test_a_value_matches_what_is_wanted(value: Any, wanted: Any, expected: bool) -> None:
    assert matches(value, wanted) is expected


def test_all_conditions_must_hold() -> None:
    facts = Facts(model="m", stream=True)
    assert holds({}, facts, b"{}")
    assert holds({"request.model": "m", "request.stream": True}, facts, b"{}")
    assert not holds({"request.model": "m", "request.stream": False}, facts, b"{}")
    assert holds({"body.n": 2}, facts, b'{"n":2}')


@pytest.mark.parametrize("wanted", ["a", 1, 1.5, True, ["a", 1], {"not": "a"}, {"not": ["a"]}])
def test_values_and_lists_of_them_can_be_asked_for(wanted: Any) -> None:
    assert check(wanted) is None


@pytest.mark.parametrize(
    "wanted", [{}, {"is": "a"}, {"not": "a", "x": 1}, {"not": {"not": "a"}}, [["a"]], None, [None]]
)
def test_nothing_else_can(wanted: Any) -> None:
    assert check(wanted)
