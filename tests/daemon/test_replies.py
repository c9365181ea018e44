"""Errors as answers, before a stream is open and after."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any, get_args

import pytest

from axonhub_cli.daemon.replies import protocol_of, send_error, send_missing
from axonhub_cli.errors import STATUS, ErrorInfo, Kind
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.reply import SSE_HEADERS, Reply

PATH = "/anthropic/v1/messages"
KINDS: tuple[Kind, ...] = get_args(Kind)


def answered(info: ErrorInfo, *, opened: bool = False, ended: bool = False) -> list[Any]:
    messages: list[Any] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    async def play() -> None:
        reply = Reply(send, lambda: 0.0)
        if opened:
            await reply.open(200, SSE_HEADERS)
        if ended:
            await reply.end()
        await send_error(reply, PATH, info, [(b"x-own", b"1")])

    asyncio.run(play())
    return messages


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_has_status_type_length_and_shape(kind: Kind) -> None:
    start, body = answered(ErrorInfo.of(kind, "ein Satz: ü", request_id="req_1"))
    headers = dict(start["headers"])
    assert start["status"] == STATUS[kind]
    assert headers[b"content-type"] == b"application/json"
    assert headers[b"content-length"] == str(len(body["body"])).encode()
    assert headers[b"x-own"] == b"1"
    found = json.loads(body["body"])
    assert (found["type"], found["error"]["message"]) == ("error", "ein Satz: ü")
    assert found["request_id"] == "req_1"


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_a_person_must_mend_is_not_to_be_repeated(kind: Kind) -> None:
    headers = dict(answered(ErrorInfo.of(kind, "x"))[0]["headers"])
    assert (headers.get(b"x-should-retry") == b"false") is (STATUS[kind] in range(400, 416))


def test_an_open_stream_gets_an_event() -> None:
    start, event = answered(ErrorInfo.of("upstream", "broken"), opened=True)
    assert start["status"] == 200
    assert event["body"].startswith(b"event: error\ndata: ")
    assert event["body"].endswith(b"\n\n")
    assert not event["more_body"]


def test_a_stream_that_has_ended_gets_nothing_more() -> None:
    messages = answered(ErrorInfo.of("upstream", "broken"), opened=True, ended=True)
    assert len(messages) == 2


@pytest.mark.parametrize("path", ["/", "", "/v1/models", "/v1/nobody's", "/v1/messages/", "\x00"])
def test_a_path_of_nobodys_has_a_shape_too(path: str) -> None:
    assert protocol_of(path) is PROTOCOLS["anthropic"]


def test_each_path_has_the_shape_of_its_protocol() -> None:
    for protocol in PROTOCOLS.values():
        for route in protocol.routes:
            assert {protocol_of(path).name for path in route.paths} == {protocol.name}


def missing(path: str, *headers: tuple[bytes, bytes]) -> Any:
    messages: list[Any] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    reply = Reply(send, lambda: 0.0)
    asyncio.run(send_missing(reply, "GET", path, list(headers), "there are: /x"))
    assert messages[0]["status"] == 404
    found = json.loads(messages[1]["body"])
    assert found["error"]["message"].endswith("; there are: /x")
    return found


OPENAIS = ["/v1/embeddings", "/v1/responses", "/v1/chat/completions/", "/v1/v1/x", "/embeddings"]
OTHERS = ["/v1/messages/batches", "/v1/complete", "/v1/files/x", "/v1/", "/v1", "/v2/chat", "", "/"]


@pytest.mark.parametrize("path", OPENAIS)
def test_a_missing_path_of_openais_is_told_in_openais_words(path: str) -> None:
    found = missing(path, (b"authorization", b"Bearer x"))
    assert list(found) == ["error"]
    assert (found["error"]["type"], found["error"]["code"]) == ("invalid_request_error", None)


@pytest.mark.parametrize("path", OPENAIS)
@pytest.mark.parametrize("name", [b"x-api-key", b"anthropic-version", b"anthropic-beta"])
def test_whoever_sends_anthropics_headers_is_told_in_its_words(path: str, name: bytes) -> None:
    assert missing(path, (name, b"x"))["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("path", [*OTHERS, "/anthropic/v1/x", "/" + "x" * 100_000])
def test_a_missing_path_of_anthropics_or_nobodys_is_told_in_anthropics_words(path: str) -> None:
    found = missing(path)
    assert (found["type"], found["error"]["type"]) == ("error", "not_found_error")
    assert len(found["error"]["message"]) < 300
