"""What a request says of its client."""

from __future__ import annotations

import pytest

from axonhub_cli import jsonio
from axonhub_cli.proxy.client import lower_headers, metadata_user_id


def test_of_a_repeated_header_the_first_counts_and_all_bytes_are_text() -> None:
    headers = [(b"a", b"1"), (b"b", b"\xff\xc3\xa9"), (b"a", b"2"), (b"c", b"")]
    assert lower_headers(headers) == {"a": "1", "b": "ÿÃ©", "c": ""}
    assert lower_headers([]) == {}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (b'{"user_id": "user_1"}', "user_1"),
        (b' {"user_id" : "{\\"session_id\\": \\"s\\"}" }', '{"session_id": "s"}'),
        (b'{"user_id": "\\ud83d"}', "\ufffd"),
        (b'{"user_id": ""}', ""),
        (b'{"user_id": null}', None),
        (b'{"user_id": 7}', None),
        (b'{"user_id": ["a"]}', None),
        (b"{}", None),
        (b"null", None),
        (b"[]", None),
        (b'"user_id"', None),
        (b"7", None),
        (b'{"user_id": "\xff"}', None),
        (b'{"user_id": "user_1", "x": 1e999}', None),
        (b'{"\xff": 1, "user_id": "user_1"}', None),
    ],
)
def test_the_user_id_is_read_where_there_is_one(metadata: bytes, expected: str | None) -> None:
    envelope, _ = jsonio.read_envelope(b'{"model": "m", "metadata": ' + metadata + b"}")
    assert metadata_user_id(envelope) == expected


def test_without_metadata_there_is_none() -> None:
    assert metadata_user_id(jsonio.read_envelope(b'{"model": "m"}')[0]) is None
