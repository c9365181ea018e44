"""The routes: plain ASGI callables around the handler, and the errors they answer with.

The framework's Request and StreamingResponse would cost a third of a small request's time.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from axonhub_cli import __version__, jsonio
from axonhub_cli.config.schema import Config, Key, Profile
from axonhub_cli.daemon import models
from axonhub_cli.daemon.auth import authenticate, choose_profile, shown_challenge
from axonhub_cli.daemon.body import read_body
from axonhub_cli.daemon.replies import JSON, send_error, send_missing
from axonhub_cli.daemon.runtime import Runtime
from axonhub_cli.daemon.shield import App, Scope
from axonhub_cli.daemon.state import CHALLENGE_HEADER, proof
from axonhub_cli.errors import (
    STATUS,
    AxonHubError,
    ClientError,
    ErrorInfo,
    Kind,
    NoCandidate,
    QuotaExceeded,
)
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.base import Route, WireProtocol
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.client import lower_headers, metadata_user_id
from axonhub_cli.proxy.failure import DO_NOT_RETRY
from axonhub_cli.proxy.guard import ClientLeft, Receive
from axonhub_cli.proxy.handler import Handler
from axonhub_cli.proxy.own_headers import own_headers
from axonhub_cli.proxy.quotas import retry_headers
from axonhub_cli.proxy.reply import HeaderList, Reply, Send
from axonhub_cli.proxy.services import Services
from axonhub_cli.proxy.snapshot import Snapshot
from axonhub_cli.proxy.trace_context import sole_parent
from axonhub_cli.tracing.identity import find_client, find_in_body, find_trace
from axonhub_cli.tracing.lineage import Lineage
from axonhub_cli.tracing.recorder import Recorder, RequestRecord
from axonhub_cli.tracing.roots import Roots

logger = logging.getLogger("axonhub")

_TEXT = (b"content-type", b"text/plain; charset=utf-8")


class Context(Struct, frozen=True):
    """What every endpoint needs."""

    runtime: Runtime
    services: Services
    recorder: Recorder
    lineage: Lineage
    """Which request continues which trace."""
    roots: Roots
    """Which session a subagent's belongs to."""
    secret: str
    """Of the state file; the health endpoint proves that it knows it."""
    started_at: float
    """Monotonic seconds."""
    traces_problem: Callable[[], str | None]
    """Why no traces are written; None while they are."""
    refused: Callable[[str, str, Kind, int], None]
    """Counts a request without a record: protocol, operation, kind, status."""
    telemetry_problem: Callable[[], str | None]
    """Why no collector takes spans or metrics; None while it does, or none is to."""
    traces_told: Callable[[], dict[str, Json]] = dict
    """What else is to be said of the traces: see `TraceWriter.told`."""

    def __repr__(self) -> str:
        return "Context(…)"


class Only:
    """An endpoint for some methods; any other gets a 405 in the shape of the path's protocol."""

    def __init__(self, methods: tuple[str, ...], endpoint: App) -> None:
        self._methods = methods
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in self._methods:
            await self._endpoint(scope, receive, send)
            return
        allowed = ", ".join(self._methods)
        message = f"{scope['path']} takes {allowed}, not {scope['method']}"
        info = ErrorInfo(kind="invalid_request", message=message, status=405)
        headers = [(b"allow", allowed.encode())]
        await send_error(Reply(send, time.monotonic), scope["path"], info, headers)


