from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.document import KeptDocument, NewDocument, says

TEXT = """\
# my gateway

[server]
port = 9000 # the old one's

# first
[[channels]]
name = "a"  # primary
type = "echo"
tags = ["x", "y"]

# second
[[channels]]
name = "b"
type = "echo"
"""


def test_a_new_text_uses_sections_that_people_expect() -> None:
    document = NewDocument({})
    document.append("channels", {"name": "a", "tags": ("x",), "proxy": None})
    document.append("channels", {"name": "b", "endpoints": {"anthropic": "https://x"}})
    document.append("profiles", {"name": "p", "mappings": [{"from": "a", "to": "b"}]})
    document.put(["server", "trace", "codex_trace_enabled"], False)
    assert (
        document.text()
        == """\
[[channels]]
name = "a"
tags = [
    "x",
]

[[channels]]
name = "b"

[channels.endpoints]
anthropic = "https://x"

[[profiles]]
name = "p"
mappings = [
    { from = "a", to = "b" },
]

[server.trace]
codex_trace_enabled = false
"""
    )


def test_a_new_text_that_cannot_be_pretty_is_still_right() -> None:
    long = [{"from": "a" * 80, "to": "b" * 80}]
    document = NewDocument({})
    document.append("profiles", {"name": "p", "mappings": long})
    document.append("profiles", {"name": "q", "mappings": long})
    assert says(document.text(), document.data)


def test_a_text_says_its_data_or_does_not() -> None:
    assert says("[a]\nb = 1\n[c]\n", {"a": {"b": 1}})
    assert not says("[a]\nb = 1", {"a": {"b": 2}})
    assert not says("[a]\nb = []", {"a": {}})
    assert not says("a = ", {})


def test_an_unchanged_text_is_the_same() -> None:
    assert KeptDocument(TEXT).text() == TEXT


def test_a_changed_value_keeps_its_comment() -> None:
    document = KeptDocument(TEXT)
    document.put(["server", "port"], 1)
    document.update("channels", 0, {"name": "c"})
    assert document.text() == TEXT.replace("9000", "1").replace('"a"', '"c"')


def test_a_new_value_stands_with_its_entry() -> None:
    document = KeptDocument(TEXT)
    document.update("channels", 0, {"weight": 5, "tags": None})
    assert document.text() == TEXT.replace('tags = ["x", "y"]', "weight = 5")


def test_a_new_entry_comes_after_the_others() -> None:
    document = KeptDocument(TEXT)
    document.append(
        "channels",
        {"name": "c", "endpoints": {"x": "y"}, "mappings": [{"from": "a", "to": "b"}]},
    )
    assert document.text() == TEXT + (
        '\n[[channels]]\nname = "c"\nendpoints = {x = "y"}\n'
        'mappings = [\n    {from = "a", to = "b"},\n]\n'
    )


def test_a_new_section_comes_last() -> None:
    document = KeptDocument(TEXT)
    document.append("profiles", {"name": "p"})
    document.append("profiles", {"name": "q"})
    assert document.text() == TEXT + '\n[[profiles]]\nname = "p"\n\n[[profiles]]\nname = "q"\n'


def test_a_removed_entry_leaves_the_comment_of_the_next() -> None:
    document = KeptDocument(TEXT)
    document.remove("channels", 0)
    document.append("channels", {"name": "c"})
    start, end = TEXT.index("[[channels]]"), TEXT.index("# second")
    assert document.text() == TEXT[:start] + "\n" + TEXT[end:] + '\n[[channels]]\nname = "c"\n'


def test_the_last_entry_takes_its_section_along() -> None:
    document = KeptDocument('[[channels]]\nname = "a"\n[channels.endpoints]\nx = "y"\n')
    document.remove("channels", 0)
    assert tomllib.loads(document.text()) == {}
    document.append("channels", {"name": "b"})
    assert tomllib.loads(document.text()) == {"channels": [{"name": "b"}]}


ODD = {
    "empty": "",
    "only a comment": "# hi",
    "no last line end": '[[channels]]\nname = "a"\ntype = "x"',
    "windows line ends": '# c\r\n[[channels]]\r\nname = "a"\r\n\r\n[[profiles]]\r\nname = "p"\r\n',
    "one inline array": 'channels = [ {name = "a"}, # c\n  {name = "b"}\n]\n[server]\nport = 1\n',
    "an empty array": "channels = []\n",
    "scattered": '[[channels]]\nname = "a"\n[[profiles]]\nname = "p"\n[[channels]]\nname = "b"\n',
    "dotted keys": 'server.port = 1\nserver.trace.trace_header = "x"\n',
    "sub-table only": '[server.trace]\ntrace_header = "x"\n[[channels]]\nname = "a"\n',
    "tables inside": '[[channels]]\nname = "a"\n[channels.endpoints]\nx = "y"\n# z\n\n[secrets]\n',
    "table after its child": '[server.trace]\ntrace_header = "x"\n[server]\nport = 1\n',
    "inline tables": 'server = { port = 1, trace = { trace_header = "x" } }\n',
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_oddly_written_files_are_edited_without_disturbing_others(text: str) -> None:
    plain, kept = NewDocument(tomllib.loads(text)), KeptDocument(text)
    for document in (plain, kept):
        document.append("channels", {"name": "new", "mappings": [{"from": "a", "to": "b"}]})
        document.put(["server", "port"], 2)
        document.put(["server", "trace", "trace_header"], "y")
        document.update("channels", 0, {"tags": ["x"], "weight": 3})
        document.append("profiles", {"name": "more"})
        document.put(["server", "trace", "trace_header"], None)
        document.remove("channels", 0)
        document.append("channels", {"name": "last"})
    assert says(kept.text(), plain.data)
    assert says(plain.text(), plain.data)


values = st.one_of(
    st.text(),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.lists(st.text(), max_size=3),
    st.dictionaries(st.text(min_size=1), st.text(), max_size=3),
    st.lists(st.fixed_dictionaries({"from": st.text(), "to": st.text()}), max_size=3),
)
entries = st.dictionaries(st.text(min_size=1), values, max_size=4)


@given(st.lists(entries, min_size=1, max_size=3), entries)
def test_any_values_read_back_as_they_were(given_entries: list[Any], more: dict[str, Any]) -> None:
    plain = NewDocument({})
    for entry in given_entries:
        plain.append("channels", entry)
    text = plain.text()
    assert says(text, plain.data)
    kept = KeptDocument(text)
    for document in (plain, kept):
        document.append("channels", more)
        document.update("channels", 0, more)
    assert says(kept.text(), plain.data)
