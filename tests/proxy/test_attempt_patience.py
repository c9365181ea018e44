"""How long an attempt waits: for an upstream that has said all, for a client that reads slowly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy import attempt
from axonhub_cli.proxy.reply import Reply
from axonhub_cli.proxy.snapshot import Limits
from axonhub_cli.proxy.upstream import UpstreamCall, Upstreams
from axonhub_cli.tracing.recorder import AttemptRecord
from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.plays import as_events
from tests.support.upstream import Data, Hang, Head, Upstream

WHOLE = b'{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'
STREAMED = WHOLE[:-1] + b',"stream":true}'
CHAT = b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": "x"}}]}).encode()
STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'


@pytest.mark.parametrize(
    ("settings", "pieces"),
    [
        ({}, as_events(plays.text("x"))[:-1]),
        ({"type": "openai-compatible"}, [CHAT + b"\n\n", STOP + b"\n\n"]),
    ],
    ids=["relayed", "converted"],
)
def test_a_stream_whose_stop_reason_came_is_ended_though_the_upstream_hangs_on(
    home: Home,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    pieces: list[bytes],
) -> None:
    monkeypatch.setattr(attempt, "_AFTER_THE_STOP_S", 0.1)
    upstream.script((Head(200, (plays.SSE,)), *map(Data, pieces), Hang()))
    home.configure(channel(upstream.url, **settings))
    daemon = Daemon(home).start()
    try:
        status, _, answer = daemon.post(STREAMED)
        upstream.requests[0].wait_closed()
    finally:
        daemon.stop()
    assert status == 200
    assert b"event: error" not in answer
    assert b'"stop_reason":"end_turn"' in answer.replace(b" ", b"")
    assert b"event: message_stop" in answer


@pytest.mark.parametrize("request_body", [WHOLE, STREAMED], ids=["whole", "stream"])
def test_the_time_a_client_takes_to_read_is_not_the_upstreams(
    upstream: Upstream, request_body: bytes
) -> None:
    """A whole answer, larger than what lies between it and the client, goes out in its own time."""

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(0.7)

    async def story() -> Reply:
        clock = asyncio.get_running_loop().time
        reply, record = Reply(send, clock), AttemptRecord("main", "m", "anthropic")
        limits = Limits(connect=5, first_event=0.5, idle=0.5, total=0.5)
        upstreams, protocol = Upstreams({}), PROTOCOLS["anthropic"]
        work = attempt.Attempt(upstreams, protocol, reply, record, limits, "req", clock)
        call = UpstreamCall("POST", f"{upstream.url}/v1/messages", [], WHOLE, connect_timeout=5)
        await (work.stream(call) if request_body is STREAMED else work.whole(call))
        await upstreams.aclose()
        return reply

    assert asyncio.run(story()).ended
