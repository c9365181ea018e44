"""The composition root: every protocol's routes are there, and nothing is left open at the end."""

from __future__ import annotations

import asyncio
import gc
import warnings

from axonhub_cli.daemon.app import build_app
from axonhub_cli.daemon.runtime import Runtime
from axonhub_cli.daemon.shield import Shield
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing.live import Feed
from axonhub_cli.tracing.queries import TraceReader
from tests.support.daemon import Daemon
from tests.support.home import Home, channel
from tests.support.upstream import Upstream


def test_every_route_of_every_protocol_is_served(daemon: Daemon) -> None:
    body = b'{"model":"claude-x","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'
    for protocol in PROTOCOLS.values():
        for route in protocol.routes:
            for path in route.paths:
                assert daemon.post(body, path)[0] == 200


def test_the_shield_stands_before_everything(home: Home, upstream: Upstream) -> None:
    home.configure(channel(upstream.url))

    async def build() -> object:
        runtime = Runtime(home.paths, home.environ)
        await runtime.start()
        return build_app(runtime, home.paths, home.environ, "secret", Feed())

    assert isinstance(asyncio.run(build()), Shield)


def test_what_the_trace_keeps_follows_the_configuration(
    daemon: Daemon, home: Home, upstream: Upstream
) -> None:
    home.configure(channel(upstream.url), server={"trace": {"store_request_body": False}})
    assert daemon.post(b'{"model":"claude-x","messages":[]}')[0] == 200
    daemon.stop()
    with TraceReader(home.paths.trace_db) as traces:
        (request,) = traces.list_requests()
        assert traces.request_body(request.id) is None
        assert traces.answer_body(request.id) is not None


def test_a_daemon_that_ended_leaves_nothing_open(home: Home, upstream: Upstream) -> None:
    home.configure(channel(upstream.url))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        daemon = Daemon(home).start()
        assert daemon.post(b'{"model":"claude-x","messages":[]}')[0] == 200
        daemon.stop()
        gc.collect()


def test_least_cost_asks_the_cheapest_channel_from_the_first_request_on(
    home: Home, upstream: Upstream
) -> None:
    home.configure(
        channel(upstream.url, "dear"),
        channel(upstream.url, "unpriced", models=["claude-*"], mappings=[]),
        channel(upstream.url, "cheap"),
        routing={"strategy": "least-cost"},
        prices=[
            {"model": "claude-*", "channel": "dear", "input": 3, "output": 15},
            {"model": "claude-*", "channel": "cheap", "input": 1, "output": 5},
        ],
    )
    daemon = Daemon(home).start()
    try:
        headers = [daemon.post(b'{"model":"claude-unheard-of","messages":[]}')[1] for _ in range(3)]
    finally:
        daemon.stop()
    assert [header["ah-channel"] for header in headers] == ["cheap"] * 3
