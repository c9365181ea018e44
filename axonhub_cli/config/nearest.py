"""The known name that a misspelt one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`": did you mean 'weight'?"`, or all known names when none is near."""
    import difflib  # only errors need it, and every command loads the configuration

    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f": did you mean {near[0]!r}?"
    return f": known are {', '.join(names)}" if names else ""
