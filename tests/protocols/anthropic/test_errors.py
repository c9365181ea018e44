"""Anthropic's error shape, written and read."""

from __future__ import annotations

import json

import pytest

from axonhub_cli.errors import ErrorInfo, Kind
from axonhub_cli.protocols.anthropic.errors import (
    encode_error,
    encode_stream_error,
    error_status,
    read_error,
)


@pytest.mark.parametrize(
    ("kind", "type_", "status"),
    [
        ("invalid_request", "invalid_request_error", 400),
        ("authentication", "authentication_error", 401),
        ("permission", "permission_error", 403),
        ("not_found", "not_found_error", 404),
        ("too_large", "request_too_large", 413),
        ("rate_limited", "rate_limit_error", 429),
        ("upstream", "api_error", 500),
        ("timeout", "timeout_error", 504),
        ("overloaded", "overloaded_error", 529),
    ],
)
def test_kinds_have_the_types_of_the_api(kind: Kind, type_: str, status: int) -> None:
    body = encode_error(ErrorInfo.of(kind, "sentence"))
    assert json.loads(body) == {"type": "error", "error": {"type": type_, "message": "sentence"}}
    assert read_error(body) == (type_, "sentence")
    assert error_status(body) == status


def test_a_request_id_is_told() -> None:
    info = ErrorInfo.of("upstream", "sentence", request_id="req_1")
    assert json.loads(encode_error(info))["request_id"] == "req_1"
    assert encode_stream_error(info).startswith(b"event: error\ndata: {")
    assert encode_stream_error(info).endswith(b"}\n\n")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ("", "")),
        (b"<html>", ("", "")),
        (b"null", ("", "")),
        (b"[1]", ("", "")),
        (b"{}", ("", "")),
        (b'{"error": null}', ("", "")),
        (b'{"error": "overloaded"}', ("", "overloaded")),
        (b'{"error": {"message": "hm"}}', ("", "hm")),
        (b'{"error": {"type": 7, "message": ["x"]}}', ("", "")),
        (b'{"error": {"type": "api_error", "message": "\\ud83d"}}', ("api_error", "\ufffd")),
        (b'{"error": {"message": "\xff"}}', ("", "")),
        (b"[" * 100_000, ("", "")),
    ],
)
def test_an_upstream_may_answer_anything(body: bytes, expected: tuple[str, str]) -> None:
    assert read_error(body) == expected
    assert error_status(body) == 500


def test_the_vendors_other_types_keep_their_status() -> None:
    assert error_status(b'{"error": {"type": "billing_error"}}') == 402
    assert error_status(b'{"error": {"type": "brand_new_error"}}') == 500
