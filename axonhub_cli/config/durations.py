"""Spans of time as people write them: `500ms`, `90s`, `1h30m`."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = r"(\d+(?:\.\d+)?)(ms|s|m|h|d)"
_WHOLE = re.compile(rf"(?:{_PART})+", re.ASCII)
_PARTS = re.compile(_PART, re.ASCII)


def seconds(text: str) -> float:
    """Read a duration; units are `ms`, `s`, `m`, `h` and `d`, and may follow each other.

    Raises `ValueError` with a sentence for the user: a bare number has no unit, and guessing one
    turns ten minutes into ten seconds.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a duration: write a number and a unit, such as 500ms, 90s, 10m or 1h"
        )
    return sum(float(number) * _UNITS[unit] for number, unit in _PARTS.findall(text))
