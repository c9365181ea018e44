"""The smallest value that fits a JSON schema: for JSON answers and forced tool calls."""

from __future__ import annotations

from axonhub_cli.jsonio import Json

_DEPTH = 8
_EMPTY: dict[str, Json] = {"integer": 0, "number": 0, "boolean": False, "array": [], "null": None}


def example(schema: Json, text: str, depth: int = 0) -> Json:
    """A value for `schema`; strings are the first words of `text`. Required properties only."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        return {}
    if "const" in schema:
        return schema["const"]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        options = schema.get(choice)
        if isinstance(options, list) and options:
            return example(options[0], text, depth + 1)
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = kind[0] if kind else "null"
    if kind == "string":
        return text[:60] or "echo"
    if kind == "object":
        return _members(schema, text, depth)
    return _EMPTY.get(str(kind))


def _members(schema: dict[str, Json], text: str, depth: int) -> Json:
    properties = schema.get("properties")
    known = properties if isinstance(properties, dict) else {}
    required = schema.get("required")
    names = required if isinstance(required, list) else []
    return {
        name: example(known.get(name), text, depth + 1) for name in names if isinstance(name, str)
    }
