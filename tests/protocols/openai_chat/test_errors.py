"""OpenAI's error shape, written and read; and the shapes of those who speak its protocol."""

from __future__ import annotations

import json

import pytest

from axonhub_cli.errors import ErrorInfo, Kind
from axonhub_cli.protocols.openai_chat.errors import (
    decode_error,
    encode_error,
    encode_stream_error,
    error_status,
    is_error,
    read_message,
)


@pytest.mark.parametrize(
    ("kind", "type_", "code", "status"),
    [
        ("invalid_request", "invalid_request_error", None, 400),
        ("authentication", "invalid_request_error", "invalid_api_key", 401),
        ("permission", "permission_error", None, 403),
        ("not_found", "invalid_request_error", "model_not_found", 404),
        ("too_large", "invalid_request_error", "request_too_large", 413),
        ("rate_limited", "rate_limit_error", "rate_limit_exceeded", 429),
        ("overloaded", "server_error", "overloaded", 529),
        ("upstream", "server_error", None, 500),
        ("timeout", "server_error", "timeout", 504),
    ],
)
def test_kinds_have_the_types_of_the_api(
    kind: Kind, type_: str, code: str | None, status: int
) -> None:
    body = encode_error(ErrorInfo.of(kind, "sentence"))
    error = {"message": "sentence", "type": type_, "param": None, "code": code}
    assert json.loads(body) == {"error": error}
    assert error_status(body) == status


def test_a_stream_error_is_one_event_without_a_name() -> None:
    info = ErrorInfo.of("upstream", "sentence", request_id="req_1")
    event = encode_stream_error(info)
    assert event.startswith(b'data: {"error"')
    assert event.endswith(b"}\n\n")
    assert json.loads(event[6:])["request_id"] == "req_1"


def test_a_prompt_that_is_too_long_has_openai_s_code() -> None:
    """LiteLLM and others look for it to shorten a conversation."""
    info = ErrorInfo.of("invalid_request", "prompt is too long: 210000 tokens > 200000 maximum")
    assert json.loads(encode_error(info))["error"]["code"] == "context_length_exceeded"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "sorry", "code": "context_length_exceeded"}},
        {"error": {"message": "This model's maximum context length is 8192 tokens."}},
        {"object": "error", "message": "The input exceeds the model's context window", "code": 400},
        {"message": "request (9 tokens) exceeds the available context size (8 tokens)"},
    ],
)
def test_a_context_that_is_too_long_is_said_in_the_words_claude_code_acts_on(body: object) -> None:
    info = decode_error(400, json.dumps(body).encode())
    assert info.message.startswith("prompt is too long: ")
    assert info.kind == "invalid_request"


def test_words_of_other_errors_stay_as_they_are() -> None:
    info = decode_error(400, b'{"error": {"message": "prompt is too long: 3 > 2"}}')
    assert info.message == "prompt is too long: 3 > 2"
    assert decode_error(400, b'{"error": {"message": "bad"}}').message == "bad"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request"), (401, "authentication"), (402, "permission"), (403, "permission")]
    + [(404, "not_found"), (408, "timeout"), (413, "too_large"), (422, "invalid_request")]
    + [(429, "rate_limited"), (500, "upstream"), (502, "upstream"), (503, "unavailable")]
    + [(504, "timeout"), (529, "overloaded")],
)
def test_an_error_answer_is_known_by_its_status(status: int, kind: Kind) -> None:
    info = decode_error(status, b'{"error": {"message": "hm"}}')
    assert info == ErrorInfo(kind=kind, message="hm", status=status)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "a"}}', "a"),
        (b'{"error": "a"}', "a"),
        (b'{"message": "a"}', "a"),
        (b'{"detail": "a"}', "a"),
        (b'{"detail": [{"msg": "a"}, {"msg": "b"}, 7]}', "a; b"),
        (b'[{"error": {"message": "a"}}]', "a"),
        (b'{"object": "error", "message": "a", "code": 400}', "a"),
        (b'{"error": {"type": "server_error"}}', "server_error"),
        (b'{"error": {"message": "P", "metadata": {"raw": "a"}}}', "P: a"),
        (b'{"error": {"message": "P", "metadata": {"raw": "{\\"error\\": \\"a\\"}"}}}', "P: a"),
        (b'{"error": {"metadata": {"raw": "a"}}}', "a"),
        (b"<html>", "the upstream answered with status 502"),
        (b"", "the upstream answered with status 502"),
        (b"[" * 100_000, "the upstream answered with status 502"),
        (b'{"error": {"message": 7, "code": []}}', "the upstream answered with status 502"),
    ],
)
def test_an_error_s_message_is_found_in_every_shape(body: bytes, message: str) -> None:
    assert decode_error(502, body).message == message


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 429}, 429),
        ({"code": "502"}, 502),
        ({"code": "insufficient_quota", "type": "insufficient_quota"}, 429),
        ({"code": None, "type": "overloaded_error"}, 529),
        ({"type": "invalid_request_error", "code": "invalid_api_key"}, 401),
        ({"code": 1302}, 500),
        ({"code": True}, 500),
        ({}, 500),
    ],
)
def test_an_error_in_a_stream_has_the_status_of_its_code(error: object, status: int) -> None:
    assert error_status(json.dumps({"error": error}).encode()) == status


def test_what_is_an_error_in_the_place_of_a_chunk() -> None:
    assert is_error({"error": {"message": "a"}})
    assert is_error({"object": "error", "message": "a"})
    odd: list[object] = [{"error": None, "choices": []}, {"choices": []}, {}, None, [], 7]
    for value in odd:
        assert not is_error(value)
    assert read_message(None) == ""
