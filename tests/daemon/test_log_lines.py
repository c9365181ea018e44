"""Lines of the daemon's log, written as objects and read in every form."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.daemon.log_lines import Line, read_line, write_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("2026-11-24 12:00:01,250 INFO it is", Line("it is", "info", at="2026-11-24T12:00:01")),
        ("error: port 8090 is taken", Line("port 8090 is taken", "error")),
        ("hint: free it", Line("free it", "hint")),
        ("warning: careful", Line("careful", "warning")),
        ("Traceback (most recent call last):", Line("Traceback (most recent call last):")),
        ('{"message": "m", "level": "ERROR", "x": 1}', Line("m", "error", fields={"x": 1})),
        ('{"message": "m", "hint": 7, "level": "loud"}', Line("m", fields={"hint": 7})),
        ('{"level": "error"}', Line('{"level": "error"}')),
        ("{not json", Line("{not json")),
        ("", Line("")),
    ],
)
def test_every_form_is_read(text: str, line: Line) -> None:
    assert read_line(text) == line


def test_what_else_is_told_overrides_nothing() -> None:
    line = Line("m", "info", fields={"message": "other", "request": "r1"})
    assert json.loads(write_line(line)) == {"level": "info", "message": "m", "request": "r1"}


@given(st.text(), st.none() | st.text(min_size=1), st.none() | st.text(min_size=1))
def test_what_is_written_is_read_again(message: str, hint: str | None, trace: str | None) -> None:
    line = Line(message, "info", hint, "2026-11-24T12:00:00.000+00:00", "axonhub", trace)
    for ascii in (False, True):
        written = write_line(line, ascii=ascii)
        assert "\n" not in written
        assert json.loads(written)["message"] == message
        assert read_line(written) == line


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (Line("it listens", "info"), "it listens"),
        (Line("no channel yet", "info", "add one"), "hint: no channel yet: add one"),
        (Line("taken", "error", "free it"), "error: taken (try: free it)"),
        (Line("add one", "hint"), "hint: add one"),
    ],
)
def test_a_person_reads_it_in_words(line: Line, text: str) -> None:
    assert line.as_text == text
