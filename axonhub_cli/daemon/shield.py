"""Refuses what no client of ours sends: a browser's cross-origin calls, and rebound host names.

A web page can make the user's browser call localhost; it cannot forge the Host and Origin headers.
Plain ASGI: a middleware class of the framework's would cost each event of a stream.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any

from axonhub_cli.config.schema import Server
from axonhub_cli.daemon import http10
from axonhub_cli.daemon.replies import protocol_of, send_error
from axonhub_cli.errors import ErrorInfo, Kind
from axonhub_cli.proxy.guard import Receive
from axonhub_cli.proxy.reply import HeaderList, Reply, Send

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Shield:
    """Wraps an ASGI app; `server` gives the settings of the moment. `refused` counts, as
    `endpoints.Context.refused`."""

    def __init__(
        self,
        app: App,
        server: Callable[[], Server],
        clock: Callable[[], float],
        refused: Callable[[str, str, Kind, int], None] = lambda *what: None,
    ) -> None:
        self._app = app
        self._refused = refused
        self._server = server
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope.get("http_version") == "1.0":
                send = http10.whole(send)
            refusal = find_refusal(scope["headers"], self._server())
            if refusal is not None:
                info = ErrorInfo.of("permission", refusal)
                self._refused(protocol_of(scope["path"]).name, "", info.kind, info.status)
                await send_error(Reply(send, self._clock), scope["path"], info)
                return
        await self._app(scope, receive, send)


def find_refusal(headers: HeaderList, server: Server) -> str | None:
    """Why the request is refused, None when it may pass."""
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if len(hosts) != 1:
        return f"a request names one host in its Host header, this one {len(hosts) or 'none'}"
    if not _host_allowed(host_name(hosts[0]), server):
        return (
            f"the host name {hosts[0]!r} is not one of this gateway's; "
            "allow a name with: axonhub config set server.allowed_hosts NAME"
        )
    for name, value in headers:
        if name == b"origin" and value.decode("latin-1") not in server.allowed_origins:
            return (
                f"requests from web pages ({value.decode('latin-1')!r}) are refused; "
                "allow an origin with: axonhub config set server.allowed_origins ORIGIN"
            )
    return None


def host_name(host: str) -> str:
    """The name in a Host header, without its port and without brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _host_allowed(name: str, server: Server) -> bool:
    if name == "localhost" or name in map(host_name, server.allowed_hosts):
        return True
    # DNS rebinding needs a name; an address in the Host header means that no name was looked up.
    return _is_address(name)


@lru_cache(maxsize=64)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
