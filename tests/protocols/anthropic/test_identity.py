"""Claude Code's identity line: put first, once, and nothing else changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli import jsonio
from axonhub_cli.protocols.anthropic.identity import LINE, identity_edit

BLOCK = {"type": "text", "text": LINE}
SPACE = st.text(" \t\r\n", max_size=3)


def edited(body: bytes) -> bytes:
    edit = identity_edit(body, jsonio.object_spans(body))
    return body if edit is None else jsonio.splice(body, [edit])


def decoded(body: bytes) -> Any:
    return json.loads(edited(body))


@st.composite
def written(draw: st.DrawFn, value: Any) -> str:
    """JSON text of a value with odd spacing and escapes."""
    gap = draw(SPACE)
    if isinstance(value, dict):
        members = [f"{draw(written(key))}{gap}:{gap}{draw(written(v))}" for key, v in value.items()]
        return "{" + gap + f"{gap},{gap}".join(members) + gap + "}"
    if isinstance(value, list):
        return "[" + gap + f"{gap},{gap}".join(draw(written(item)) for item in value) + gap + "]"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.just('"system": null}')
BLOCKS = st.fixed_dictionaries(
    {"type": st.just("text"), "text": TEXTS},
    optional={"cache_control": st.just({"type": "ephemeral"})},
)
OTHERS = st.dictionaries(
    TEXTS.filter(lambda key: key != "system"), st.none() | st.integers() | TEXTS, max_size=3
)


def wanted(system: Any) -> list[Any]:
    match system:
        case None | "":
            return [BLOCK]
        case str():
            return [BLOCK, {"type": "text", "text": system}]
        case _:
            return [BLOCK, *system]


@given(st.data(), st.none() | TEXTS | st.lists(BLOCKS, max_size=3), OTHERS, st.integers(0, 3))
def test_the_line_comes_first_and_all_else_stays(
    data: st.DataObject, system: Any, others: dict[str, Any], place: int
) -> None:
    members = list(others.items())
    members.insert(place, ("system", system))
    body = data.draw(SPACE).encode() + data.draw(written(dict(members))).encode()
    edit = identity_edit(body, jsonio.object_spans(body))
    assert edit is not None
    start, end, new = edit
    result = jsonio.splice(body, [edit])
    assert json.loads(result) == dict(members) | {"system": wanted(system)}
    assert (result[:start], result[start + len(new) :]) == (body[:start], body[end:])
    # Outside the value of `system` nothing is touched; of it a string or a list stays whole.
    if isinstance(system, list):
        assert start == end
    elif system:
        assert body[start:end] in new
    assert edited(result) == result, "what has the line is left alone"


@given(st.data(), OTHERS)
def test_a_missing_prompt_is_made(data: st.DataObject, others: dict[str, Any]) -> None:
    body = data.draw(written(others)).encode()
    result = edited(body)
    assert json.loads(result) == others | {"system": [BLOCK]}
    inserted = len(result) - len(body)
    brace = body.index(b"{") + 1
    assert result[:brace] + result[brace + inserted :] == body


@pytest.mark.parametrize(
    "system",
    [
        json.dumps([BLOCK]),
        json.dumps([BLOCK, {"type": "text", "text": "more"}]),
        json.dumps([BLOCK | {"cache_control": {"type": "ephemeral"}}], indent=2),
        json.dumps([BLOCK]).replace("Claude", "\\u0043laude"),
        json.dumps(LINE),
    ],
)
def test_a_request_that_has_the_line_is_untouched(system: str) -> None:
    body = b'{"system" : ' + system.encode() + b' , "x": 1.0}'
    assert edited(body) is body


@pytest.mark.parametrize("second", [[{"type": "text", "text": "x"}, BLOCK], f"{LINE} More.", "x"])
def test_the_line_counts_only_in_the_first_place(second: Any) -> None:
    found = decoded(json.dumps({"system": second}).encode())["system"]
    assert found == wanted(second)


def test_of_a_prompt_given_twice_the_last_counts() -> None:
    body = b'{"system":"first" , "a":1.0,"system" :[ ],"system":  "last"}'
    expected = b'{"system":"first" , "a":1.0,"system" :[ ],"system":  '
    assert edited(body).startswith(expected + b"[")
    assert decoded(body)["system"] == wanted("last")


def test_an_empty_prompt_makes_no_empty_block() -> None:
    assert decoded(b'{"system":""}') == {"system": [BLOCK]}
    assert decoded(b'{"system":[]}') == {"system": [BLOCK]}
    assert decoded(b'{"system":[ \n ]}') == {"system": [BLOCK]}
    assert decoded(b"{}") == {"system": [BLOCK]}
    assert decoded(b" { } ") == {"system": [BLOCK]}


def test_no_cache_control_is_added() -> None:
    assert b"cache_control" not in edited(b'{"system":"x"}')


@pytest.mark.parametrize("system", [b"7", b"true", b"1.0", b'{"type":"text","text":"x"}', b"-0"])
def test_a_prompt_of_a_wrong_type_is_the_apis_to_refuse(system: bytes) -> None:
    body = b'{"system": ' + system + b"}"
    assert edited(body) is body


@pytest.mark.parametrize("item", [b"null", b'"text"', b"[]", b"1e999", b'{"text": "\xff"}', b"{}"])
def test_a_prompt_of_odd_blocks_gets_the_line_all_the_same(item: bytes) -> None:
    body = b'{"system": [' + item + b"]}"
    assert edited(body) == body.replace(b"[", b"[" + jsonio.encode(BLOCK) + b",", 1)


def test_a_prompt_inside_another_value_is_none() -> None:
    body = b'{"messages":[{"system":"inner"}],"note":"\\"system\\":null"}'
    assert decoded(body)["system"] == [BLOCK]
    assert decoded(body)["messages"] == [{"system": "inner"}]
