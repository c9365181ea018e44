import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.tracing.last_bodies import MOST_BODIES, Cut, LastBodies, compare
from axonhub_cli.tracing.spans import Items, find_items, read_arrays
from tests.tracing.records import body_of

ERA = 20_000


def body(*messages: str, **more: Any) -> bytes:
    value = {
        "model": "m",
        "messages": [{"role": "user", "content": text} for text in messages],
        "tools": [{"name": f"tool {n}", "about": "y" * 200} for n in range(8)],
        "system": "s" * 800,
    }
    return json.dumps(value | more).encode()


def cut(data: bytes, era: int = ERA) -> Cut:
    """Every item under a number that says which item it is."""
    items = find_items(data)
    return Cut(data, items, list(range(1, len(items.spans) + 1)), era)


def check(old: bytes, new: bytes) -> int:
    """What is told of the new body is right; how many of its items need not be looked at."""
    before = cut(old)
    known = compare(before, new, read_arrays(new))
    if known is None:
        return 0
    assert known.items == find_items(new)
    for (start, end), number in zip(known.items.spans, known.numbers, strict=True):
        if number is not None:
            a, b = before.items.spans[number - 1]
            assert old[a:b] == new[start:end]
    return sum(number is not None for number in known.numbers)


def test_what_a_longer_conversation_repeats_is_known() -> None:
    assert check(body("a" * 900, "b"), body("a" * 900, "b", "c")) == 10
    assert check(body("a" * 900, "b"), body("a" * 900, "changed", "c")) == 9
    assert check(body("a" * 900), body("a" * 900)) == 9
    assert check(body("a" * 900, "b", "c"), body("a" * 900)) == 9


def test_arrays_that_come_go_or_change_places_are_looked_at_anew() -> None:
    old = body("a" * 900)
    assert check(old, body("a" * 900, system=[{"type": "text", "text": "s" * 800}])) == 0
    assert check(old, body("a" * 900, messages=[])) >= 0
    turned = json.loads(old)
    assert check(old, json.dumps(dict(reversed(turned.items()))).encode()) == 0
    assert check(old, b"no JSON") == 0


def test_captured_turns_share_what_they_repeat() -> None:
    first, second = body_of("claude-code/basic"), body_of("claude-code/continue")
    assert check(first, second) >= 11


texts = st.lists(st.sampled_from(["", "a" * 900, "b" * 300, "c", "d" * 5000]), max_size=6)


systems = st.sampled_from(
    ["s" * 800, "s" * 2000, "ü" * 2000, [{"type": "text", "text": "s" * 900}]]
)


@given(texts, texts, systems, systems)
def test_no_two_bodies_mislead(old: list[str], new: list[str], system: Any, other: Any) -> None:
    check(body(*old, system=system), body(*new, system=other))


def test_a_system_text_that_stays_is_known_and_one_that_changed_is_new() -> None:
    old = body("a" * 900, "b", system="s" * 2000)
    assert check(old, body("a" * 900, "b", "c", system="s" * 2000)) == 11
    assert check(old, body("a" * 900, "b", system="s" * 2001)) == 10


def test_a_body_whose_items_are_given_is_compared_by_them() -> None:
    old, new = body("a" * 900, "b"), body("a" * 900, "b", "c")
    items = find_items(old)
    before = Cut(old, Items(items.spans, (("", len(items.spans)),)), [*range(1, 11)], ERA)
    known = compare(before, new, find_items(new).spans)
    assert known is not None
    assert known.numbers == [1, 2, None, *range(3, 11)]
    moved = [(start + 1, end) for start, end in find_items(new).spans]
    assert compare(before, new, moved) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [(body("a" * 5000, "c"), 0), (body("z" * 5000, "c"), 1), (body("q" * 5000), None)],
)
def test_the_body_that_begins_alike_is_found(given: bytes, expected: int | None) -> None:
    bodies = LastBodies()
    kept = [cut(body("a" * 5000)), cut(body("z" * 5000))]
    for each in kept:
        bodies.keep(each)
    assert bodies.like(given) is (None if expected is None else kept[expected])


def test_memory_is_bounded() -> None:
    data = body("a" * 5000)
    bodies = LastBodies(most_bytes=2 * len(data))
    for letter in "abc":
        bodies.keep(cut(body(letter * 5000)))
    assert bodies.like(data) is None
    second = bodies.like(body("b" * 5000))
    assert second is not None
    longer = body("b" * 5000, "more")
    known = compare(second, longer, read_arrays(longer))
    assert known is not None
    assert known.continues(second)
    bodies.keep(second, instead=second)
    bodies.keep(cut(body("d" * 50_000)))
    assert bodies.like(body("d" * 50_000)) is None
    bodies.forget()
    assert bodies.like(body("c" * 5000)) is None
    many = LastBodies()
    for number in range(MOST_BODIES + 1):
        many.keep(cut(body(f"{number}" * 3000)))
    assert many.like(body("0" * 3000)) is None
