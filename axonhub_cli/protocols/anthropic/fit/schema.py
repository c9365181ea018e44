"""JSON Schemas as the API takes them: an object for a tool's input, closed objects for an answer.

(docs.anthropic.com/en/docs/build-with-claude/structured-outputs, read 2026-11: objects say
`additionalProperties: false`; numeric, length and most array limits are refused, and are told to
the model in the description instead, as Anthropic's SDK does.)
"""

from __future__ import annotations

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.anthropic.losses import Losses
from axonhub_cli.protocols.read import as_dict, as_list, as_str

_Schema = dict[str, Json]

_CHOICES = ("anyOf", "oneOf", "allOf")
_KEPT = {"type", "title", "description", "default", "enum", "const", "$ref", "required"}
_FORMATS = (
    "date-time",
    "time",
    "date",
    "duration",
    "email",
    "hostname",
    "uri",
    "ipv4",
    "ipv6",
    "uuid",
)


def fit_input_schema(schema: Json, losses: Losses) -> _Schema:
    """An object with properties, however the tool was described."""
    given = as_dict(schema)
    fitted: _Schema = {**given, "type": "object", "properties": as_dict(given.get("properties"))}
    kind = given.get("type", "object")
    if kind != "object" and "object" not in as_list(kind):
        losses.add("tools[*].parameters.type", "the input of a tool is an object")
    for name in _CHOICES:
        if name not in given:
            continue
        # "input_schema does not support oneOf, allOf, or anyOf at the top level"
        losses.add(f"tools[*].parameters.{name}", "not at the top of a schema: its properties are")
        del fitted[name]
        for branch in as_list(given[name]):
            fitted["properties"] = as_dict(as_dict(branch).get("properties")) | fitted["properties"]
    return fitted


def close_schema(schema: Json, path: str, losses: Losses) -> Json:
    """The schema with closed objects and without the limits that the API refuses."""
    if not isinstance(schema, dict):
        return schema
    closed: _Schema = {}
    told: list[str] = []
    for name, value in schema.items():
        if name in _KEPT or (name, value) in (("minItems", 0), ("minItems", 1)):
            closed[name] = value
        elif name in _NESTED:
            closed["anyOf" if name == "oneOf" else name] = _NESTED[name](value, path, losses)
        elif name == "format" and value in _FORMATS:
            closed[name] = value
        elif name not in ("additionalProperties", "$schema"):
            told.append(f"{name}: {jsonio.encode(value).decode()}")
    if told:
        losses.add(path, "limits that the API refuses are told in the description")
        known = as_str(closed.get("description"))
        closed["description"] = (f"{known}\n\n" if known else "") + "{" + ", ".join(told) + "}"
    if "properties" in schema or schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            losses.add(path, "objects of an answer's schema are closed: no additional properties")
        closed["additionalProperties"] = False
    return closed


def _close_each(schemas: Json, path: str, losses: Losses) -> Json:
    return {name: close_schema(part, path, losses) for name, part in as_dict(schemas).items()}


def _close_all(schemas: Json, path: str, losses: Losses) -> Json:
    return [close_schema(part, path, losses) for part in as_list(schemas)]


_NESTED = {
    "properties": _close_each,
    "$defs": _close_each,
    "definitions": _close_each,
    "items": close_schema,
    "anyOf": _close_all,
    "oneOf": _close_all,
    "allOf": _close_all,
}
