"""One request through the real handler, without a daemon: clocks, sleep and dice are the test's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from axonhub_cli.config.schema import Channel, Config, Key, Profile, Server
from axonhub_cli.config.secrets import Secret
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.handler import Handler
from axonhub_cli.proxy.reply import HeaderList, Reply
from axonhub_cli.proxy.services import Services
from axonhub_cli.proxy.snapshot import Snapshot, Token, limits_of
from axonhub_cli.proxy.upstream import Upstreams
from axonhub_cli.tracing.recorder import RequestRecord

BODY = b'{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'
STREAMED = BODY[:-1] + b',"stream":true}'


def endpoint(name: str, url: str, **fields: Any) -> Channel:
    """A channel for a scripted upstream of Anthropic's protocol."""
    given = {"type": "anthropic-compatible", "models": ("claude-*",), "tokens": ("env:T",)}
    return Channel(name=name, base_url=url, **(given | fields))


def snapshot_of(*channels: Channel, server: Server = Server(), **more: Any) -> Snapshot:
    """As the daemon makes it; the tokens' labels are `1`, `2`, … and their values `token-1`, …"""
    return Snapshot(
        config=Config(server=server, channels=channels, **more),
        tokens={
            c.name: tuple(Token(str(n + 1), Secret(f"token-{n + 1}")) for n in range(len(c.tokens)))
            for c in channels
        },
        limits={c.name: limits_of(server, c) for c in channels},
    )


@dataclass
class Told:
    """What the client saw, and what the trace will say."""

    record: RequestRecord
    status: int = 0
    headers: HeaderList = field(default_factory=list)
    body: bytes = b""
    ends: int = 0
    """How often the answer was said to be at its end."""

    @property
    def channels(self) -> list[str]:
        return [attempt.channel for attempt in self.record.attempts]

    def header(self, name: str) -> str | None:
        found = [v.decode() for n, v in self.headers if n.lower() == name.encode()]
        return found[0] if found else None


async def ask(
    snapshot: Snapshot,
    body: bytes = BODY,
    *,
    operation: str = "generate",
    protocol: str = "anthropic",
    services: Services | None = None,
    profile: Profile | None = None,
    session: str = "session",
    stays: bool = False,
    leaves: asyncio.Event | None = None,
    watch: Callable[[Told, MutableMapping[str, Any]], None] = lambda told, message: None,
) -> Told:
    """One request; with `leaves` the client goes away when that is set. `stays`: the client named
    the session itself, so that affinity holds for it. `watch` sees each message to the client
    before it goes out."""
    wire = PROTOCOLS[protocol]
    route = next(r for r in wire.routes if r.operation == operation)
    call = ClientCall(
        protocol=wire,
        route=route,
        query="",
        headers=[],
        body=body,
        key=Key("default", "sha256:0"),
        profile=profile,
        snapshot=snapshot,
    )
    record = RequestRecord(id="req_1", at=1_800_000_000.0, trace_id=session, has_session=stays)
    told = Told(record)

    async def send(message: MutableMapping[str, Any]) -> None:
        watch(told, message)
        if message["type"] == "http.response.start":
            told.status, told.headers = message["status"], message["headers"]
            return
        told.body += message["body"]
        told.ends += not message["more_body"]

    async def receive() -> MutableMapping[str, Any]:
        await (leaves or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    used = services or new_services()
    try:
        reply = Reply(send, used.clock)
        await Handler(used, call, reply, record, used.clock()).handle(receive)
    finally:
        if services is None:
            await used.upstreams.aclose()
    return told


def new_services(**given: Any) -> Services:
    """To be made in the running loop; its `upstreams` are the caller's to close."""
    defaults: dict[str, Any] = {
        "upstreams": Upstreams({}),
        "clock": asyncio.get_running_loop().time,
    }
    return Services(**(defaults | given))
