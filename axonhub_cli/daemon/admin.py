"""What the command line may ask of a running daemon, and nobody else: routing as it is now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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

AdminAnswer = Callable[[Scope, Receive, Reply, str], Awaitable[None]]
"""Answers one request of the command line; the text is the proof to send along."""


class Admin:
    """Lets in who has shown that he read this home's state file; anybody else gets a 403."""

    def __init__(self, context: Context, answer: AdminAnswer) -> None:
        self._context = context
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = Reply(send, self._context.services.clock)
        secret = self._context.secret
        challenge = shown_challenge(scope, secret)
        if challenge is None:
            message = "this is for axonhub's own command line"
            await send_error(reply, scope["path"], ErrorInfo.of("permission", message))
        else:
            await self._answer(scope, receive, reply, proof(secret, challenge))


class RoutingEndpoint:
    """`GET /admin/api/routing`: the state of routing, with what is in flight."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, reply: Reply, proof: str) -> None:
        services, snapshot = self._context.services, self._context.runtime.snapshot
        body: dict[str, Any] = {
            "proof": proof,
            "routing": services.routing.dump(services.now(), live=True),
            "faults": snapshot.faults,
        }
        await reply.send_whole(200, [JSON], jsonio.encode(body))


class TokensEndpoint:
    """`POST /admin/api/tokens?channel=NAME[&token=LABEL]`: take back what was put aside."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, reply: Reply, proof: str) -> None:
        asked = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        tokens = self._context.services.tokens
        taken = tokens.enable(asked.get("channel", ""), asked.get("token"))
        body = {"proof": proof, "taken_back": taken}
        await reply.send_whole(200, [JSON], jsonio.encode(body))
