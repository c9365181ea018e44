"""Headers: edited by name, their lists by word."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from axonhub_cli.config.schema import Override
from axonhub_cli.jsonedit import CannotEdit
from axonhub_cli.overrides.headers import HeaderList, check_name, check_text, edit_headers

HEADERS: HeaderList = [(b"x-a", b"1"), (b"anthropic-beta", b"one, two"), (b"x-a", b"2")]


def edited(op: str, path: str, headers: HeaderList = HEADERS, **more: Any) -> HeaderList:
    override = msgspec.convert({"op": op, "path": path, "in": "headers", **more}, Override)
    return edit_headers(headers, override, override.value)


@pytest.mark.parametrize(
    ("op", "path", "more", "expected"),
    [
        ("set", "X-A", {"value": 7}, [(b"x-a", b"7"), HEADERS[1]]),
        ("set", "x-new", {"value": " a "}, [*HEADERS, (b"x-new", b"a")]),
        ("set", "x-new", {"value": True}, [*HEADERS, (b"x-new", b"true")]),
        ("set_if_absent", "x-new", {"value": "a"}, [*HEADERS, (b"x-new", b"a")]),
        ("delete", "x-a", {}, [HEADERS[1]]),
        (
            "rename",
            "anthropic-beta",
            {"to": "x-beta"},
            [HEADERS[0], HEADERS[2], (b"x-beta", b"one, two")],
        ),
        ("copy", "x-a", {"to": "x-b"}, [*HEADERS, (b"x-b", b"1")]),
        (
            "array_append",
            "anthropic-beta",
            {"value": "three"},
            [HEADERS[0], (b"anthropic-beta", b"one,two,three"), HEADERS[2]],
        ),
        (
            "array_prepend",
            "anthropic-beta",
            {"value": ["zero", "two"]},
            [HEADERS[0], (b"anthropic-beta", b"zero,one,two"), HEADERS[2]],
        ),
        (
            "array_insert",
            "anthropic-beta",
            {"value": "x", "index": 1},
            [HEADERS[0], (b"anthropic-beta", b"one,x,two"), HEADERS[2]],
        ),
        ("array_append", "x-new", {"value": "a"}, [*HEADERS, (b"x-new", b"a")]),
        (
            "array_remove",
            "anthropic-beta",
            {"value": "one"},
            [HEADERS[0], (b"anthropic-beta", b"two"), HEADERS[2]],
        ),
        ("array_remove", "anthropic-beta", {"value": ["one", "two"]}, [HEADERS[0], HEADERS[2]]),
        (
            "array_remove",
            "anthropic-beta",
            {"index": -1},
            [HEADERS[0], (b"anthropic-beta", b"one"), HEADERS[2]],
        ),
    ],
)
def test_a_header_is_edited(op: str, path: str, more: Any, expected: HeaderList) -> None:
    assert edited(op, path, **more) == expected


@pytest.mark.parametrize(
    ("op", "path", "more"),
    [
        ("set_if_absent", "x-a", {"value": "9"}),
        ("delete", "x-none", {}),
        ("array_append", "anthropic-beta", {"value": "one"}),
        ("array_remove", "anthropic-beta", {"value": "nine"}),
        ("array_remove", "anthropic-beta", {"index": 5}),
    ],
)
def test_where_nothing_is_to_be_done_they_are_the_same(op: str, path: str, more: Any) -> None:
    assert edited(op, path, **more) is HEADERS


def test_a_header_without_a_value_is_one() -> None:
    empty = [(b"x-a", b"")]
    assert edited("delete", "x-a", empty) == []
    assert edited("rename", "x-a", empty, to="x-b") == [(b"x-b", b"")]


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(CannotEdit, match="there is no header x-none"):
        edited("copy", "x-none", to="x-b")
    with pytest.raises(CannotEdit, match="no header can carry"):
        edited("set", "x-a", value="a\r\nhost: evil")


@pytest.mark.parametrize(
    "name",
    ["Authorization", "x-api-key", "x-goog-api-key", "api-key", "Cookie", "Host", "content-length"]
    + ["content-type", "transfer-encoding", "connection", "te", "upgrade", "accept-encoding"]
    + ["proxy-authorization", "expect", "", "a b", "a:b", "é"],
)
def test_some_headers_cannot_be_edited(name: str) -> None:
    assert check_name(name)


@pytest.mark.parametrize("name", ["anthropic-beta", "X-Title", "HTTP-Referer", "user-agent"])
def test_others_can(name: str) -> None:
    assert check_name(name) is None


def test_line_breaks_are_found_when_saved() -> None:
    assert check_text("a\tb é") is None
    assert check_text("a\nb")
