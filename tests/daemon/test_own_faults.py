"""A fault of axonhub's own is answered by every endpoint: no client is left without a word."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest

from axonhub_cli.config.paths import Paths
from axonhub_cli.daemon.endpoints import Context, HealthEndpoint, ModelsEndpoint, ProxyEndpoint
from axonhub_cli.daemon.runtime import Runtime
from axonhub_cli.daemon.shield import App
from axonhub_cli.daemon.state import request_proof
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.services import Services
from axonhub_cli.proxy.snapshot import Snapshot
from axonhub_cli.proxy.upstream import Upstreams
from axonhub_cli.tracing.lineage import Lineage
from axonhub_cli.tracing.recorder import Recorder
from axonhub_cli.tracing.roots import Roots
from tests.support.home import Home

MESSAGES = PROTOCOLS["anthropic"]
ENDPOINTS: dict[str, Callable[[Context], App]] = {
    "/v1/messages": lambda context: ProxyEndpoint(context, MESSAGES, MESSAGES.routes[0]),
    "/v1/models": ModelsEndpoint,
    "/health": HealthEndpoint,
}


class Torn(Runtime):
    async def current(self) -> Snapshot:
        raise RuntimeError("torn")


def torn_context(paths: Paths) -> Context:
    def problem() -> str:
        raise RuntimeError("torn")

    return Context(
        runtime=Torn(paths, {}),
        services=Services(upstreams=Upstreams({}), clock=time.monotonic),
        recorder=Recorder(None),  # type: ignore[arg-type]
        roots=Roots(),
        lineage=Lineage(PROTOCOLS),
        secret="s",
        started_at=0.0,
        traces_problem=problem,
        refused=lambda *_: None,
        telemetry_problem=lambda: None,
    )


@pytest.mark.parametrize("path", ENDPOINTS)
def test_every_endpoint_answers_a_fault_of_our_own(home: Home, path: str) -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        raise NotImplementedError

    async def story() -> None:
        endpoint = ENDPOINTS[path](torn_context(home.paths))
        shown = request_proof("s", path, "x", "GET").encode()
        headers = [(b"ah-challenge", b"x"), (b"ah-proof", shown), (b"anthropic-version", b"1")]
        scope = {"method": "GET", "path": path, "query_string": b"", "headers": headers}
        await endpoint(scope, receive, send)

    asyncio.run(story())
    assert sent[0]["status"] == 500
    assert b"axonhub failed inside" in sent[1]["body"]
