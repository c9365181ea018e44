"""A stream that is held until it is whole."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from axonhub_cli.errors import UpstreamGarbled
from axonhub_cli.proxy.reply import Reply
from axonhub_cli.proxy.spool import Spool


def reply_into(sent: list[MutableMapping[str, Any]]) -> Reply:
    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    return Reply(send, lambda: 0.0)


def test_nothing_goes_out_before_the_replay_and_then_everything_in_order() -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def story() -> None:
        spool = Spool(reply_into(sent))
        await spool.open(200, [(b"a", b"1")])
        await spool.open(500, [])
        await spool.write(b"one")
        await spool.write(b"two")
        await spool.end(b"three")
        assert sent == []
        await spool.replay()

    asyncio.run(story())
    assert (sent[0]["status"], sent[0]["headers"]) == (200, [(b"a", b"1")])
    assert [m["body"] for m in sent[1:]] == [b"one", b"two", b"three", b""]
    assert [m["more_body"] for m in sent[1:]] == [True, True, True, False]


def test_a_stream_that_a_ping_has_opened_is_not_opened_again() -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def story() -> bool:
        reply = reply_into(sent)
        spool = Spool(reply)
        before = spool.opened
        await reply.open(200, [])
        await spool.open(200, [(b"late", b"1")])
        await spool.end(b"x")
        await spool.replay()
        return not before and spool.opened

    assert asyncio.run(story())
    assert [m["type"] for m in sent].count("http.response.start") == 1


def test_an_answer_that_came_whole_goes_out_at_once_and_once() -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def story() -> None:
        spool = Spool(reply_into(sent))
        await spool.send_whole(200, [], b"{}")
        await spool.replay()

    asyncio.run(story())
    assert [m.get("body") for m in sent] == [None, b"{}"]


def test_what_is_held_is_bounded() -> None:
    async def story() -> None:
        spool = Spool(reply_into([]), largest=4)
        await spool.write(b"1234")
        await spool.write(b"5")

    with pytest.raises(UpstreamGarbled, match="larger than 4 bytes"):
        asyncio.run(story())
