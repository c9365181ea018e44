"""What `axonhub statusline` asks: cost, cache hits, model, channel and limits of one session.

Read from the trace store with each call, off the loop: a store that a restart or another daemon
wrote to knows more than any memory of ours, and a status line asks a few times a minute.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from axonhub_cli import jsonio
from axonhub_cli.daemon.endpoints import Context
from axonhub_cli.daemon.replies import JSON
from axonhub_cli.daemon.shield import Scope
from axonhub_cli.errors import StoreError
from axonhub_cli.proxy.guard import Receive
from axonhub_cli.proxy.quotas import QuotaBook
from axonhub_cli.proxy.reply import Reply
from axonhub_cli.routing.allowances import used_of
from axonhub_cli.routing.limit_headers import Told
from axonhub_cli.routing.quota import Limit

SESSION_ROUTE = "/admin/api/session/{session}"


class SessionEndpoint:
    """`GET /admin/api/session/ID`: figures of the trace with this id, null where there is none."""

    def __init__(self, context: Context, book: QuotaBook, trace_db: Path) -> None:
        self._context = context
        self._book = book
        self._trace_db = trace_db

    async def __call__(self, scope: Scope, receive: Receive, reply: Reply, proof: str) -> None:
        wanted = scope["path_params"]["session"]
        session = await asyncio.to_thread(self._read, wanted)
        body = {
            "proof": proof,
            "session": session,
            "limits": [] if session is None else self._limits(session),
            "traces_error": self._context.traces_problem(),
        }
        await reply.send_whole(200, [JSON], jsonio.encode(body))

    def _read(self, session: str) -> dict[str, Any] | None:
        from axonhub_cli.tracing.usage_queries import UsageReader

        try:
            reader = UsageReader(self._trace_db)
        except StoreError:
            return None
        try:
            return reader.session(session)
        except StoreError:
            return None
        finally:
            reader.close()

    def _limits(self, session: dict[str, Any]) -> list[dict[str, Any]]:
        """What is left: of the channel's subscription, and of the key's and profile's quotas."""
        found = self._allowances(session["channel"])
        for scope in ("key", "profile"):
            if session[scope] is not None:
                limits = self._book.limits(scope, session[scope])
                found += [_quota(limit) for limit in limits]
        return found

    def _allowances(self, channel: str | None) -> list[dict[str, Any]]:
        services = self._context.services
        if channel is None:
            return []
        now, found = services.now(), []
        for entry in services.allowances.dump():
            if entry["channel"] != channel or entry["model"] is not None:
                continue
            told = msgspec.convert(entry["told"], Told)
            for window in told.windows:
                used = used_of(window, entry["at"], now)
                if used is not None and not window.scoped:
                    found.append({"name": window.name, "left": max(0.0, 1.0 - used)})
        return found


def _quota(limit: Limit) -> dict[str, Any]:
    return {
        "name": limit.kind,
        "per": "" if limit.per == "all" else limit.per,
        "amount": limit.left,
        "left": limit.left / limit.limit if limit.limit else 0.0,
    }
