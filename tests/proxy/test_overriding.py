"""A channel's overrides on a real call: after mapping, quirks and conversion, before sending."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from axonhub_cli.config.schema import Override
from axonhub_cli.proxy.outgoing import Outgoing
from axonhub_cli.proxy.reply import HeaderList
from tests.proxy.test_outgoing import outgoing

BODY = (
    b'{"model":"claude-x" , "max_tokens":1.0,"metadata":{"user_id":"u","team":"core"},'
    b'"output_config":{"effort":"high"},"messages":[{"role":"user","content":"hi"}]}'
)


def sent(*overrides: dict[str, Any], **how: Any) -> Outgoing:
    converted = msgspec.convert(list(overrides), tuple[Override, ...])
    return outgoing(BODY, overrides=converted, **how)


def test_a_relayed_body_is_spliced() -> None:
    done = sent({"op": "set", "path": "max_tokens", "value": 5}, model="claude-y")
    assert done.call.body == BODY.replace(b"claude-x", b"claude-y").replace(b"1.0", b"5")
    assert [(n.path, n.reason) for n in done.overrides] == [
        ("max_tokens", "set by override 1 of the channel")
    ]
    assert done.losses == ()


def test_without_one_that_applies_the_body_is_the_very_same() -> None:
    done = sent({"op": "delete", "path": "none"})
    assert done.call.body is BODY
    assert done.overrides == ()


def test_values_come_from_the_request() -> None:
    headers: HeaderList = [(b"x-team", b"lab"), (b"x-odd", b"ah-" + b"0" * 64)]
    names = {
        "x": "{{request.model}}/{{upstream.model}}/{{request.effort}}/{{request.metadata.team}}",
        "y": "{{request.headers.x-team}} {{key.name}} {{channel.name}} {{upstream.protocol}}",
        "z": "{{request.stream}}",
        # A key of ours opens the gateway: it is told to nobody.
        "secret": "{{request.headers.x-odd}}",
    }
    edits = [{"op": "set", "path": path, "value": value} for path, value in names.items()]
    done = sent(*edits, model="claude-y", headers=headers)
    added = msgspec.json.decode(done.call.body)
    assert added["x"] == "claude-x/claude-y/high/core"
    assert added["y"] == "lab default main anthropic"
    assert added["z"] is False
    assert "secret" not in added
    assert done.overrides[-1].reason.endswith("the request has no request.headers.x-odd")


def test_a_condition_sees_what_goes_upstream() -> None:
    edit = {"op": "set", "path": "a", "value": 1, "when": {"upstream.model": "claude-y"}}
    assert b'"a":1' in sent(edit, model="claude-y").call.body
    assert b'"a":1' not in sent(edit).call.body


def test_headers_are_edited_and_the_credential_stays() -> None:
    beta = {"op": "array_append", "path": "anthropic-beta", "value": "new-1", "in": "headers"}
    done = sent(beta, headers=[(b"anthropic-beta", b"old-1")], token="sk-ant-oat01-" + "x" * 8)
    values = dict(done.call.headers)
    assert values[b"anthropic-beta"].split(b",")[-1] == b"new-1"
    assert values[b"authorization"].startswith(b"Bearer sk-ant-oat01-")


def test_a_converted_body_is_edited_in_the_upstreams_words() -> None:
    edit = {"op": "rename", "path": "max_tokens", "to": "max_completion_tokens"}
    how = {"type_": "openai-compatible", "protocol": "openai_chat"}
    plain, done = sent(**how), sent(edit, **how)
    assert b'"max_completion_tokens":1' in done.call.body
    assert done.conversion is not None
    # Where the messages stand is the writer's to find out anew.
    assert plain.parts is not None and done.parts is None


@pytest.mark.parametrize("route", [0, 1])
def test_a_count_keeps_its_body(route: int) -> None:
    edits: list[dict[str, Any]] = [
        {"op": "set", "path": "max_tokens", "value": 5},
        {"op": "set", "path": "x-a", "value": "1", "in": "headers"},
    ]
    done = sent(*edits, route=route)
    assert (done.call.body is BODY) is (route == 1)
    assert (b"x-a", b"1") in done.call.headers
