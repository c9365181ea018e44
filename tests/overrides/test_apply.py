"""All of a channel's overrides: in order, each told, none a failure."""

from __future__ import annotations

from typing import Any

import msgspec

from axonhub_cli.config.schema import Override
from axonhub_cli.overrides.apply import Overridden, apply
from axonhub_cli.overrides.headers import HeaderList
from axonhub_cli.overrides.variables import Facts

BODY = b'{"model":"m","temperature":1.0}'
HEADERS: HeaderList = [(b"x-a", b"1")]


def applied(*overrides: dict[str, Any], body: bytes = BODY, **more: Any) -> Overridden:
    converted = msgspec.convert(list(overrides), tuple[Override, ...])
    return apply(converted, body, HEADERS, Facts(model="claude-x", stream=True), **more)


def told(done: Overridden) -> list[tuple[str, str]]:
    return [(note.path, note.reason) for note in done.notes]


def test_they_apply_one_after_the_other() -> None:
    done = applied(
        {"op": "set", "path": "a", "value": "{{request.model}}"},
        {"op": "rename", "path": "a", "to": "b.c"},
        {"op": "set", "path": "b.d", "value": "{{body.b.c}}!"},
        {"op": "set", "path": "X-Model", "value": "{{request.model}}", "in": "headers"},
    )
    assert done.body == b'{"model":"m","temperature":1.0,"b":{"c":"claude-x","d":"claude-x!"}}'
    assert done.headers == [*HEADERS, (b"x-model", b"claude-x")]
    assert told(done) == [
        ("a", "set by override 1 of the channel"),
        ("a", "renamed by override 2 of the channel"),
        ("b.d", "set by override 3 of the channel"),
        ("headers.x-model", "set by override 4 of the channel"),
    ]


def test_one_that_cannot_apply_is_told_and_passed_over() -> None:
    done = applied(
        {"op": "rename", "path": "none", "to": "x"},
        {"op": "set", "path": "a", "value": "{{request.headers.x-team}}"},
        {"op": "array_append", "path": "temperature", "value": 1},
        {"op": "set", "path": "z", "value": 1},
    )
    assert done.body == b'{"model":"m","temperature":1.0,"z":1}'
    third = "override 3 (array_append) does not apply"
    assert told(done) == [
        ("none", "override 1 (rename) does not apply: there is no none"),
        ("a", "override 2 (set) does not apply: the request has no request.headers.x-team"),
        ("temperature", f"{third}: temperature is a number, not an array"),
        ("z", "set by override 4 of the channel"),
    ]


def test_one_whose_condition_does_not_hold_is_not_told() -> None:
    when = {"request.stream": False}
    done = applied({"op": "set", "path": "a", "value": 1, "when": when})
    assert (done.body, done.headers, done.notes) == (BODY, HEADERS, ())
    assert done.body is BODY
    done = applied({"op": "set", "path": "a", "value": 1, "when": {"request.model": "claude-*"}})
    assert done.body.endswith(b'"a":1}')


def test_nothing_to_do_is_not_told() -> None:
    done = applied(
        {"op": "delete", "path": "none"}, {"op": "set_if_absent", "path": "model", "value": 1}
    )
    assert done.body is BODY and done.notes == ()


def test_a_count_has_its_headers_edited_alone() -> None:
    done = applied(
        {"op": "set", "path": "max_tokens", "value": 1},
        {"op": "set", "path": "x-a", "value": "2", "in": "headers"},
        edits_body=False,
    )
    assert done.body is BODY
    assert done.headers == [(b"x-a", b"2")]


def test_a_body_that_cannot_be_read_is_left_as_it_is() -> None:
    broken = b'{"model":"m","\xff":1}'
    done = applied({"op": "set", "path": "a", "value": 1}, body=broken)
    assert done.body is broken
    assert "does not apply" in done.notes[0].reason
