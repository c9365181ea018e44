"""Smallest values for JSON schemas."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.echo.schema import example


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "hello"),
        ({"type": "integer"}, 0),
        ({"type": "boolean"}, False),
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"type": ["string", "null"]}, "hello"),
        ({"type": []}, None),
        ({"const": 7}, 7),
        ({"enum": ["a", "b"]}, "a"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, 0),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {}),
        ({"required": ["a"], "properties": {"a": {"type": "boolean"}}}, {"a": False}),
        ("nonsense", {}),
    ],
)
def test_a_value_fits_its_schema(schema: Any, value: Any) -> None:
    assert example(schema, "hello") == value


def test_an_empty_text_still_gives_a_string() -> None:
    assert example({"type": "string"}, "") == "echo"


def test_a_schema_without_an_end_is_cut() -> None:
    endless: dict[str, Any] = {"type": "object", "required": ["next"], "properties": {}}
    endless["properties"]["next"] = endless
    assert example(endless, "x") is not None
