"""The line of a TOML text on which a value stands, for messages; never for editing."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*[\w\"'-]+)*)\s*=")


def find_line(text: str, path: str) -> int | None:
    """The line (from 1) of `channels[1].weight`, or of the nearest value around it.

    A best guess by line starts: None when nothing on the path is found.
    """
    lines = _find_lines(text)
    while path:
        if path in lines:
            return lines[path]
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return None


def _find_lines(text: str) -> dict[str, int]:
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _table(header[1], _plain(header[2]), counts)
            lines.setdefault(table, number)
        elif assignment := _ASSIGNMENT.match(line):
            name = _plain(assignment[1])
            lines.setdefault(f"{table}.{name}" if table else name, number)
    return lines


def _table(bracket: str, name: str, counts: dict[str, int]) -> str:
    """The path of a table; `[channels.endpoints]` belongs to the last of `[[channels]]`."""
    if bracket == "[[":
        counts[name] = counts.get(name, -1) + 1
        return f"{name}[{counts[name]}]"
    first, dot, rest = name.partition(".")
    return f"{first}[{counts[first]}]{dot}{rest}" if first in counts else name


def _plain(name: str) -> str:
    return re.sub(r"[\s\"']", "", name)
