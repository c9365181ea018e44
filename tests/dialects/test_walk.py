import pytest

from axonhub_cli.dialects.walk import (
    drop,
    drop_fields,
    map_dicts,
    map_field,
    matches,
    only,
    prepend_text,
    text_of,
    tools_of,
    unless,
    without,
)
from axonhub_cli.ir.loss import Loss
from tests.dialects.bodies import context, run


@pytest.mark.parametrize(
    ("model", "glob", "fits"),
    [
        ("gpt-5.4-mini", "gpt-5.[4-9]*", True),
        ("gpt-5-mini", "gpt-5.[4-9]*", False),
        ("openai/gpt-5.6", "gpt-5.[4-9]*", True),
        ("MiniMax-M3", "minimax-m3*", True),
        ("deepseek-chat", "deepseek-chat", True),
        ("deepseek-chat-x", "deepseek-chat", False),
    ],
)
def test_a_glob_fits_a_name_whatever_its_case_and_with_or_without_its_maker(
    model: str, glob: str, fits: bool
) -> None:
    assert matches(model, ("never", glob)) is fits


def test_a_quirk_can_be_for_some_models_only_or_for_all_others() -> None:
    quirk = drop_fields("no", "n")
    assert only(quirk, "a*").__name__ == quirk.__name__ == unless(quirk, "a*").__name__
    assert run(only(quirk, "a*"), {"n": 1}, context("abc")) == ({}, ["n"])
    assert run(only(quirk, "a*"), {"n": 1}, context("xyz")) == ({"n": 1}, [])
    assert run(unless(quirk, "a*"), {"n": 1}, context("abc")) == ({"n": 1}, [])
    assert run(unless(quirk, "a*"), {"n": 1}, context("xyz")) == ({}, ["n"])


def test_a_field_that_was_null_is_no_loss() -> None:
    assert drop({"n": None, "m": 1}, "no", "n") == ({"m": 1}, ())
    assert drop({"n": 2}, "no", "n", "x") == ({}, (Loss("n", "no"),))


def test_what_does_not_change_is_the_same_object() -> None:
    body = {"messages": [{"role": "user"}, None], "x": 1}
    assert without(body, "y") is body
    assert map_field(body, "messages", lambda item: item) is body
    assert map_field(body, "x", lambda item: {}) is body
    assert map_dicts("text", lambda item: {}) == "text"
    assert drop(body, "no", "y")[0] is body


def test_text_is_read_from_every_shape_of_content() -> None:
    assert text_of("a") == "a"
    assert text_of([{"type": "text", "text": "a"}, {"type": "image"}, 3, {"type": "text"}]) == "a"
    assert text_of(None) == ""
    assert prepend_text("b", "a") == "ab"
    assert prepend_text(None, "a") == "a"
    assert prepend_text([], "a") == [{"type": "text", "text": "a"}]


def test_tools_are_objects() -> None:
    assert tools_of({"tools": [{"type": "x"}, 1]}) == [{"type": "x"}]
    assert tools_of({"tools": {}}) == []
