"""The echo provider as a client of Anthropic's API sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.echo.script import MODELS, Reply, respond

HELLO = {"model": "echo", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}


def ask(path: str = "/v1/messages", **fields: Any) -> Reply:
    return respond(path, json.dumps(HELLO | fields).encode())


def test_a_message_is_echoed() -> None:
    reply = ask()
    answer = json.loads(reply.body)
    assert reply.status == 200
    assert answer["content"] == [{"type": "text", "text": "You said: hello"}]
    assert (answer["stop_reason"], answer["model"]) == ("end_turn", "echo")


def test_a_stream_is_marked_as_one_and_carries_no_length() -> None:
    headers = dict(ask(stream=True).headers)
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert b"content-length" not in headers


def test_a_query_string_and_a_prefix_are_ignored() -> None:
    assert ask("/any/prefix/v1/messages?beta=true").status == 200


def test_tokens_are_counted_without_max_tokens() -> None:
    body = {"model": "echo", "messages": HELLO["messages"]}
    reply = respond("/v1/messages/count_tokens?beta=true", json.dumps(body).encode())
    assert json.loads(reply.body)["input_tokens"] > 0


def test_the_models_are_listed() -> None:
    listed = json.loads(respond("/v1/models?limit=1000", b"").body)
    assert tuple(model["id"] for model in listed["data"]) == MODELS
    assert any("claude" in name for name in MODELS)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "not valid JSON"),
        (b"[]", "must be a JSON object"),
        (b'{"model": "echo", "messages": []}', "max_tokens: Field required"),
        (b'{"model": "echo", "messages": [], "max_tokens": 1}', "at least one message"),
        (b'{"model": "echo", "messages": ["x"], "max_tokens": 1}', "list of objects"),
    ],
)
def test_what_the_api_would_refuse_is_refused(body: bytes, complaint: str) -> None:
    reply = respond("/v1/messages", body)
    error = json.loads(reply.body)
    assert reply.status == 400
    assert error["error"]["type"] == "invalid_request_error"
    assert complaint in error["error"]["message"]


def test_another_path_is_not_found() -> None:
    reply = respond("/v1/complete", b"{}")
    assert (reply.status, json.loads(reply.body)["error"]["type"]) == (404, "not_found_error")


def test_the_same_request_gets_the_same_answer() -> None:
    assert ask(stream=True) == ask(stream=True)
    assert ask(stream=True) != ask(stream=True, max_tokens=99)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = ("system", "tools", "tool_choice", "thinking", "output_config", "stop_sequences")


@given(
    extras=st.dictionaries(st.sampled_from(NAMES), values),
    content=values,
    max_tokens=values,
    stream=st.booleans(),
)
def test_odd_requests_never_raise(extras: Any, content: Any, max_tokens: Any, stream: bool) -> None:
    messages = [{"role": "user", "content": content}]
    fields = extras | {"max_tokens": max_tokens, "stream": stream, "messages": messages}
    assert ask(**fields).status in (200, 400)


@given(st.binary(max_size=60))
def test_odd_bytes_never_raise(body: bytes) -> None:
    assert respond("/v1/messages", body).status in (200, 400)
