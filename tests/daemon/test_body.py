"""A request's body: read to its end, unpacked, and never larger than allowed."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import MutableMapping
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.daemon.body import read_body
from axonhub_cli.errors import ClientError, Kind
from axonhub_cli.proxy.guard import ClientLeft

DISCONNECT = {"type": "http.disconnect"}


class Client:
    """Sends these parts, then leaves."""

    def __init__(self, *parts: bytes, more: bool = False) -> None:
        self.asked = 0
        last = len(parts) - 1
        self._messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": part, "more_body": more or index < last}
            for index, part in enumerate(parts)
        ]

    async def receive(self) -> MutableMapping[str, Any]:
        self.asked += 1
        return self._messages.pop(0) if self._messages else DISCONNECT


def read(client: Client, limit: int = 1000, **headers: str) -> bytes:
    pairs = [(n.replace("_", "-").encode(), v.encode("latin-1")) for n, v in headers.items()]
    return asyncio.run(read_body(pairs, client.receive, limit))


def refused(client: Client, limit: int = 1000, **headers: str) -> tuple[Kind, str]:
    with pytest.raises(ClientError) as caught:
        read(client, limit, **headers)
    return caught.value.kind, caught.value.message


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=8))
def test_the_parts_are_joined_in_order(parts: list[bytes]) -> None:
    assert read(Client(*parts)) == b"".join(parts)


def test_a_message_may_leave_out_what_is_empty() -> None:
    client = Client()
    client._messages = [{"type": "http.request"}]
    assert read(client) == b""


@pytest.mark.parametrize("split", [(b"x" * 10,), (b"x" * 4, b"x" * 6), (b"x" * 10, b"")])
def test_the_limit_itself_is_allowed(split: tuple[bytes, ...]) -> None:
    assert read(Client(*split), limit=10, content_length="10") == b"x" * 10


@pytest.mark.parametrize("split", [(b"x" * 11,), (b"x" * 10, b"x"), (b"x",) * 11])
def test_one_byte_more_is_too_large(split: tuple[bytes, ...]) -> None:
    kind, message = refused(Client(*split), limit=10)
    assert (kind, message) == ("too_large", "the request body is larger than 10 bytes")


def test_an_endless_body_is_stopped_at_the_limit() -> None:
    client = Client(*[b"x" * 100] * 1000, more=True)
    assert refused(client, limit=1000)[0] == "too_large"
    assert client.asked == 11


@pytest.mark.parametrize("length", ["1001", " 99999 ", "9" * 50, "9" * 10_000])
def test_a_declared_length_over_the_limit_is_refused_before_a_byte_is_read(length: str) -> None:
    client = Client(b"{}")
    assert refused(client, content_length=length)[0] == "too_large"
    assert client.asked == 0


@pytest.mark.parametrize("length", ["", "-1", "²", "1²", "abc", "0x10", "1e9", "+5000", "5,5000"])
def test_a_length_that_is_no_number_is_not_believed(length: str) -> None:
    assert read(Client(b"{}"), content_length=length) == b"{}"
    assert refused(Client(b"x" * 1001), content_length=length)[0] == "too_large"


@pytest.mark.parametrize("limit", [0, -5])
def test_without_room_only_nothing_fits(limit: int) -> None:
    assert refused(Client(b"x"), limit=limit)[0] == "too_large"


@pytest.mark.parametrize("parts", [(), (b"half",)])
def test_a_client_that_leaves_in_the_middle(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(ClientLeft):
        read(Client(*parts, more=True))


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json", ";"]
    + ["application/json;"],
)
def test_json_by_any_name_or_none(content_type: str) -> None:
    assert read(Client(b"{}"), content_type=content_type) == b"{}"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    + ["application/jsonp", "application/octet-stream", "é"],
)
def test_another_type_is_named(content_type: str) -> None:
    kind, message = refused(Client(b"{}"), content_type=content_type)
    assert kind == "media_type"
    assert "application/json" in message


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"{}", mtime=0)),
        ("GZip", gzip.compress(b"{}", mtime=0)),
        (" zstd ", zstandard.compress(b"{}")),
        ("deflate", zlib.compress(b"{}")),
        ("gzip, zstd", zstandard.compress(gzip.compress(b"{}", mtime=0))),
        ("", b"{}"),
        ("Identity", b"{}"),
    ],
)
def test_a_packed_body_is_unpacked(encoding: str, packed: bytes) -> None:
    half = len(packed) // 2
    client = Client(packed[:half], packed[half:])
    assert read(client, content_encoding=encoding) == b"{}"


def test_encodings_on_two_lines_are_one_list() -> None:
    headers = [(b"content-encoding", b"gzip"), (b"content-encoding", b"zstd")]
    client = Client(zstandard.compress(gzip.compress(b"{}", mtime=0)))
    assert asyncio.run(read_body(headers, client.receive, 1000)) == b"{}"


def test_a_bomb_is_too_large_like_any_other_body() -> None:
    for encoding, bomb in (
        ("gzip", gzip.compress(bytes(1 << 20), mtime=0)),
        ("zstd", zstandard.compress(bytes(1 << 24))),
    ):
        assert len(bomb) < 2000
        kind, message = refused(Client(bomb), limit=2000, content_encoding=encoding)
        assert (kind, message) == ("too_large", "the request body is larger than 2,000 bytes")


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", b"{}"),
        ("gzip", gzip.compress(b"{}" * 50, mtime=0)[:-9]),
        ("zstd", b"{}"),
        ("br", b"\xff" * 9),
        ("snappy", b"{}"),
        ("gzip," * 100, b"{}"),
    ],
)
def test_what_cannot_be_unpacked_is_the_clients_fault(encoding: str, data: bytes) -> None:
    kind, message = refused(Client(data), content_encoding=encoding)
    assert kind == "invalid_request"
    assert message.startswith("the request body cannot be unpacked: ")
