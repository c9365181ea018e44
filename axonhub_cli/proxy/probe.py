"""One small real request to a channel, outside any daemon, for a person who waits for it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.config.schema import Channel, Config, Key
from axonhub_cli.config.secrets import SecretStore
from axonhub_cli.errors import (
    UpstreamError,
    UpstreamGarbled,
    UpstreamStatus,
    UsageError,
)
from axonhub_cli.ir.response import Usage
from axonhub_cli.overrides.apply import apply
from axonhub_cli.overrides.variables import Facts
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.base import WireProtocol
from axonhub_cli.providers import PROVIDERS
from axonhub_cli.proxy.attempt import Attempt
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.failure import sentence
from axonhub_cli.proxy.headers import request_headers
from axonhub_cli.proxy.outgoing import prepare
from axonhub_cli.proxy.reply import HeaderList, Reply
from axonhub_cli.proxy.snapshot import Limits, Snapshot, Token, limits_of
from axonhub_cli.proxy.target import Origin
from axonhub_cli.proxy.upstream import UpstreamCall, Upstreams
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.endpoints import call_url, endpoints
from axonhub_cli.routing.models import models_of, served_models, serves, upstream_model
from axonhub_cli.routing.telling import Failure
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord

_PROMPT = "Reply with the one word: pong"
# A test is waited for by a person.
_LONGEST_S = 60.0


class ProbeResult(Struct, frozen=True):
    """What a test request showed. Times in milliseconds."""

    channel: str
    ok: bool
    model: str
    ms: int
    first_token_ms: int | None = None
    tokens: Usage = Usage()
    error: str | None = None
    hint: str | None = None


def run_probe(
    config: Config,
    channel: Channel,
    secrets: SecretStore,
    environ: Mapping[str, str],
    *,
    model: str | None = None,
    stream: bool = False,
    reference: str | None = None,
    keep: Callable[[RequestRecord], None] | None = None,
) -> ProbeResult:
    """Send one request; `keep` gets its record. A failing upstream is a result. `reference`: of
    the channel's token to ask with; None: its first.

    Raises `UsageError` when there is no model to ask for, `SecretError` when there is no secret to
    ask with.
    """
    chosen = model or default_model(channel)
    token = find_token(channel, secrets, reference)
    probing = _probe(config, channel, token, environ, chosen, stream=stream)
    result, record = asyncio.run(probing)
    if keep is not None:
        keep(record)
    return result


def fetch_models(
    config: Config, channel: Channel, secrets: SecretStore, environ: Mapping[str, str]
) -> list[str]:
    """The provider's own list. Raises `UpstreamError` with a sentence."""
    return asyncio.run(_fetch(config, channel, find_token(channel, secrets), environ))


def default_model(channel: Channel) -> str:
    """The type's first default model that the channel serves, else its first one."""
    provider = PROVIDERS.get(channel.type)
    defaults = [m for m in (provider.models if provider else ()) if not set(m) & set("*?")]
    # Served by a glob counts too: `--model 'claude-*'` still has a first default model.
    for name in [*(m for m in defaults if serves(channel, m)), *served_models(channel)]:
        return name
    raise UsageError(
        f"channel {channel.name!r} names no model to test with, only patterns "
        f"({', '.join(models_of(channel))})",
        hint=f"axonhub channel test {channel.name} --model NAME",
    )


def find_token(
    channel: Channel, secrets: SecretStore, reference: str | None = None
) -> Token | None:
    if not channel.tokens:
        return None
    return Token(label="test", secret=secrets.resolve(reference or channel.tokens[0]))


class _Heard:
    """Stands in for the client: keeps what came, and when it began."""

    def __init__(self) -> None:
        self.body: list[bytes] = []
        self.first_at: float | None = None

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message.get("body"):
            if self.first_at is None:
                self.first_at = time.monotonic()
            self.body.append(message["body"])


async def _probe(
    config: Config,
    channel: Channel,
    token: Token | None,
    environ: Mapping[str, str],
    model: str,
    *,
    stream: bool,
) -> tuple[ProbeResult, RequestRecord]:
    protocol, base_url = _endpoint(channel)
    call = _client_call(protocol, config, model, stream=stream)
    candidate = Candidate(channel, upstream_model(channel, model) or model, protocol.name, base_url)
    limits = _limits(config, channel)
    heard, record = _Heard(), AttemptRecord(channel.name, candidate.upstream_model, protocol.name)
    upstreams = Upstreams(environ)
    at, started = time.time(), time.monotonic()
    failure: UpstreamError | None = None
    attempt = Attempt(
        upstreams,
        protocol,
        Reply(heard.send, time.monotonic),
        record,
        limits,
        "test",
        time.monotonic,
    )
    try:
        # What a server refuses to tell beside its answer is no fault of its.
        made = prepare(call, candidate, token, limits, Origin("test"), usage_refusers=(base_url,))
        outgoing = made.call
        await (attempt.stream(outgoing) if stream else attempt.whole(outgoing))
    except UpstreamError as error:
        failure = error
    finally:
        await upstreams.aclose()
    result = _result(channel, model, protocol, heard, record, started, failure)
    return result, _request_record(call, record, result, at)


