"""The codec's record, and errors of an upstream for clients of other protocols."""

from __future__ import annotations

import pytest

from axonhub_cli.errors import ErrorInfo
from axonhub_cli.protocols.anthropic.codec import CODEC

OVERLOADED = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
TOO_LONG = b'{"error":{"type":"invalid_request_error","message":"too long"},"request_id":"req_1"}'


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (529, OVERLOADED, ErrorInfo("overloaded", "Overloaded", 529)),
        (
            400,
            TOO_LONG,
            ErrorInfo("invalid_request", "too long", 400, "req_1"),
        ),
        (402, b'{"error":{"type":"billing_error"}}', ErrorInfo("permission", "billing_error", 402)),
        (429, b"slow", ErrorInfo("rate_limited", "The upstream answered with status 429.", 429)),
        (418, b"[]", ErrorInfo("upstream", "The upstream answered with status 418.", 418)),
        (500, b'{"error":"it broke"}', ErrorInfo("upstream", "it broke", 500)),
    ],
)
def test_an_error_answer_is_understood(status: int, body: bytes, expected: ErrorInfo) -> None:
    assert CODEC.decode_error(status, body) == expected
