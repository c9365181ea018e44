"""Amounts of bytes as people write them: `500MB`, `2GB`, `1.5GiB`."""

from __future__ import annotations

import re

_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]?I?B)", re.ASCII)


def size(text: str) -> int:
    """Bytes; units are `B`, `KB`, `MB`, `GB`, `TB` (powers of 1000) and `KiB`, … (of 1024).

    Raises `ValueError` with a sentence for the user.
    """
    found = _SIZE.fullmatch(text.strip().upper())
    if not found or found[2] not in _UNITS:
        raise ValueError(f"{text!r} is not a size: write a number and a unit, such as 500MB or 2GB")
    return int(float(found[1]) * _UNITS[found[2]])


def written(amount: int) -> str:
    """The same for a reader: `1.2 GB`."""
    for unit in ("TB", "GB", "MB", "KB"):
        if amount >= _UNITS[unit]:
            value = amount / _UNITS[unit]
            return f"{value:.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}"
    return f"{amount} B"
