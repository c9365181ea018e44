"""`overrides` of a channel: edits of the body and the headers that go upstream."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

Operation = Literal[
    "set",
    "set_if_absent",
    "delete",
    "rename",
    "copy",
    "array_append",
    "array_prepend",
    "array_insert",
    "array_remove",
]


class Override(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"operation": "op", "part": "in"}
):
    """One edit; all of a channel's are applied in order, after conversion."""

    operation: Operation
    path: str
    """In the body a path (`metadata.tags[0]`, see `overrides.paths`), of headers the name."""
    part: Literal["body", "headers"] = "body"
    to: str | None = None
    """Of `rename` and `copy`: the new path."""
    value: Any = None
    """Texts may hold variables in double braces: `{{request.model}}`. A list is the items that
    `array_append` and its like insert."""
    index: int | None = None
    """Of `array_insert` and `array_remove`; negative ones count from the end."""
    match: dict[str, Any] = field(default_factory=dict)
    """Of `array_remove`: path within an item to the value it has there, as in `when`."""
    when: dict[str, Any] = field(default_factory=dict)
    """Variable to the value it must have (see `overrides.variables` and `conditions`)."""