class ProxyEndpoint:
    """One route of one protocol."""

    def __init__(self, context: Context, protocol: WireProtocol, route: Route) -> None:
        self._context = context
        self._protocol = protocol
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context, at = self._context, time.time()
        clock = context.services.clock
        started, reply = clock(), Reply(send, clock)
        try:
            snapshot, key = await self._admit(scope)
            record = self._record(scope, snapshot, key.name, at)
            reply.extra_headers = own_headers(record)
            try:
                call = await self._read_call(scope, receive, record, key, snapshot)
                if not record.has_session:
                    await self._look_for_session(call, record, reply)
                context.recorder.started(record)
                await Handler(context.services, call, reply, record, started).handle(receive)
            except BaseException as error:
                _note_failure(record, error)
                raise
            finally:
                record.http_status = reply.status or record.http_status
                if record.total_ms is None:
                    record.total_ms = (clock() - started) * 1000
                context.recorder.finished(record)
        except ClientLeft:
            return
        except asyncio.CancelledError:
            # A stopping daemon's last word has been said: no traceback has to follow it.
            if not reply.ended:
                raise
        except AxonHubError as error:
            await send_error(reply, scope["path"], _info(error, reply), _retry_headers(error))
        except Exception:
            await _send_fault(reply, scope["path"])

    async def _admit(self, scope: Scope) -> tuple[Snapshot, Key]:
        """Who asks, and by which configuration. A stranger leaves a count and no record."""
        try:
            snapshot = await self._context.runtime.current()
            return snapshot, authenticate(scope["headers"], snapshot.keys)
        except AxonHubError as error:
            kind = _kind(error)
            self._context.refused(self._protocol.name, self._route.operation, kind, STATUS[kind])
            raise

    def _record(self, scope: Scope, snapshot: Snapshot, key: str, at: float) -> RequestRecord:
        headers = scope["headers"]
        names = lower_headers(headers)
        found = find_trace(names, None, snapshot.config.server.trace, self._context.roots)
        agent = names.get("user-agent")
        record = RequestRecord(
            id=_new_id("req"),
            at=at,
            trace_id=found.trace_id or _new_id("tr"),
            thread_id=found.thread_id,
            key=key,
            protocol=self._protocol.name,
            operation=self._route.operation,
            client=find_client(agent),
            user_agent=agent,
            peer=scope.get("client"),
            headers=headers,
            agent_id=found.agent_id,
            parent_agent_id=found.parent_agent_id,
            traceparent=sole_parent(headers, names.get("traceparent")),
            prompt_id=names.get("x-claude-code-prompt-id"),
            request_class=names.get("x-claude-code-request-class"),
        )
        record.has_session = found.trace_id is not None
        return record

    async def _read_call(
        self, scope: Scope, receive: Receive, record: RequestRecord, key: Key, snapshot: Snapshot
    ) -> ClientCall:
        """Read what is asked for; the record notes it as far as it is known."""
        headers, config = scope["headers"], snapshot.config
        profile = choose_profile(headers, key, config)
        record.profile = profile.name if profile is not None else None
        record.body = await read_body(headers, receive, config.server.max_request_bytes)
        call = ClientCall(
            protocol=self._protocol,
            route=self._route,
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=record.body,
            key=key,
            profile=profile,
            snapshot=snapshot,
            recall=self._context.services.recall,
        )
        # The body as it came: where it had to be repaired, the call's own is an edit of it.
        record.model, record.stream, record.envelope = call.model, call.streams, call.envelope
        return call

    async def _look_for_session(
        self, call: ClientCall, record: RequestRecord, reply: Reply
    ) -> None:
        """A session may also be named in the body, or be that of an answer which it repeats."""
        found = _named_in_body(call)
        if found is None:
            record.linked = True
            found = await self._context.lineage.find(record)
            self._context.lineage.begun(record)
        if found is not None:
            record.trace_id, record.has_session = found, True
            reply.extra_headers = own_headers(record)


def _named_in_body(call: ClientCall) -> str | None:
    settings = call.snapshot.config.server.trace
    user_id = metadata_user_id(call.envelope)
    named = find_trace({}, user_id, settings).trace_id if user_id is not None else None
    if named is None and settings.extra_trace_body_fields:
        return find_in_body(call.body, settings.extra_trace_body_fields)
    return named


class ModelsEndpoint:
    """`GET …/models` and `…/models/ID`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = Reply(send, self._context.services.clock)
        try:
            snapshot = await self._context.runtime.current()
            key = self._admit(scope, snapshot)
            profile = choose_profile(scope["headers"], key, snapshot.config)
            body = _models(scope, snapshot.config, profile)
            await reply.send_whole(200, [JSON], body)
        except AxonHubError as error:
            await send_error(reply, _error_path(scope), _info(error, reply))
        except Exception:
            await _send_fault(reply, _error_path(scope))

    def _admit(self, scope: Scope, snapshot: Snapshot) -> Key:
        try:
            return authenticate(scope["headers"], snapshot.keys)
        except ClientError as error:
            protocol = "anthropic" if _asks_anthropic(scope) else "openai_chat"
            self._context.refused(protocol, "models", error.kind, STATUS[error.kind])
            raise


def _models(scope: Scope, config: Config, profile: Profile | None) -> bytes:
    wanted = scope.get("path_params", {}).get("model")
    query = scope["query_string"].decode("latin-1")
    if _asks_anthropic(scope):
        if wanted is not None:
            return models.encode_model(config, profile, wanted, query)
        return models.encode_list(config, profile, query)
    if wanted is not None:
        return models.encode_openai_model(config, profile, wanted, query)
    return models.encode_openai_list(config, profile, query)


def _asks_anthropic(scope: Scope) -> bool:
    """`/v1/models` is two protocols' path: Anthropic's clients name their API's version."""
    return scope["path"].startswith("/anthropic/") or any(
        name == b"anthropic-version" for name, _ in scope["headers"]
    )


