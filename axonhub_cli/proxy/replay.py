"""Send a recorded request again, to one channel of choice, outside any daemon."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from axonhub_cli.config.schema import Channel, Config, Key
from axonhub_cli.config.secrets import SecretStore
from axonhub_cli.errors import UpstreamError, UsageError
from axonhub_cli.protocols import CONVERTIBLE, PROTOCOLS
from axonhub_cli.proxy.attempt import Attempt
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.failure import sentence
from axonhub_cli.proxy.outgoing import Outgoing, prepare
from axonhub_cli.proxy.probe import default_model, find_token
from axonhub_cli.proxy.reply import HeaderList, Reply
from axonhub_cli.proxy.snapshot import Limits, Snapshot, Token, limits_of
from axonhub_cli.proxy.stream_usage import refuses_usage
from axonhub_cli.proxy.target import Origin
from axonhub_cli.proxy.upstream import Upstreams
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.endpoints import endpoints
from axonhub_cli.routing.models import serves, upstream_model
from axonhub_cli.routing.policy import classify
from axonhub_cli.routing.telling import Failure
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord


def replay(
    config: Config,
    channel: Channel,
    secrets: SecretStore,
    environ: Mapping[str, str],
    *,
    protocol: str,
    body: bytes,
    headers: HeaderList,
    model: str,
    original: str,
    announce: Callable[[], None] = lambda: None,
) -> RequestRecord:
    """The record of the new request, whatever became of it. `model` is asked of the channel by
    one of its names (`model_for`); `announce` is called before anything is sent, and not for what
    cannot be sent.

    Raises `UsageError` where the channel cannot be asked in any way, `SecretError` when there is
    no secret to ask with, `ClientError` for a request that it cannot be sent.
    """
    known = PROTOCOLS[protocol]
    call = ClientCall(
        protocol=known,
        route=next(route for route in known.routes if route.operation == "generate"),
        query="",
        headers=headers,
        body=body,
        key=Key(name="replay", hash=""),
        profile=None,
        snapshot=Snapshot(config=config),
    )
    candidate = _candidate(channel, protocol, model)
    record = RequestRecord(
        id=f"req_{os.urandom(12).hex()}",
        at=time.time(),
        protocol=protocol,
        model=call.model,
        stream=call.streams,
        client="axonhub",
        headers=headers,
        body=body,
        envelope=call.envelope,
        source="replay",
        decision={"replay_of": original},
    )
    token = find_token(channel, secrets)
    asyncio.run(_send(config, call, candidate, token, environ, record, announce))
    return record


def model_for(channel: Channel, asked: str | None, sent: str | None) -> str:
    """What of a channel is to be asked for in place of a request's models: one of them where it
    serves it, else what a test asks for. Raises `UsageError` where that is nothing."""
    for name in (asked, sent):
        if name is not None and serves(channel, name):
            return name
    return default_model(channel)


def _candidate(channel: Channel, protocol: str, model: str) -> Candidate:
    found = endpoints(channel)
    name = upstream_model(channel, model) or model
    if protocol in found:
        return Candidate(channel, name, protocol, found[protocol])
    for other, url in found.items():
        if other in CONVERTIBLE and protocol in CONVERTIBLE:
            return Candidate(channel, name, other, url, native=False)
    raise UsageError(
        f"channel {channel.name!r} speaks no protocol that this request can be converted to",
        hint=f"axonhub channel show {channel.name}",
    )


async def _send(
    config: Config,
    call: ClientCall,
    candidate: Candidate,
    token: Token | None,
    environ: Mapping[str, str],
    record: RequestRecord,
    announce: Callable[[], None],
) -> None:
    attempt = AttemptRecord(
        candidate.channel.name, candidate.upstream_model, candidate.protocol, label="replay"
    )
    record.attempts.append(attempt)
    limits = limits_of(config.server, candidate.channel)
    origin = Origin(record.id, int(record.at))
    upstreams, started = Upstreams(environ), time.monotonic()

    async def send(*usage_refusers: str) -> None:
        outgoing = prepare(call, candidate, token, limits, origin, usage_refusers=usage_refusers)
        if not usage_refusers:
            announce()
        await _ask(upstreams, call, outgoing, record, attempt, limits)

    try:
        try:
            await send()
        except UpstreamError as error:
            if not refuses_usage(error):
                raise
            attempt.answer.clear()
            await send(candidate.base_url)
    except UpstreamError as error:
        attempt.status, attempt.error_kind = "failed", classify(error).kind
        attempt.error = sentence(Failure(candidate.channel.name, error))
    finally:
        await upstreams.aclose()
    record.total_ms = attempt.ms = (time.monotonic() - started) * 1000
    record.first_token_ms = attempt.first_event_ms
    record.status, record.error = attempt.status, attempt.error
    record.error_kind = attempt.error_kind
    record.http_status = attempt.http_status


async def _ask(
    upstreams: Upstreams,
    call: ClientCall,
    outgoing: Outgoing,
    record: RequestRecord,
    attempt: AttemptRecord,
    limits: Limits,
) -> None:
    attempt.url, attempt.sent_headers = outgoing.call.url, outgoing.call.headers
    attempt.sent_body = outgoing.call.body if outgoing.call.body is not record.body else None
    record.losses = [{"path": x.path, "reason": x.reason} for x in outgoing.losses]
    sending = Attempt(
        upstreams,
        PROTOCOLS[attempt.upstream_protocol],
        Reply(_ignore, time.monotonic),
        attempt,
        limits,
        record.id,
        time.monotonic,
        outgoing.conversion,
    )
    await (sending.stream(outgoing.call) if call.streams else sending.whole(outgoing.call))


async def _ignore(message: MutableMapping[str, Any]) -> None:
    """Nobody waits for the bytes: the record has them."""
