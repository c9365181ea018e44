"""A channel's overrides, one after the other, each on what the one before left.

One that cannot apply is passed over and told: a request never fails for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.config.schema.overrides import Override
from axonhub_cli.jsonedit import CannotEdit
from axonhub_cli.overrides.body import edit_body
from axonhub_cli.overrides.conditions import holds
from axonhub_cli.overrides.headers import HeaderList, edit_headers
from axonhub_cli.overrides.variables import Facts, Missing, render


class Note(Struct, frozen=True):
    """What became of one override, as a clause for people."""

    path: str
    """As it names what it edits; a header as `headers.x-title`."""
    reason: str
    applied: bool


class Overridden(Struct, frozen=True):
    """What goes upstream. `notes` say which overrides changed something, and which could not."""

    body: bytes
    headers: HeaderList
    notes: tuple[Note, ...] = ()


def apply(
    overrides: Sequence[Override],
    body: bytes,
    headers: HeaderList,
    facts: Facts,
    *,
    edits_body: bool = True,
) -> Overridden:
    """`headers` have lower-case names. Without `edits_body` only theirs are applied."""
    notes: list[Note] = []
    for number, override in enumerate(overrides, 1):
        if override.part == "body" and not edits_body:
            continue
        try:
            if override.when and not holds(override.when, facts, body):
                continue
            value = render(override.value, facts, body)
            edited, told = body, headers
            if override.part == "body":
                edited = edit_body(body, override, value)
            else:
                told = edit_headers(headers, override, value)
        except Missing as missing:
            notes.append(_not_applied(override, number, f"the request has no {missing}"))
            continue
        except (CannotEdit, jsonio.InvalidJson) as error:
            notes.append(_not_applied(override, number, str(error)))
            continue
        if edited is not body or told is not headers:
            done = f"{_DONE[override.operation]} by override {number} of the channel"
            notes.append(Note(_where(override), done, applied=True))
        body, headers = edited, told
    return Overridden(body, headers, tuple(notes))


def _not_applied(override: Override, number: int, reason: str) -> Note:
    told = f"override {number} ({override.operation}) does not apply: {reason}"
    return Note(_where(override), told, applied=False)


def _where(override: Override) -> str:
    return override.path if override.part == "body" else f"headers.{override.path.lower()}"


_DONE = {
    "set": "set",
    "set_if_absent": "set",
    "delete": "deleted",
    "rename": "renamed",
    "copy": "copied",
    "array_append": "appended to",
    "array_prepend": "prepended to",
    "array_insert": "inserted into",
    "array_remove": "shortened",
}