def _request_record(
    call: ClientCall, attempt: AttemptRecord, result: ProbeResult, at: float
) -> RequestRecord:
    if attempt.status == "running":
        attempt.status = "completed" if result.ok else "failed"
    attempt.ms = attempt.ms or result.ms
    attempt.error = attempt.error or result.error
    return RequestRecord(
        id=f"req_{os.urandom(12).hex()}",
        at=at,
        protocol=call.protocol.name,
        model=result.model,
        stream=call.streams,
        client="axonhub",
        body=call.body,
        attempts=[attempt],
        status="completed" if result.ok else "failed",
        http_status=attempt.http_status,
        first_token_ms=result.first_token_ms,
        total_ms=result.ms,
        error=result.error,
        source="test",
    )


def _result(
    channel: Channel,
    model: str,
    protocol: WireProtocol,
    heard: _Heard,
    record: AttemptRecord,
    started: float,
    failure: UpstreamError | None,
) -> ProbeResult:
    error = sentence(Failure(channel.name, failure)) if failure is not None else record.error
    first = (heard.first_at - started) * 1000 if heard.first_at is not None else None
    return ProbeResult(
        channel=channel.name,
        ok=error is None,
        model=model,
        ms=round((time.monotonic() - started) * 1000),
        first_token_ms=round(first) if first is not None and error is None else None,
        tokens=protocol.read_answer(b"".join(heard.body)).usage,
        error=error,
        hint=_hint(channel, failure),
    )


def _hint(channel: Channel, failure: UpstreamError | None) -> str | None:
    if failure is None:
        return None
    if isinstance(failure, UpstreamStatus):
        if failure.status in (401, 403):
            return f"`axonhub channel edit {channel.name} --ask-token` takes a new token"
        if failure.status == 404:
            return f"axonhub channel test {channel.name} --model NAME, or another --base-url"
    return failure.hint


async def _fetch(
    config: Config, channel: Channel, token: Token | None, environ: Mapping[str, str]
) -> list[str]:
    protocol, base_url = _endpoint(channel)
    if base_url.endswith("##"):
        raise UsageError(
            f"the address of channel {channel.name!r} is a whole URL: there is none for a list",
            hint=f"axonhub channel models {channel.name} --add NAME",
        )
    provider = PROVIDERS[channel.type]
    if provider.models_path is None:
        raise UsageError(
            f"{provider.title} has no list of models",
            hint=f"axonhub channel models {channel.name} --add NAME",
        )
    call = UpstreamCall(
        method="GET",
        url=_models_url(provider.models_path, base_url, protocol),
        headers=_list_headers(channel, token, protocol.name),
        body=b"",
        connect_timeout=_limits(config, channel).connect,
        proxy=channel.proxy,
        ca_file=channel.ca_file,
    )
    upstreams = Upstreams(environ)
    try:
        async with asyncio.timeout(_LONGEST_S):
            exchange = await upstreams.open(call)
            try:
                body = await exchange.read()
            finally:
                await exchange.aclose()
    except TimeoutError as error:
        raise UpstreamGarbled(f"no list of models came within {_LONGEST_S:g} s") from error
    finally:
        await upstreams.aclose()
    if exchange.status != 200:
        failure = UpstreamStatus(
            exchange.status, [], body, message=f"it answered {exchange.status}"
        )
        raise UpstreamGarbled(sentence(Failure(channel.name, failure)))
    return _read_models(body)


def _list_headers(channel: Channel, token: Token | None, protocol: str) -> HeaderList:
    headers = request_headers(
        [],
        provider=PROVIDERS[channel.type],
        auth=channel.auth,
        token=token.secret.reveal() if token is not None else None,
        protocol=protocol,
        body=False,
    )
    # A gateway that wants a header of its own wants it here too.
    facts = Facts(channel=channel.name, client="axonhub", upstream_protocol=protocol)
    return apply(channel.overrides, b"{}", headers, facts, edits_body=False).headers


def _models_url(path: str, base_url: str, protocol: WireProtocol) -> str:
    if "://" in path:
        return path
    query = "limit=1000" if protocol.name == "anthropic" else ""
    return call_url(base_url, protocol.version, path, query)


def _read_models(body: bytes) -> list[str]:
    try:
        value = jsonio.decode(body)
    except jsonio.InvalidJson as error:
        raise UpstreamGarbled("its list of models is not JSON") from error
    items = value.get("data") if isinstance(value, dict) else None
    if not isinstance(items, list):
        raise UpstreamGarbled("its list of models has no `data`")
    return [i["id"] for i in items if isinstance(i, dict) and isinstance(i.get("id"), str)]


def _endpoint(channel: Channel) -> tuple[WireProtocol, str]:
    for name, url in endpoints(channel).items():
        if name in PROTOCOLS:
            return PROTOCOLS[name], url
    raise UsageError(
        f"channel {channel.name!r} has no address",
        hint=f"axonhub channel edit {channel.name} --base-url URL",
    )


def _limits(config: Config, channel: Channel) -> Limits:
    known = limits_of(config.server, channel)
    return Limits(
        connect=known.connect,
        first_event=min(known.first_event, _LONGEST_S),
        idle=min(known.idle, _LONGEST_S),
        total=min(known.total, _LONGEST_S),
    )


def _client_call(protocol: WireProtocol, config: Config, model: str, *, stream: bool) -> ClientCall:
    body = {
        "model": model,
        "max_tokens": 16,
        "messages": [{"role": "user", "content": _PROMPT}],
        **({"stream": True} if stream else {}),
    }
    return ClientCall(
        protocol=protocol,
        route=protocol.routes[0],
        query="",
        headers=[],
        body=jsonio.encode(body),
        key=Key(name="test", hash=""),
        profile=None,
        snapshot=Snapshot(config=config),
    )
