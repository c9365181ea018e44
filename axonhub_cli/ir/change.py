"""Frozen values changed: a new one only where something is new, for most of a request never is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def changed(items: tuple[_T, ...], change: Callable[[_T], _T]) -> tuple[_T, ...]:
    """The tuple itself when nothing in it changes."""
    for at, item in enumerate(items):
        new = change(item)
        if new is not item:
            return (*items[:at], new, *(change(later) for later in items[at + 1 :]))
    return items
