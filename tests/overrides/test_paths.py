"""Paths into a body: how they are written, and what is wrong with one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.overrides.paths import EACH, Path, WrongPath, concrete, parse, split


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("temperature", ("temperature",)),
        ("metadata.tags.0", ("metadata", "tags", "0")),
        ("metadata.tags[0]", ("metadata", "tags", 0)),
        ("messages[-1].content", ("messages", -1, "content")),
        (
            "messages[*].content[*].cache_control",
            ("messages", EACH, "content", EACH, "cache_control"),
        ),
        ("tools.*.strict", ("tools", EACH, "strict")),
        (r"a\.b.c\[0\]", ("a.b", "c[0]")),
        (r"\*", ("*",)),
        (r"a\\", ("a\\",)),
        ("a[0][1]", ("a", 0, 1)),
        ("größe.x y", ("größe", "x y")),
        ("0", ("0",)),
    ],
)
def test_a_path_is_names_and_positions(text: str, path: Path) -> None:
    assert parse(text) == path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the path is empty"),
        ("a..b", "a name is missing at position 3"),
        (".a", "a name is missing at position 1"),
        ("a.", "a name is missing at position 3"),
        ("a.[0]", "a name is missing at position 3"),
        ("a[0", r"the \[ at position 2 of 'a\[0' is not closed"),
        ("a[x]", r"\[x\] at position 2 .* is no position and no \*"),
        ("a[--1]", "is no position"),
        ("a[]", "is no position"),
        ("a[0]b", "a dot is missing at position 5"),
        ("a]", r"a \] without its \[ at position 2"),
        ("[0].a", "begins with an item, but a body is an object"),
        ("*.a", "begins with an item"),
        ("a\\", "nothing follows the backslash"),
    ],
)
def test_a_wrong_path_is_told_with_its_position(text: str, said: str) -> None:
    with pytest.raises(WrongPath, match=said):
        parse(text)


def test_a_path_is_split_at_its_last_each() -> None:
    assert split(parse("a[*].b[*].c.d")) == (("a", EACH, "b", EACH), ("c", "d"))
    assert split(parse("a.b")) == ((), ("a", "b"))
    assert concrete(("a", 1)) == ("a", 1)


@given(st.text(max_size=20))
def test_any_text_is_a_path_or_a_wrong_one(text: str) -> None:
    try:
        assert parse(text)
    except WrongPath as error:
        assert str(error)


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4))
def test_any_name_can_be_escaped(names: list[str]) -> None:
    written = ".".join("".join(f"\\{c}" for c in name) for name in names)
    assert parse(written) == tuple(names)
