"""JSON Schemas within the API's limits, and what of them is told to the model instead."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from axonhub_cli.protocols.anthropic.fit.schema import close_schema, fit_input_schema
from axonhub_cli.protocols.anthropic.losses import Losses
from tests.protocols.anthropic.wire import values


def close(schema: Any) -> tuple[Any, list[str]]:
    losses = Losses()
    return close_schema(schema, "p", losses), [loss.reason for loss in losses.all()]


@pytest.mark.parametrize(
    ("schema", "expected", "losses"),
    [
        ({"type": "object", "properties": {"a": {}}, "required": ["a"], "x": 1}, None, []),
        (None, {"type": "object", "properties": {}}, []),
        ({"type": ["object", "null"]}, {"type": "object", "properties": {}}, []),
        ({"type": "object", "properties": None}, {"type": "object", "properties": {}}, []),
        (
            {"type": "string"},
            {"type": "object", "properties": {}},
            ["tools[*].parameters.type"],
        ),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "anyOf": [{"properties": {"b": {}, "a": {}}}, {"required": ["a"]}],
            },
            {"type": "object", "properties": {"b": {}, "a": {"type": "string"}}},
            ["tools[*].parameters.anyOf"],
        ),
    ],
)
def test_a_tool_s_input_is_an_object(schema: Any, expected: Any, losses: list[str]) -> None:
    met = Losses()
    assert fit_input_schema(schema, met) == (expected or schema)
    assert [loss.path for loss in met.all()] == losses


def test_a_closed_schema_stays() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "string", "format": "date", "enum": ["x"]},
            "b": {"type": "array", "items": {"$ref": "#/$defs/c"}, "minItems": 1},
            "d": {"anyOf": [{"type": "null"}, {"type": "integer"}]},
        },
        "required": ["a"],
        "additionalProperties": False,
        "$defs": {"c": {"type": "object", "properties": {}, "additionalProperties": False}},
    }
    assert close(schema) == (schema, [])


def test_open_objects_are_closed_at_every_depth() -> None:
    inner = {"type": "object", "properties": {}}
    closed, losses = close(
        {"type": "object", "properties": {"a": inner}, "additionalProperties": True}
    )
    assert closed["additionalProperties"] is False
    assert closed["properties"]["a"]["additionalProperties"] is False
    assert len(losses) == 1


def test_limits_are_told_in_the_description() -> None:
    assert close({"type": "integer", "minimum": 1, "maximum": 9, "description": "N"}) == (
        {"type": "integer", "description": "N\n\n{minimum: 1, maximum: 9}"},
        ["limits that the API refuses are told in the description"],
    )
    assert close({"type": "string", "format": "color"})[0] == {
        "type": "string",
        "description": '{format: "color"}',
    }


def test_one_of_is_any_of() -> None:
    assert close({"oneOf": [{"type": "string"}], "$schema": "x"}) == (
        {"anyOf": [{"type": "string"}]},
        [],
    )


@given(values)
def test_any_value_is_taken(value: Any) -> None:
    names = ("properties", "$defs", "items", "anyOf", "allOf", "format", "minItems", "description")
    close(dict.fromkeys(names, value))
    fit_input_schema(value, Losses())
    fit_input_schema(dict.fromkeys(names, value), Losses())
