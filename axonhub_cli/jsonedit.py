"""Edits of a JSON document as splices of its bytes: what an edit does not name stays as it was.

Prompt caches and signatures hang on the very bytes of a request, so a document is never written
anew for the sake of one value. Paths are concrete here: keys and positions, `-1` from the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Span

Step = str | int
Steps = Sequence[Step]
Edit = tuple[int, int, bytes]
"""`data[start:end]` becomes the bytes; see `jsonio.splice`."""

_KINDS = {
    b"{": "an object",
    b"[": "an array",
    b'"': "a text",
    b"t": "a truth value",
    b"f": "a truth value",
    b"n": "null",
}


class CannotEdit(ValueError):
    """The document is not of the shape the edit needs; the message is a clause that says why."""


class Place(Struct, frozen=True):
    """Where a value stands: `data[start:end]`."""

    start: int
    end: int


def find(data: bytes, steps: Steps) -> Place | None:
    """The value at the path, or None. Of a key given twice the last one counts, as for parsers."""
    return find_in(data, whole(data), steps)


def find_in(data: bytes, place: Place, steps: Steps) -> Place | None:
    """The same within the value at a place."""
    for step in steps:
        inner = _child(data, place, step)
        if inner is None:
            return None
        place = inner
    return place


def put(data: bytes, steps: Steps, value: bytes) -> bytes:
    """Set the value at the path; objects that are missing on the way are made."""
    place = whole(data)
    for depth, step in enumerate(steps):
        members = _members(data, place)
        inner = _child(data, place, step) if members is None else _member(members, step)
        if inner is None:
            return _put_below(data, place, members, steps, depth, value)
        place = inner
    return _replace(data, place, value)


def remove(data: bytes, steps: Steps) -> bytes:
    """Take the value out, with its key and one comma; a path that leads nowhere changes nothing."""
    assert steps, "the whole document cannot be removed"
    *parents, last = steps
    place = find(data, parents)
    if place is None:
        return data
    members = _members(data, place)
    if members is not None:
        edits = removal(data, place, members, [member.key == last for member in members])
        return jsonio.splice(data, edits) if edits else data
    if not _opens(data, place, b"["):
        return data
    values = _items(data, place)
    position = _position(last, len(values))
    return _without(data, place, values, [index == position for index in range(len(values))])


def removal(data: bytes, place: Place, members: list[Span], gone: list[bool]) -> list[Edit]:
    """The edits that take some members out of the object at `place`; `members` are all it has."""
    return _gone(data, place, [Place(member.start, member.end) for member in members], gone)


def insert(data: bytes, steps: Steps, position: int, values: Sequence[bytes]) -> bytes:
    """Put values into the array at the path, before the item at `position`: negative ones count
    from the end, one beyond an end means that end. A missing array is made.

    Raises `CannotEdit` when something else stands there.
    """
    joined = b",".join(values)
    place = find(data, steps)
    if place is None or _opens(data, place, b"n"):
        return put(data, steps, b"[" + joined + b"]")
    if not _opens(data, place, b"["):
        raise CannotEdit(f"{show(steps)} is {_kind(data, place)}, not an array")
    if not values:
        return data
    items = _items(data, place)
    at = max(0, position + len(items)) if position < 0 else min(position, len(items))
    if not items:
        return jsonio.splice(data, [(place.start + 1, place.start + 1, joined)])
    if at == len(items):
        return jsonio.splice(data, [(items[-1].end, items[-1].end, b"," + joined)])
    return jsonio.splice(data, [(items[at].start, items[at].start, joined + b",")])


def keep(data: bytes, steps: Steps, kept: Sequence[bool]) -> bytes:
    """Of the array at the path, the items for which `kept` is true."""
    place = find(data, steps)
    assert place is not None
    return _without(data, place, _items(data, place), [not one for one in kept])


def items(data: bytes, steps: Steps) -> list[Place] | None:
    """The items of the array at the path; None where nothing stands.

    Raises `CannotEdit` when something else does.
    """
    place = find(data, steps)
    if place is None or _opens(data, place, b"n"):
        return None
    if not _opens(data, place, b"["):
        raise CannotEdit(f"{show(steps)} is {_kind(data, place)}, not an array")
    return _items(data, place)


def show(steps: Steps) -> str:
    """A path as people write it: `messages[0].content`."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "the body"


