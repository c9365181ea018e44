"""A refusal names the message and the part as the client counts them."""

from __future__ import annotations

from typing import Any

import pytest

from axonhub_cli.protocols.codec import CannotCross
from axonhub_cli.protocols.openai_chat.places import place
from tests.support.codecs import CODECS, UPSTREAM_MODEL

AUDIO = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
TIFF = {"type": "image_url", "image_url": {"url": "data:image/tiff;base64,SUkq"}}
SYSTEM = {"role": "system", "content": "be brief"}
CALLS = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": id_, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        for id_ in ("a", "b")
    ],
}


def said(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": "look"}, *parts]}


def result(id_: str, *parts: Any) -> dict[str, Any]:
    return said(*parts) | {"role": "tool", "tool_call_id": id_}


@pytest.mark.parametrize(
    ("messages", "path"),
    [
        ([said(AUDIO)], "messages.0.content.1"),
        ([SYSTEM, SYSTEM, said(TIFF)], "messages.2.content.1"),
        ([SYSTEM, said(), said(), said(TIFF, AUDIO)], "messages.3.content.1"),
        ([said(), SYSTEM, said(AUDIO)], "messages.2.content.1"),
        ([SYSTEM, said(), CALLS, result("a"), result("b"), said(AUDIO)], "messages.5.content.1"),
        ([SYSTEM, said(), CALLS, result("a"), result("b", TIFF)], "messages.4.content.1"),
        ([said(), CALLS, result("a", TIFF), result("b")], "messages.2.content.1"),
    ],
)
def test_the_place_is_the_clients(messages: list[Any], path: str) -> None:
    body = {"model": "m", "messages": messages}
    codec = CODECS["openai_chat"]
    with pytest.raises(CannotCross) as caught:
        CODECS["anthropic"].encode_request(codec.decode_request(body), UPSTREAM_MODEL)
    told = caught.value.told(codec.place(body, caught.value.places))
    assert told.message.startswith(f"{path}: ")
    assert told.kind == "invalid_request"


def test_what_is_nowhere_is_in_the_messages() -> None:
    assert place({"messages": [SYSTEM]}, (3, 0)) == "messages"
    assert place({}, (0, 0)) == "messages"
