"""Edits of a document in place: the value that is named changes, every other byte stays."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.jsonedit import CannotEdit, Steps, find, insert, items, keep, put, remove, show

ODD = b' { "a" : 1.0 ,"b":[ 10 , 2e1,{"x":"\\u0041"} ]\n, "c" : null, "a.b":{} ,"a":"last" } '


def at(data: bytes, steps: Steps) -> bytes | None:
    place = find(data, steps)
    return None if place is None else data[place.start : place.end]


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        ((), ODD.strip()),
        (("a",), b'"last"'),
        (("b", 1), b"2e1"),
        (("b", "1"), b"2e1"),
        (("b", -1, "x"), b'"\\u0041"'),
        (("a.b",), b"{}"),
        (("c",), b"null"),
        (("c", "x"), None),
        (("nothing",), None),
        (("b", 3), None),
        (("b", -4), None),
        (("b", "x"), None),
        ((0,), None),
    ],
)
def test_a_value_is_found_by_keys_and_positions(steps: Steps, value: bytes | None) -> None:
    assert at(ODD, steps) == value


@pytest.mark.parametrize(
    ("data", "steps", "expected"),
    [
        (b'{ "a" : 1.0, "b":2 }', ("a",), b'{ "a" : 9, "b":2 }'),
        (b'{"b":2 }', ("a",), b'{"b":2,"a":9 }'),
        (b"{ }", ("a",), b'{"a":9 }'),
        (b"{}", ("a", "b", "c"), b'{"a":{"b":{"c":9}}}'),
        (b'{"a":null}', ("a", "b"), b'{"a":{"b":9}}'),
        (b'{"a":[1 , 2]}', ("a", -1), b'{"a":[1 , 9]}'),
        (b'{"a":1,"a":2}', ("a",), b'{"a":1,"a":9}'),
        (b" 5 ", (), b" 9 "),
        (b"{}", ("7",), b'{"7":9}'),
    ],
)
def test_a_value_is_set_and_what_is_missing_on_the_way_made(
    data: bytes, steps: Steps, expected: bytes
) -> None:
    assert put(data, steps, b"9") == expected


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (("a", "x"), "a is a text, not an object"),
        (("b", 3), "b has no item 3"),
        (("b", "-9"), "b has no item -9"),
        (("b", "x"), "b is an array: 'x' is no position in it"),
        (("b", 0, "x"), r"b\[0\] is a number, not an object"),
        (("b", 2, 0), r"b\[2\] is an object, not an array"),
        (("new", 0), "there is no array new"),
        (("c", 0), "there is no array"),
    ],
)
def test_what_cannot_be_set_is_told_with_its_place(steps: Steps, reason: str) -> None:
    with pytest.raises(CannotEdit, match=f"^{reason}"):
        put(ODD, steps, b"9")


@pytest.mark.parametrize(
    ("data", "steps", "expected"),
    [
        (b'{ "a" : 1 , "b" : 2 , "c":3 }', ("a",), b'{ "b" : 2 , "c":3 }'),
        (b'{ "a" : 1 , "b" : 2 , "c":3 }', ("b",), b'{ "a" : 1 , "c":3 }'),
        (b'{ "a" : 1 , "b" : 2 , "c":3 }', ("c",), b'{ "a" : 1 , "b" : 2 }'),
        (b'{ "a" : 1 }', ("a",), b"{}"),
        (b'{"a":1,"a":2,"b":3,"a":4}', ("a",), b'{"b":3}'),
        (b'{"b":3,"a":1,"c":4,"a":2}', ("a",), b'{"b":3,"c":4}'),
        (b'{"a":[1, 2, 3]}', ("a", 0), b'{"a":[2, 3]}'),
        (b'{"a":[1, 2, 3]}', ("a", "-1"), b'{"a":[1, 2]}'),
        (b'{"a":1}', ("b",), b'{"a":1}'),
        (b'{"a":1}', ("a", "b"), b'{"a":1}'),
        (b'{"a":[1]}', ("a", 4), b'{"a":[1]}'),
    ],
)
def test_a_value_goes_with_its_key_and_one_comma(
    data: bytes, steps: Steps, expected: bytes
) -> None:
    assert remove(data, steps) == expected


@pytest.mark.parametrize(
    ("data", "position", "expected"),
    [
        (b'{"a":[1 , 2 ]}', 0, b'{"a":[8,9,1 , 2 ]}'),
        (b'{"a":[1 , 2 ]}', 1, b'{"a":[1 , 8,9,2 ]}'),
        (b'{"a":[1 , 2 ]}', -1, b'{"a":[1 , 8,9,2 ]}'),
        (b'{"a":[1 , 2 ]}', 99, b'{"a":[1 , 2,8,9 ]}'),
        (b'{"a":[1 , 2 ]}', -99, b'{"a":[8,9,1 , 2 ]}'),
        (b'{"a":[ ]}', 5, b'{"a":[8,9 ]}'),
        (b'{"a":null}', 0, b'{"a":[8,9]}'),
        (b"{}", 0, b'{"a":[8,9]}'),
    ],
)
def test_items_are_inserted_where_they_are_wanted(
    data: bytes, position: int, expected: bytes
) -> None:
    assert insert(data, ("a",), position, [b"8", b"9"]) == expected


def test_only_arrays_take_items() -> None:
    with pytest.raises(CannotEdit, match="^a is a text, not an array"):
        insert(ODD, ("a",), 0, [b"1"])
    with pytest.raises(CannotEdit, match="^a is a text, not an array"):
        items(ODD, ("a",))
    assert items(ODD, ("c",)) is items(ODD, ("nothing",)) is None
    assert insert(b'{"a":[1]}', ("a",), 0, []) == b'{"a":[1]}'


def test_some_items_are_kept() -> None:
    data = b'{"a":[1 , 2, 3 ,4]}'
    assert keep(data, ("a",), [False, True, False, True]) == b'{"a":[2 ,4]}'
    assert keep(data, ("a",), [True, True, True, True]) is data
    assert keep(data, ("a",), [False] * 4) == b'{"a":[]}'


def test_a_path_is_shown_as_people_write_it() -> None:
    assert show(("messages", 0, "content", -1)) == "messages[0].content[-1]"
    assert show(()) == "the body"


KEYS = st.sampled_from(["a", "b", "é", "a.b", "0", '"', ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x", '"', "\\", "é🎈"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4)
STEPS = st.lists(KEYS | st.integers(-3, 3), min_size=1, max_size=3)


@st.composite
def spelled(draw: st.DrawFn) -> tuple[Any, bytes]:
    """A document, and one of the many ways to write it."""
    value = draw(DOCUMENTS)
    text = json.dumps(
        value, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1]))
    )
    return value, (draw(st.sampled_from(["", " \n"])) + text).encode()


def follow(value: Any, steps: Steps) -> tuple[bool, Any]:
    """What the path means, said over the decoded document."""
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and re.fullmatch(r"-?\d+", str(step)):
            if not -len(value) <= int(step) < len(value):
                return False, None
            value = value[int(step)]
        else:
            return False, None
    return True, value


@given(spelled(), STEPS)
def test_found_is_what_decoding_finds(document: tuple[Any, bytes], steps: Steps) -> None:
    value, data = document
    exists, expected = follow(value, steps)
    found = at(data, steps)
    assert (found is not None) == exists
    assert found is None or json.loads(found) == expected


@given(spelled(), STEPS)
def test_setting_leaves_every_byte_outside_the_value_alone(
    document: tuple[Any, bytes], steps: Steps
) -> None:
    _, data = document
    there = find(data, steps)
    try:
        changed = put(data, steps, b'{"new":1}')
    except CannotEdit:
        assert there is None
        return
    assert at(changed, steps) == b'{"new":1}'
    if there is not None:
        assert changed == data[: there.start] + b'{"new":1}' + data[there.end :]
        return
    json.loads(changed)
    # One run of new bytes in the old ones; a `null` on the way made room for an object.
    grown = len(changed) - len(data)
    assert any(
        changed[:i] == data[:i] and changed[i + grown + gone :] == data[i + gone :]
        for gone in (0, len(b"null"))
        for i in range(len(data) + 1 - gone)
    )


@given(spelled(), STEPS)
def test_removing_takes_out_one_run_of_bytes(document: tuple[Any, bytes], steps: Steps) -> None:
    value, data = document
    exists, _ = follow(value, steps)
    removed = remove(data, steps)
    if not exists:
        assert removed is data
        return
    _, parent = follow(value, steps[:-1])
    del parent[int(steps[-1]) if isinstance(parent, list) else steps[-1]]
    assert json.loads(removed) == value
    gone = len(data) - len(removed)
    assert any(data[:i] + data[i + gone :] == removed for i in range(len(removed) + 1))


@given(spelled(), KEYS, st.integers(-4, 4), st.lists(st.integers(0, 9), min_size=1, max_size=3))
def test_inserting_is_what_a_list_does(
    document: tuple[Any, bytes], key: str, position: int, new: list[int]
) -> None:
    value, data = document
    try:
        changed = insert(data, (key,), position, [str(each).encode() for each in new])
    except CannotEdit:
        assert not isinstance(value[key], list | None)
        return
    before = value.get(key) or []
    at_ = max(0, len(before) + position) if position < 0 else position
    assert json.loads(changed)[key] == [*before[:at_], *new, *before[at_:]]
    assert {k: v for k, v in json.loads(changed).items() if k != key} == {
        k: v for k, v in value.items() if k != key
    }