def whole(data: bytes) -> Place:
    """The document, without the space around it."""
    return Place(len(data) - len(data.lstrip()), len(data.rstrip()))


def _members(data: bytes, place: Place) -> list[Span] | None:
    """None where there is no object."""
    if not _opens(data, place, b"{"):
        return None
    return jsonio.object_spans(data, place.start, place.end)


def _member(members: list[Span], step: Step) -> Place | None:
    """A number without brackets is a key here, one in brackets never is."""
    found = [member for member in members if member.key == step]
    return Place(found[-1].start, found[-1].end) if found else None


def _child(data: bytes, place: Place, step: Step) -> Place | None:
    members = _members(data, place)
    if members is not None:
        return _member(members, step)
    if not _opens(data, place, b"["):
        return None
    values = _items(data, place)
    position = _position(step, len(values))
    return values[position] if position is not None else None


def _position(step: Step, count: int) -> int | None:
    """Which of `count` items a step means; None: none of them."""
    try:
        index = int(step)
    except ValueError:
        return None
    index = index + count if index < 0 else index
    return index if 0 <= index < count else None


def _put_below(
    data: bytes,
    place: Place,
    members: list[Span] | None,
    steps: Steps,
    depth: int,
    value: bytes,
) -> bytes:
    """Set what does not exist yet in the value at `place`, which is that of `steps[:depth]` and
    has these members."""
    missing = steps[depth:]
    if _opens(data, place, b"n"):
        return _replace(data, place, _nested(steps, depth, value))
    if _opens(data, place, b"["):
        where = show(steps[:depth])
        if not _is_number(missing[0]):
            raise CannotEdit(f"{where} is an array: {missing[0]!r} is no position in it")
        raise CannotEdit(f"{where} has no item {missing[0]}")
    if members is None:
        raise CannotEdit(f"{show(steps[:depth])} is {_kind(data, place)}, not an object")
    if isinstance(missing[0], int):
        raise CannotEdit(f"{show(steps[:depth])} is an object, not an array")
    member = jsonio.encode(missing[0]) + b":" + _nested(steps, depth + 1, value)
    at = members[-1].end if members else place.start + 1
    return jsonio.splice(data, [(at, at, (b"," if members else b"") + member)])


def _nested(steps: Steps, depth: int, value: bytes) -> bytes:
    """The value inside new objects, one for each step from `depth` on."""
    for index in reversed(range(depth, len(steps))):
        step = steps[index]
        if not isinstance(step, str):
            raise CannotEdit(f"there is no array {show(steps[:index])}")
        value = b"{" + jsonio.encode(step) + b":" + value + b"}"
    return value


def _is_number(step: Step) -> bool:
    return isinstance(step, int) or step.lstrip("-").isdigit()


def _without(data: bytes, place: Place, values: list[Place], gone: list[bool]) -> bytes:
    edits = _gone(data, place, values, gone)
    return jsonio.splice(data, edits) if edits else data


def _gone(data: bytes, place: Place, values: list[Place], gone: list[bool]) -> list[Edit]:
    """Some values taken out of the container at `place`: each goes with its key and a comma."""
    if not any(gone):
        return []
    if all(gone):
        return [(place.start + 1, place.end - 1, b"")]
    edits: list[Edit] = []
    first = next(index for index, left in enumerate(gone) if not left)
    if first:
        # From the first key, or item, to the key or item of the first that stays.
        begin = jsonio.skip_space(data, place.start + 1)
        comma = data.index(b",", values[first - 1].end)
        edits.append((begin, jsonio.skip_space(data, comma + 1), b""))
    edits += [
        (values[index - 1].end, values[index].end, b"")
        for index in range(first + 1, len(values))
        if gone[index]
    ]
    return edits


def _items(data: bytes, place: Place) -> list[Place]:
    return [Place(*span) for span in jsonio.array_spans(data, place.start, place.end)]


def _opens(data: bytes, place: Place, mark: bytes) -> bool:
    return data.startswith(mark, place.start)


def _kind(data: bytes, place: Place) -> str:
    return _KINDS.get(data[place.start : place.start + 1], "a number")


def _replace(data: bytes, place: Place, value: bytes) -> bytes:
    return jsonio.splice(data, [(place.start, place.end, value)])
