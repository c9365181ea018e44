"""One client's call: what is read of its body, and the sentence for what cannot be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import Config, Key
from axonhub_cli.errors import ClientError
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.snapshot import Snapshot

PROTOCOL = PROTOCOLS["anthropic"]


def call(body: bytes, route: int = 0) -> ClientCall:
    return ClientCall(
        protocol=PROTOCOL,
        route=PROTOCOL.routes[route],
        query="",
        headers=[],
        body=body,
        key=Key("default", "sha256:0"),
        profile=None,
        snapshot=Snapshot(config=Config()),
    )


def refusal(body: bytes) -> str:
    with pytest.raises(ClientError) as caught:
        call(body)
    assert caught.value.kind == "invalid_request"
    return caught.value.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        (b"{", "not valid JSON"),
        (b"model=claude", "not valid JSON"),
        (b'{"model": "m"} x', "not valid JSON"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        ('{"model": "m"}'.encode("utf-16"), "not valid JSON"),
        (b'{"model": "\xff"}', "not valid JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        (b'"text"', "object"),
        (b"{}", "model"),
        (b'{"model": null}', "model"),
        (b'{"model": 7}', "`model`"),
        (b'{"model": ["m"]}', "`model`"),
        (b'{"model": {"name": "m"}}', "`model`"),
        (b'{"model": true}', "`model`"),
        (b'{"model": "m", "model": 1.0}', "`model`"),
        (b'{"model": "m", "stream": "yes"}', "`stream`"),
        (b'{"model": "m", "stream": 1}', "`stream`"),
    ],
)
def test_what_cannot_be_read_is_named(body: bytes, words: str) -> None:
    assert words in refusal(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"model":"m","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"model":"m","metadata":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
    ],
    ids=["open", "list", "object", "messages", "metadata"],
)
def test_nesting_without_end_is_refused_and_crashes_nothing(body: bytes) -> None:
    assert len(refusal(body)) < 200


@given(st.binary(max_size=40) | st.from_regex(rb'\{"model": ?"[^"]*"(, "a": .{0,9})?\}'))
def test_any_bytes_are_a_call_or_a_refusal(body: bytes) -> None:
    try:
        assert isinstance(call(body).model, str)
    except ClientError as error:
        assert error.message


@pytest.mark.parametrize("name", ["m", "mo\ndel", "🎈", "x" * 1000])
def test_a_model_may_be_called_anything(name: str) -> None:
    assert call(json.dumps({"model": name}).encode()).model == name


def test_but_not_by_a_name_that_is_a_burden_to_remember() -> None:
    assert refusal(json.dumps({"model": "x" * 1001}).encode()) == (
        "model: String should have at most 1000 characters"
    )


def test_only_a_generation_streams() -> None:
    body = b'{"model": "m", "stream": true}'
    assert call(body).streams
    assert not call(body, route=1).streams
    assert not call(b'{"model": "m"}').streams
    assert not call(b'{"model": "m", "stream": null}').streams
    assert not call(b'{"model": "m", "stream": false}').streams


def test_a_good_body_is_the_very_same_object() -> None:
    body = b'{"model": "m" ,\n "max_tokens":1.0}'
    assert call(body).body is body


def test_half_an_emoji_is_repaired_in_place() -> None:
    body = rb'{"model":"m","messages":[{"content":"\ud83d \ud83d\ude00 \\ud83d"}]}'
    repaired = call(body).body
    assert repaired == body.replace(rb"\ud83d ", rb"\ufffd ", 1)
    assert len(repaired) == len(body)


def test_members_are_found_once_and_tell_where_values_stand() -> None:
    made = call(b'{ "a" : [1.0] , "model":"m","model" : "n" }')
    assert made.model == "n"
    assert made.members is made.members
    assert [(s.key, made.body[s.start : s.end]) for s in made.members] == [
        ("a", b"[1.0]"),
        ("model", b'"m"'),
        ("model", b'"n"'),
    ]
