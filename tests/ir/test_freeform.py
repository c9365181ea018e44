"""Free-form tools as functions of one text, and their calls back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.ir.freeform import (
    NOT_ENFORCED,
    SCHEMA,
    Unwrap,
    names_of,
    unwrap,
    without_freeform,
    wrap,
)
from axonhub_cli.ir.request import Message, Request, ServerTool, Text, Tool, ToolCall

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)


@given(TEXTS)
def test_a_text_comes_back(text: str) -> None:
    assert unwrap(wrap(text)) == text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("", ""),
        ("plain text", "plain text"),
        ('{"input": 7}', '{"input": 7}'),
        ('{"other": "a"}', '{"other": "a"}'),
        ('{"input": "a", "more": 1}', "a"),
        ('"a"', '"a"'),
        ('{"input": "brok', '{"input": "brok'),
    ],
)
def test_what_has_another_form_is_the_text_itself(arguments: str, text: str) -> None:
    assert unwrap(arguments) == text


@st.composite
def in_pieces(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> tuple[str, list[str]]:
    """A text, and a way to write its arguments, split anywhere."""
    text = draw(texts)
    space = draw(st.sampled_from(["", " ", "\n  "]))
    written = json.dumps(text, ensure_ascii=draw(st.booleans()))
    arguments = f'{space}{{{space}"input"{space}:{space}{written}{space}}}{space}'
    cuts = sorted(draw(st.lists(st.integers(0, len(arguments)), max_size=6)))
    ends = [0, *cuts, len(arguments)]
    return text, [arguments[a:b] for a, b in zip(ends, ends[1:], strict=False)]


@given(in_pieces(TEXTS))
def test_pieces_become_the_text_wherever_they_are_cut(case: tuple[str, list[str]]) -> None:
    text, pieces = case
    machine = Unwrap()
    assert "".join([*map(machine.feed, pieces), machine.close()]) == text


def test_the_text_goes_on_as_it_comes() -> None:
    machine = Unwrap()
    pieces = ['{"inp', 'ut": "', "*** a", "\\", "n", "\\ud83d", "\\ude00", '"}']
    fed = [machine.feed(piece) for piece in pieces]
    assert fed == ["", "", "*** a", "", "\n", "", "😀", ""]
    assert machine.close() == ""


@given(st.text(max_size=20), st.integers(0, 20))
def test_any_other_form_is_the_text_at_the_end(arguments: str, cut: int) -> None:
    machine = Unwrap()
    said = machine.feed(arguments[:cut]) + machine.feed(arguments[cut:]) + machine.close()
    assert said == unwrap(arguments)


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (['{"input": "a', "bc"], "abc"),
        (['{"input": "a\\'], "a\\"),
        (['{"input": "\\ud83d'], "\ufffd"),
        (['{"input": "\\ud83d!"}'], "\ufffd!"),
        (['{"input": "a"', ', "more": "b"}'], "a"),
    ],
)
def test_a_call_that_breaks_off_loses_nothing(pieces: list[str], text: str) -> None:
    machine = Unwrap()
    assert "".join([*map(machine.feed, pieces), machine.close()]) == text


PATCH = Tool("patch", "Applies it.", SCHEMA, freeform=True)
GRAMMAR = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: A"}}
LARK = Tool("lark", None, SCHEMA, extra={"custom": {"format": GRAMMAR}}, freeform=True)


def test_a_request_without_them_is_the_very_same() -> None:
    request = Request(
        protocol="openai_chat",
        model="m",
        messages=(Message("user", (Text("a"),)),),
        tools=(Tool("f"), ServerTool("openai_chat", "other", "x", {})),
    )
    assert without_freeform(request) == (request, ())
    assert without_freeform(request)[0] is request
    assert names_of(request) == frozenset()


def test_tools_and_calls_become_functions() -> None:
    call = ToolCall("c", "patch", wrap("*** x"), freeform=True)
    request = Request(
        protocol="openai_chat",
        model="m",
        messages=(Message("user", (Text("a"),)), Message("assistant", (call,))),
        tools=(PATCH, LARK, Tool("f")),
    )
    bridged, lost = without_freeform(request)
    assert names_of(request) == {"patch", "lark"}
    assert names_of(bridged) == frozenset()
    assert bridged.messages[0] is request.messages[0]
    assert bridged.messages[1].content == (ToolCall("c", "patch", wrap("*** x")),)
    assert bridged.tools[0] == Tool("patch", "Applies it.", SCHEMA)
    told = "`input` must follow this grammar (lark):\nstart: A"
    assert bridged.tools[1] == Tool("lark", told, SCHEMA)
    assert lost == (NOT_ENFORCED,)
