"""Tool calls put together from pieces, in each server's way."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.ir.events import BlockEnded, BlockStarted, Event, ToolArgsDelta
from axonhub_cli.protocols.openai_chat.calls import Calls
from tests.protocols.openai_chat.wire import call


def gather(*deltas: dict[str, Any]) -> list[tuple[str | None, str | None, str]]:
    """`(id, name, arguments)` of each call, in the order they begin."""
    calls, key = Calls(), 0
    events: list[Event] = []
    for delta in deltas:
        key = calls.take(delta, key, events)
    calls.end(key, events)
    found: dict[int, tuple[str | None, str | None, str]] = {}
    ended: list[int] = []
    for event in events:
        match event:
            case BlockStarted():
                assert event.key not in found
                found[event.key] = (event.id, event.name, "")
            case ToolArgsDelta(at, text):
                id_, name, before = found[at]
                assert at not in ended
                found[at] = (id_, name, before + text)
            case BlockEnded(at):
                ended.append(at)
    assert sorted(ended) == sorted(found)
    return list(found.values())


def merged(*deltas: dict[str, Any]) -> dict[str, Any]:
    return {"tool_calls": [piece for delta in deltas for piece in delta["tool_calls"]]}


def rest(index: int | None, text: str) -> dict[str, Any]:
    return call(index, arguments=text)


TWO = [("c1", "f", '{"a":1}'), ("c2", "g", '{"b":2}')]

CASES = {
    "as OpenAI does": [
        call(0, id="c1", type="function", name="f", arguments=""),
        rest(0, '{"a"'),
        rest(0, ":1}"),
        call(1, id="c2", type="function", name="g", arguments=""),
        rest(1, '{"b":2}'),
    ],
    "interleaved": [
        merged(call(0, id="c1", name="f"), call(1, id="c2", name="g")),
        merged(rest(0, '{"a"'), rest(1, '{"b"')),
        rest(1, ":2}"),
        rest(0, ":1}"),
    ],
    "several whole calls in one chunk": [
        merged(
            call(0, id="c1", name="f", arguments='{"a":1}'),
            call(1, id="c2", name="g", arguments='{"b":2}'),
        )
    ],
    "without an index (known-failures 9)": [
        merged(
            call(None, id="c1", name="f", arguments='{"a":1}'),
            call(None, id="c2", name="g", arguments='{"b":2}'),
        )
    ],
    "without an index, in pieces": [
        call(None, id="c1", name="f", arguments=""),
        rest(None, '{"a":1}'),
        call(None, id="c2", name="g"),
        rest(None, '{"b"'),
        rest(None, ":2}"),
    ],
    "without an index, pieces by id": [
        call(None, id="c1", name="f"),
        call(None, id="c2", name="g"),
        call(None, id="c1", arguments='{"a":1}'),
        call(None, id="c2", arguments='{"b":2}'),
    ],
    "all with index 0": [
        call(0, id="c1", name="f", arguments='{"a":1}'),
        call(0, id="c2", name="g", arguments='{"b"'),
        rest(0, ":2}"),
    ],
    "id and name in each piece": [
        call(0, id="c1", name="f", arguments='{"a"'),
        call(0, id="c1", name="f", arguments=":1}"),
        call(1, id="c2", name="g", arguments='{"b"'),
        call(1, id="c2", name="g", arguments=":2}"),
    ],
    "a new id in each piece": [
        call(0, id="c1", name="f", arguments='{"a"'),
        call(0, id="x9", arguments=":1}"),
        call(1, id="c2", name="g", arguments='{"b":2}'),
    ],
    "an empty name first (known-failures 9)": [
        call(0, id="c1", name="", arguments=""),
        call(0, id="", name="f", arguments='{"a":1}'),
        call(1, id="c2", name=None, arguments=None),
        call(1, name="g", arguments='{"b":2}'),
    ],
    "arguments before the name": [
        call(0, id="c1", arguments='{"a"'),
        call(0, arguments=":1"),
        call(0, name="f", arguments="}"),
        call(1, arguments='{"b":2}'),
        call(1, id="c2"),
        call(1, name="g"),
    ],
    "an id after the name": [
        call(0, name="f"),
        call(0, id="c1", arguments='{"a":1}'),
        call(None, name="g"),
        call(None, id="c2", arguments='{"b":2}'),
    ],
    "arguments as objects": [
        merged(
            call(0, id="c1", name="f", arguments={"a": 1}),
            call(1, id="c2", name="g", arguments={"b": 2}),
        )
    ],
    "nulls and oddities between": [
        {"tool_calls": [None, 7, {}]},
        call(0, id="c1", name="f", arguments='{"a":1}'),
        {"tool_calls": [{"index": 0, "id": None, "function": None}]},
        {"tool_calls": "odd"},
        call(1, id="c2", name="g", arguments='{"b":2}'),
    ],
}


@pytest.mark.parametrize("deltas", CASES.values(), ids=CASES.keys())
def test_two_calls_are_told_apart(deltas: list[dict[str, Any]]) -> None:
    assert gather(*deltas) == TWO


def test_calls_without_ids_have_none() -> None:
    whole = merged(call(None, name="f", arguments="{}"), call(None, name="f", arguments="{}"))
    assert gather(whole) == [(None, "f", "{}"), (None, "f", "{}")]


def test_calls_of_one_index_and_no_id_begin_where_an_object_begins() -> None:
    deltas = [call(0, name="f", arguments='{"a":'), call(0, name="f", arguments='"{"}')]
    assert gather(*deltas, call(0, name="f", arguments="{}")) == [
        (None, "f", '{"a":"{"}'),
        (None, "f", "{}"),
    ]


def test_a_legacy_function_call_is_a_call() -> None:
    pieces = [{"function_call": {"name": "f"}}, {"function_call": {"arguments": "{}"}}]
    assert gather(*pieces) == [(None, "f", "{}")]


def test_a_call_without_arguments_begins_at_the_end_at_last() -> None:
    assert gather(call(0, name="f")) == [(None, "f", "")]


def test_a_call_that_never_gets_a_name_is_kept() -> None:
    assert gather(call(0, id="c1", arguments="{}")) == [("c1", "", "{}")]


def test_a_call_that_only_looks_whole_goes_on() -> None:
    deltas = [call(0, id="c1", name="f", arguments='{"a":"}'), call(1, id="c2", name="g")]
    assert gather(*deltas, call(0, arguments='"}')) == [("c1", "f", '{"a":"}"}'), ("c2", "g", "")]


def test_empty_pieces_make_no_call() -> None:
    assert gather({"tool_calls": [{}]}, {"tool_calls": None}, {}) == []


def test_a_free_form_call_has_its_text_as_the_one_argument() -> None:
    def piece(text: str, **more: Any) -> dict[str, Any]:
        return {"tool_calls": [{"index": 0, "custom": {"input": text} | more, "type": "custom"}]}

    first = piece("", name="patch")
    first["tool_calls"][0]["id"] = "c1"
    assert gather(first, piece('a"'), piece("\n🎈")) == [("c1", "patch", '{"input":"a\\"\\n🎈"}')]
    assert gather(first) == [("c1", "patch", '{"input":""}')]
