from __future__ import annotations

import msgspec
import pytest

from axonhub_cli.ir.request import Image, Media, Message, Request, Text, Thinking, ToolCall


def test_blocks_are_told_apart_by_their_tag() -> None:
    message = Message("user", (Text("a"), Image(Media(url="u")), ToolCall("1", "f", "{}")))
    written = msgspec.json.encode(message)
    assert msgspec.json.decode(written, type=Message) == message
    assert b'"type":"Text"' in written


def test_a_request_cannot_be_changed_under_its_readers() -> None:
    request = Request(protocol="anthropic", model="m")
    with pytest.raises(AttributeError):
        request.model = "other"  # type: ignore[misc]


def test_reasoning_without_a_signature_says_so() -> None:
    assert Thinking("hm").signature is None
