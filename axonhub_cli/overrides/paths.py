r"""Paths into a body: `metadata.tags[0]`, `messages[-1].content`, `tools[*].strict`, `a\.b`.

A number without brackets (`tags.0`) is a position where an array stands, a key where an object
does. `[*]` means each item. A backslash takes the next character as it is.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from axonhub_cli.jsonedit import Step


class Each(Struct, frozen=True):
    """Each item of an array."""


EACH = Each()
Path = tuple[Step | Each, ...]


class WrongPath(ValueError):
    """A path that cannot be read; the message is a clause with the position of the fault."""


@lru_cache(maxsize=1024)
def parse(text: str) -> Path:
    """Raises `WrongPath`."""
    steps: list[Step | Each] = []
    at = 0
    while at < len(text):
        if text[at] == "[":
            at = _bracket(text, at, steps)
        else:
            at = _name(text, at, steps)
        if at < len(text) and text[at] == ".":
            at += 1
            if at == len(text) or text[at] == "[":
                raise WrongPath(f"a name is missing at position {at + 1} of {text!r}")
        elif at < len(text) and text[at] != "[":
            raise WrongPath(f"a dot is missing at position {at + 1} of {text!r}")
    if not steps:
        raise WrongPath("the path is empty")
    if not isinstance(steps[0], str):
        raise WrongPath(f"{text!r} begins with an item, but a body is an object")
    return tuple(steps)


def split(path: Path) -> tuple[Path, Path]:
    """What leads to the last `[*]`, it included, and the path within each of its items."""
    last = max((at for at, step in enumerate(path) if step is EACH), default=-1)
    return path[: last + 1], path[last + 1 :]


def concrete(path: Path) -> tuple[Step, ...]:
    """A path without `[*]`, as `jsonedit` takes it."""
    return tuple(step for step in path if not isinstance(step, Each))


def _name(text: str, at: int, steps: list[Step | Each]) -> int:
    start, name, plain = at, "", True
    while at < len(text) and text[at] not in ".[":
        if text[at] == "\\":
            at, plain = at + 1, False
            if at == len(text):
                raise WrongPath(f"nothing follows the backslash at the end of {text!r}")
        elif text[at] == "]":
            raise WrongPath(f"a ] without its [ at position {at + 1} of {text!r}")
        name += text[at]
        at += 1
    if not name:
        raise WrongPath(f"a name is missing at position {start + 1} of {text!r}")
    steps.append(EACH if plain and name == "*" else name)
    return at


def _bracket(text: str, at: int, steps: list[Step | Each]) -> int:
    end = text.find("]", at)
    if end < 0:
        raise WrongPath(f"the [ at position {at + 1} of {text!r} is not closed")
    inside = text[at + 1 : end]
    if inside == "*":
        steps.append(EACH)
    elif inside.lstrip("-").isdecimal() and inside.isascii() and inside.count("-") <= 1:
        steps.append(int(inside))
    else:
        raise WrongPath(f"[{inside}] at position {at + 1} of {text!r} is no position and no *")
    return end + 1
