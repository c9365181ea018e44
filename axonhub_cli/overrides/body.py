"""One edit of a body, spliced into its bytes: prompt caches and signatures live in the others."""

from __future__ import annotations

from collections.abc import Callable

from axonhub_cli import jsonedit, jsonio
from axonhub_cli.config.schema.overrides import Override
from axonhub_cli.jsonedit import CannotEdit, Place, Step
from axonhub_cli.jsonio import Json
from axonhub_cli.overrides.conditions import matches
from axonhub_cli.overrides.paths import EACH, Each, Path, concrete, parse, split

Steps = tuple[Step, ...]


def edit_body(body: bytes, override: Override, value: Json) -> bytes:
    """The body after the edit, or the very same where there is nothing to do; `value` has its
    variables put in. Raises `CannotEdit`, `InvalidJson`."""
    within, path = split(parse(override.path))
    operation = _OPERATIONS[override.operation]
    if not within:
        return operation(body, concrete(path), override, value)
    if not path and override.operation == "delete":
        return _without_items(body, within[:-1])
    return _edit_each(
        body,
        _expand(body, jsonedit.whole(body), within),
        lambda item: operation(item, concrete(path), override, value),
    )


def _edit_each(body: bytes, places: list[Place], edit: Callable[[bytes], bytes]) -> bytes:
    """Items that cannot be edited stay; where none can, that is told."""
    edits, refusal = [], None
    for place in places:
        item = body[place.start : place.end]
        try:
            edits.append((place.start, place.end, edit(item)))
        except CannotEdit as error:
            refusal = error
    if refusal is not None and not edits:
        raise refusal
    changed = [(start, end, new) for start, end, new in edits if new != body[start:end]]
    return jsonio.splice(body, changed) if changed else body


def _expand(body: bytes, place: Place, path: Path) -> list[Place]:
    """The values that a path with `[*]` leads to; where it leads nowhere there are none."""
    if not path:
        return [place]
    at = path.index(EACH)
    inner = jsonedit.find_in(body, place, concrete(path[:at]))
    if inner is None or not body.startswith(b"[", inner.start):
        return []
    items = [Place(*span) for span in jsonio.array_spans(body, inner.start, inner.end)]
    return [found for item in items for found in _expand(body, item, path[at + 1 :])]


def _without_items(body: bytes, array: Path) -> bytes:
    if any(isinstance(step, Each) for step in array):
        within, path = split(array)
        places = _expand(body, jsonedit.whole(body), within)
        return _edit_each(body, places, lambda item: _emptied(item, concrete(path)))
    return _emptied(body, concrete(array))


def _emptied(body: bytes, steps: Steps) -> bytes:
    items = jsonedit.items(body, steps)
    return jsonedit.keep(body, steps, [False] * len(items)) if items else body


def _set(body: bytes, steps: Steps, override: Override, value: Json) -> bytes:
    return jsonedit.put(body, steps, jsonio.encode(value))


def _set_if_absent(body: bytes, steps: Steps, override: Override, value: Json) -> bytes:
    """What is there counts, `null` too: the client has said it."""
    there = jsonedit.find(body, steps) is not None
    return body if there else _set(body, steps, override, value)


def _delete(body: bytes, steps: Steps, override: Override, value: Json) -> bytes:
    return jsonedit.remove(body, steps)


def _rename(body: bytes, steps: Steps, override: Override, value: Json) -> bytes:
    there = jsonedit.find(body, steps)
    if there is None:
        raise CannotEdit(f"there is no {jsonedit.show(steps)}")
    moved = body[there.start : there.end]
    return jsonedit.put(jsonedit.remove(body, steps), _target(override), moved)


def _copy(body: bytes, steps: Steps, override: Override, value: Json) -> bytes:
    there = jsonedit.find(body, steps)
    if there is None:
        raise CannotEdit(f"there is no {jsonedit.show(steps)}")
    return jsonedit.put(body, _target(override), body[there.start : there.end])


def _target(override: Override) -> Steps:
    assert override.to is not None
    return concrete(split(parse(override.to))[1])


def _insert(at: Callable[[Override], int]) -> Callable[[bytes, Steps, Override, Json], bytes]:
    def insert(body: bytes, steps: Steps, override: Override, value: Json) -> bytes:
        # A list is its items; one that is to be an item stands in a list of its own.
        values = value if isinstance(value, list) else [value]
        return jsonedit.insert(body, steps, at(override), [jsonio.encode(v) for v in values])

    return insert


def _array_remove(body: bytes, steps: Steps, override: Override, value: Json) -> bytes:
    places = jsonedit.items(body, steps)
    if not places:
        return body
    if override.index is not None:
        wanted = override.index + (len(places) if override.index < 0 else 0)
        return jsonedit.keep(body, steps, [at != wanted for at in range(len(places))])
    kept = [not _is_meant(body[p.start : p.end], override, value) for p in places]
    return body if all(kept) else jsonedit.keep(body, steps, kept)


def _is_meant(item: bytes, override: Override, value: Json) -> bool:
    """Does the item equal the value, or have what `match` says?"""
    if not override.match:
        return bool(jsonio.decode(item) == value)
    return all(matches(_inside(item, path), wanted) for path, wanted in override.match.items())


def _inside(item: bytes, path: str) -> Json:
    place = jsonedit.find(item, concrete(parse(path)))
    return None if place is None else jsonio.decode(item[place.start : place.end])


_END = 1 << 62
_OPERATIONS: dict[str, Callable[[bytes, Steps, Override, Json], bytes]] = {
    "set": _set,
    "set_if_absent": _set_if_absent,
    "delete": _delete,
    "rename": _rename,
    "copy": _copy,
    "array_append": _insert(lambda override: _END),
    "array_prepend": _insert(lambda override: 0),
    "array_insert": _insert(lambda override: override.index or 0),
    "array_remove": _array_remove,
}