def _error_path(scope: Scope) -> str:
    """A path whose protocol is the one asked for."""
    return scope["path"] if _asks_anthropic(scope) else "/v1/chat/completions"


class HealthEndpoint:
    """`GET /health`: alive, and with a challenge the proof that it is this home's daemon; how
    its channels are is for who has read the state file."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = Reply(send, self._context.services.clock)
        try:
            await reply.send_whole(200, [JSON], self._body(scope))
        except Exception:
            await _send_fault(reply, scope["path"])

    def _body(self, scope: Scope) -> bytes:
        context = self._context
        body: dict[str, Any] = {
            "status": "healthy",
            "name": "axonhub",
            "version": __version__,
            "uptime_s": round(context.services.clock() - context.started_at, 1),
        }
        wanted = CHALLENGE_HEADER.lower().encode()
        for name, value in scope["headers"]:
            if name == wanted:
                body["proof"] = proof(context.secret, value.decode("latin-1"))
        if shown_challenge(scope, context.secret) is not None:
            body["config_error"] = context.runtime.config_error
            body["traces_error"] = context.traces_problem()
            body["telemetry_error"] = context.telemetry_problem()
            body["traces"] = context.traces_told()
            body["health"] = health = _channels_health(context)
            body["channels"] = len(health)
        return jsonio.encode(body)


def _channels_health(context: Context) -> dict[str, Json]:
    """Of each enabled channel: `closed` (in use), `open` for so many seconds more, `half-open`
    (the next request tries it), `no token`."""
    snapshot, services = context.runtime.snapshot, context.services
    now = services.now()
    found: dict[str, Json] = {}
    for channel in snapshot.config.channels:
        if not channel.enabled:
            continue
        state, left, why = services.routing.health.wait(channel.name, now)
        if channel.name in snapshot.faults:
            found[channel.name] = {"state": "no token"}
        elif state == "closed":
            found[channel.name] = {"state": "closed"}
        else:
            found[channel.name] = {"state": state, "left_s": round(left, 1), "cause": why}
    return found


class TextEndpoint:
    """A fixed line of text: what `/` says until there is a page, and the clients' greetings."""

    def __init__(self, context: Context, text: str) -> None:
        self._context = context
        self._body = text.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Reply(send, self._context.services.clock).send_whole(200, [_TEXT], self._body)


class MissingEndpoint:
    """Any other path: a 404 that names the ones there are."""

    def __init__(self, context: Context, paths: list[str]) -> None:
        self._context = context
        self._served = f"there are: {', '.join(paths)}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        reply = Reply(send, self._context.services.clock)
        await send_missing(reply, scope["method"], scope["path"], scope["headers"], self._served)


def _new_id(kind: str) -> str:
    """Unique, not secret: the generator is seeded by the system when the process starts."""
    return f"{kind}_{random.getrandbits(96):024x}"


async def _send_fault(reply: Reply, path: str) -> None:
    """Answer for a fault of our own; to be called where it was caught."""
    logger.exception("a request failed inside axonhub")
    message = "axonhub failed inside; its log says more"
    await send_error(reply, path, ErrorInfo.of("internal", message))


def _note_failure(record: RequestRecord, error: BaseException) -> None:
    if isinstance(error, ClientLeft):
        record.status = record.error_kind = "canceled"
        record.error = "the client closed the connection"
    elif record.status == "running" and isinstance(error, asyncio.CancelledError):
        record.status, record.error_kind = "failed", "stopped"
        record.error = "axonhub was stopped"
    elif record.status == "running":
        record.status, record.error_kind = "failed", _kind(error)
        record.error = error.message if isinstance(error, AxonHubError) else type(error).__name__
        record.http_status = STATUS[_kind(error)]


def _retry_headers(error: AxonHubError) -> HeaderList | None:
    if isinstance(error, NoCandidate) and error.final and error.kind == "unavailable":
        return [DO_NOT_RETRY]
    return retry_headers(error) if isinstance(error, QuotaExceeded) else None


def _kind(error: BaseException) -> Kind:
    return error.kind if isinstance(error, ClientError | NoCandidate) else "internal"


def _info(error: AxonHubError, reply: Reply) -> ErrorInfo:
    ids = [value.decode() for name, value in reply.extra_headers if name == b"ah-request-id"]
    message = f"{error.message} (try: {error.hint})" if error.hint else error.message
    return ErrorInfo.of(_kind(error), message, request_id=ids[0] if ids else None)
