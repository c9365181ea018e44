"""The body: each operation changes what it names and not another byte."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import Override
from axonhub_cli.jsonedit import CannotEdit, find
from axonhub_cli.overrides.body import edit_body

BODY = (
    b'{ "model":"m", "temperature" : 1.0,"messages":[ {"role":"user","content":[{"type":"text",'
    b'"text":"a","cache_control":{"type":"ephemeral"}} , {"type":"text","text":"\\u0062"}]},'
    b'{"role":"assistant","content":"c","reasoning":"r"} ], "tags":["x" , "y"],"n":null }'
)


def edited(op: str, path: str, body: bytes = BODY, **more: Any) -> bytes:
    override = msgspec.convert({"op": op, "path": path, **more}, Override)
    return edit_body(body, override, override.value)


@pytest.mark.parametrize(
    ("op", "path", "more", "old", "new"),
    [
        ("set", "temperature", {"value": 0.5}, b" 1.0", b" 0.5"),
        ("set", "a.b", {"value": "x"}, b'"n":null }', b'"n":null,"a":{"b":"x"} }'),
        ("set", "tags[1]", {"value": [1]}, b'"y"', b"[1]"),
        ("set", "messages[*].role", {"value": "u"}, None, None),
        ("set_if_absent", "top_p", {"value": 1}, b'"n":null }', b'"n":null,"top_p":1 }'),
        ("delete", "temperature", {}, b', "temperature" : 1.0', b""),
        ("delete", "messages[*].content[*].cache_control", {},
         b',"cache_control":{"type":"ephemeral"}', b""),
        ("delete", "tags[*]", {}, b'["x" , "y"]', b"[]"),
        ("delete", "messages[*].content[*]", {}, None, None),
        ("rename", "messages[*].reasoning", {"to": "messages[*].reasoning_content"},
         b'"reasoning":"r"', b'"reasoning_content":"r"'),
        ("copy", "model", {"to": "x.y"}, b'"n":null }', b'"n":null,"x":{"y":"m"} }'),
        ("copy", "messages[1].content", {"to": "n"}, b'"n":null', b'"n":"c"'),
        ("array_append", "tags", {"value": "z"}, b'"y"]', b'"y","z"]'),
        ("array_append", "tags", {"value": ["z", 1]}, b'"y"]', b'"y","z",1]'),
        ("array_append", "tags", {"value": [["z"]]}, b'"y"]', b'"y",["z"]]'),
        ("array_append", "n", {"value": "z"}, b'"n":null', b'"n":["z"]'),
        ("array_append", "new", {"value": "z"}, b'"n":null }', b'"n":null,"new":["z"] }'),
        ("array_prepend", "tags", {"value": "z"}, b'["x"', b'["z","x"'),
        ("array_insert", "tags", {"value": "z", "index": -1}, b'"y"', b'"z","y"'),
        ("array_remove", "tags", {"value": "x"}, b'"x" , ', b""),
        ("array_remove", "tags", {"index": -1}, b' , "y"', b""),
        ("array_remove", "messages", {"match": {"role": "user"}}, None, None),
    ],
)  # fmt: skip
def test_an_operation_is_a_splice(
    op: str, path: str, more: Any, old: bytes | None, new: bytes
) -> None:
    changed = edited(op, path, **more)
    json.loads(changed)
    if old is not None:
        assert BODY.count(old) == 1
        assert changed == BODY.replace(old, new)


def test_space_around_a_body_is_no_part_of_it() -> None:
    body = b' \n{"a":[{"x":1}, {"x":2}]} \n'
    assert edited("delete", "a[*].x", body) == b' \n{"a":[{}, {}]} \n'
    assert edited("delete", "a[*]", body) == b' \n{"a":[]} \n'
    assert edited("set", "b", body, value=1) == b' \n{"a":[{"x":1}, {"x":2}],"b":1} \n'


def test_each_item_is_edited_in_itself() -> None:
    roles = [
        m["role"] for m in json.loads(edited("set", "messages[*].role", value="u"))["messages"]
    ]
    assert roles == ["u", "u"]
    left = json.loads(edited("delete", "messages[*].content[*]"))["messages"]
    assert [m["content"] for m in left] == [[], "c"]
    kept = json.loads(edited("array_remove", "messages", match={"role": "user"}))["messages"]
    assert [m["role"] for m in kept] == ["assistant"]
    tools = b'{"tools":[{"function":{"name":"a"}},{"function":{"name":"web_search"}}]}'
    removed = edited("array_remove", "tools", tools, match={"function.name": "web_*"})
    assert removed == b'{"tools":[{"function":{"name":"a"}}]}'


@pytest.mark.parametrize(
    ("op", "path", "more"),
    [
        ("set_if_absent", "temperature", {"value": 9}),
        ("set_if_absent", "n", {"value": 9}),
        ("delete", "none.at.all", {}),
        ("delete", "none[*].x", {}),
        ("set", "none[*].x", {"value": 1}),
        ("array_remove", "none", {"value": 1}),
        ("array_remove", "tags", {"value": "nine"}),
        ("array_remove", "tags", {"index": 7}),
        ("array_remove", "messages", {"match": {"role": "user", "content": "c"}}),
    ],
)
def test_where_nothing_is_to_be_done_it_is_the_very_body(op: str, path: str, more: Any) -> None:
    assert edited(op, path, **more) is BODY


@pytest.mark.parametrize(
    ("op", "path", "more", "said"),
    [
        ("set", "temperature.x", {"value": 1}, "temperature is a number, not an object"),
        ("set", "messages[9].x", {"value": 1}, r"messages has no item 9"),
        ("rename", "none", {"to": "x"}, "there is no none"),
        ("copy", "messages[0].none", {"to": "x"}, r"there is no messages\[0\].none"),
        ("rename", "model", {"to": "tags.x"}, "tags is an array"),
        ("array_append", "model", {"value": 1}, "model is a text, not an array"),
        ("array_remove", "model", {"value": 1}, "model is a text, not an array"),
        ("rename", "messages[*].none", {"to": "messages[*].x"}, "there is no none"),
    ],
)
def test_what_cannot_be_done_is_said(op: str, path: str, more: Any, said: str) -> None:
    with pytest.raises(CannotEdit, match=f"^{said}"):
        edited(op, path, **more)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
OPERATIONS = st.sampled_from(
    [
        {"op": "set", "value": {"v": 1}},
        {"op": "set_if_absent", "value": 1},
        {"op": "delete"},
        {"op": "rename", "to": "z"},
        {"op": "copy", "to": "z.y"},
        {"op": "array_append", "value": [1, 2]},
        {"op": "array_prepend", "value": "p"},
        {"op": "array_insert", "value": 3, "index": -1},
        {"op": "array_remove", "value": 1},
        {"op": "array_remove", "index": 0},
    ]
)
PATHS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map(".".join)


@given(
    st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3),
    st.dictionaries(st.sampled_from(["k", "l"]), VALUES, min_size=2),
    OPERATIONS,
    PATHS,
    st.sampled_from([None, 1]),
)
def test_what_is_not_named_keeps_its_bytes(
    named: dict[str, Any], others: dict[str, Any], operation: dict[str, Any], path: str, indent: Any
) -> None:
    """Members beside the path's first one stay as they were written, whatever is done to it."""
    keys = [*others]
    value = {keys[0]: others[keys[0]], **named, keys[1]: others[keys[1]]}
    data = json.dumps(value, indent=indent).replace(":", " : ").encode()
    try:
        changed = edited(path=path, body=data, **operation)
    except CannotEdit:
        return
    json.loads(changed)
    untouched = [*others, *(key for key in named if key != path[0])]
    for key in untouched:
        before, after = find(data, (key,)), find(changed, (key,))
        assert before is not None and after is not None
        assert data[before.start : before.end] == changed[after.start : after.end]
