"""What the command line may ask of a running daemon, and nobody else: routing as it is now."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from axonhub_cli import jsonio
from axonhub_cli.daemon.auth import shown_challenge
from axonhub_cli.daemon.endpoints import Context
from axonhub_cli.daemon.replies import JSON, send_error
from axonhub_cli.daemon.shield import Scope
from axonhub_cli.daemon.state import proof
from axonhub_cli.errors import ErrorInfo
from axonhub_cli.proxy.guard import Receive
from axonhub_cli.proxy.reply import Reply, Send


class RoutingEndpoint:
    """`GET /admin/api/routing`: the state of routing, with what is in flight."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = self._context
        reply = Reply(send, context.services.clock)
        challenge = shown_challenge(scope, context.secret)
        if challenge is None:
            await refuse(reply, scope)
            return
        services, snapshot = context.services, context.runtime.snapshot
        body: dict[str, Any] = {
            "proof": proof(context.secret, challenge),
            "routing": services.routing.dump(services.now(), live=True),
            "faults": snapshot.faults,
        }
        await reply.send_whole(200, [JSON], jsonio.encode(body))


class TokensEndpoint:
    """`POST /admin/api/tokens?channel=NAME[&token=LABEL]`: take back what was put aside."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = self._context
        reply = Reply(send, context.services.clock)
        challenge = shown_challenge(scope, context.secret)
        if challenge is None:
            await refuse(reply, scope)
            return
        asked = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        taken = context.services.tokens.enable(asked.get("channel", ""), asked.get("token"))
        body = {"proof": proof(context.secret, challenge), "taken_back": taken}
        await reply.send_whole(200, [JSON], jsonio.encode(body))


async def refuse(reply: Reply, scope: Scope) -> None:
    """Answer a caller that `shown_challenge` does not know."""
    message = "this is for axonhub's own command line"
    await send_error(reply, scope["path"], ErrorInfo.of("permission", message))
