"""Where two JSON values differ: each difference with its path, lists aligned by their items.

Items that are equal belong together, then those that are the same but for what was changed in them
(the same type, name and ids); what is left was taken out or put in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json

Kind = Literal["changed", "added", "removed"]

_MOST_PAIRS = 4_000_000
"""Of longer lists (2,000 items each that differ) only the beginnings and ends are compared."""
_IDS = ("id", "tool_use_id", "tool_call_id")


class Difference(Struct, frozen=True):
    """`path` counts items as the old list does, of what was added as the new one."""

    path: str
    kind: Kind
    old: Json = None
    new: Json = None


def differences(old: Json, new: Json, path: str = "") -> Iterator[Difference]:
    """In the order of the old value."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            yield from _member(old, new, name, _below(path, name))
    elif isinstance(old, list) and isinstance(new, list):
        for one, other in _align(old, new):
            if other is None:
                assert one is not None, "one of the two is there"
                yield Difference(_below(path, one), "removed", old[one])
            elif one is None:
                yield Difference(_below(path, other), "added", None, new[other])
            else:
                yield from differences(old[one], new[other], _below(path, one))
    else:
        yield Difference(path, "changed", old, new)


def _below(path: str, name: str | int) -> str:
    return f"{path}.{name}" if path else str(name)


def written(value: Json) -> str:
    """As JSON; half a surrogate pair, which no JSON of ours can hold, as its escape."""
    try:
        return jsonio.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def _member(
    old: dict[str, Json], new: dict[str, Json], name: str, path: str
) -> Iterator[Difference]:
    if name not in new:
        yield Difference(path, "removed", old[name])
    elif name not in old:
        yield Difference(path, "added", None, new[name])
    else:
        yield from differences(old[name], new[name], path)


_Pair = tuple[int | None, int | None]


def _align(old: list[Json], new: list[Json]) -> Iterator[_Pair]:
    """Which items belong together, but for those that are equal."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    left, right = range(start, len(old) - end), range(start, len(new) - end)
    if len(left) * len(right) <= _MOST_PAIRS:
        yield from _match(old, new, left, right, (written, _shape, _name, _type))
    elif len(left) == len(right):
        yield from zip(left, right, strict=True)
    else:
        yield from _apart(left, right)


def _match(
    old: list[Json],
    new: list[Json],
    left: Sequence[int],
    right: Sequence[int],
    marks: tuple[Callable[[Json], str], ...],
) -> Iterator[_Pair]:
    """By the first mark, and what that leaves over by the next ones; the first one means equal."""
    if not (left and right and marks):
        yield from _apart(left, right)
        return
    mark, *rest = marks
    keys = [mark(old[at]) for at in left], [mark(new[at]) for at in right]
    for kind, a, b, c, d in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from _match(old, new, left[a:b], right[c:d], tuple(rest))
        elif mark is not written:
            yield from zip(left[a:b], right[c:d], strict=True)


def _apart(left: Sequence[int], right: Sequence[int]) -> Iterator[_Pair]:
    yield from ((at, None) for at in left)
    yield from ((None, at) for at in right)


def _shape(item: Json) -> str:
    """What an item is, whatever else is in it."""
    if not isinstance(item, dict):
        return _type(item)
    return repr([_name(item), *(item.get(name) for name in _IDS)])


def _name(item: Json) -> str:
    if not isinstance(item, dict):
        return _type(item)
    inner = item.get("function")
    named = inner.get("name") if isinstance(inner, dict) else item.get("name")
    return repr([item.get("type"), named])


def _type(item: Json) -> str:
    return repr(item.get("type")) if isinstance(item, dict) else type(item).__name__


def _common(one: list[Json], other: list[Json]) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
