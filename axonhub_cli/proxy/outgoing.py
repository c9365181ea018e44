"""The upstream call for one candidate: URL, headers and body, relayed or converted."""

from __future__ import annotations

from collections.abc import Container
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.ir.freeform import names_of
from axonhub_cli.ir.loss import Loss
from axonhub_cli.ir.reasoning import without_foreign_signatures, without_signatures
from axonhub_cli.ir.request import Request
from axonhub_cli.overrides.apply import Note
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.anthropic.identity import identity_edit
from axonhub_cli.protocols.codec import CannotCross, ReplyContext
from axonhub_cli.protocols.openai_chat.names import NAME as CHAT
from axonhub_cli.proxy import identity, trace_context
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.convert import Conversion
from axonhub_cli.proxy.headers import request_headers
from axonhub_cli.proxy.identity import NOT_TOLD
from axonhub_cli.proxy.overriding import override
from axonhub_cli.proxy.relayed import relayed_body
from axonhub_cli.proxy.reply import HeaderList
from axonhub_cli.proxy.snapshot import Limits, Token
from axonhub_cli.proxy.target import Origin, Reasoning, Target
from axonhub_cli.proxy.trace_context import trace_headers
from axonhub_cli.proxy.upstream import UpstreamCall
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.endpoints import call_url


class Outgoing(Struct, frozen=True):
    """A call ready to send; `conversion` turns its answer back, None: it is relayed."""

    call: UpstreamCall
    conversion: Conversion | None = None
    losses: tuple[Loss, ...] = ()
    parts: list[tuple[int, int]] | None = None
    """Where the messages and tools stand in the body, for whoever stores it."""
    overrides: tuple[Note, ...] = ()
    """What became of the channel's own edits."""
    hides_usage: bool = False
    """The stream tells its tokens because we asked: the client gets no chunk of them alone."""


def issuer_of(candidate: Candidate) -> str:
    """Under which name a candidate's signatures are remembered: channels of one API share it."""
    return urlsplit(candidate.base_url).netloc


def prepare(
    call: ClientCall,
    candidate: Candidate,
    token: Token | None,
    limits: Limits,
    origin: Origin,
    reasoning: Reasoning = Reasoning(),
    usage_refusers: Container[str] = (),
) -> Outgoing:
    """Make the body, choose the headers, name the URL. Raises `ClientError` for a request that
    cannot be said in the candidate's protocol. `usage_refusers`: base URLs of servers that are
    not asked for the tokens of a stream."""
    asks = candidate.base_url not in usage_refusers
    target = Target.of(call, candidate, token, origin, reasoning, asks_usage=asks)
    relayed = candidate.native and not _needs_functions(target)
    outgoing = _relay(target, limits) if relayed else _convert(target, limits)
    return _overridden(target, outgoing) if candidate.channel.overrides else outgoing


def _needs_functions(target: Target) -> bool:
    """Are there free-form tools that the provider does not take? Then the answer's calls of them
    are to be turned back, as with a provider of another protocol."""
    if target.dialect.custom_tools or target.dialect.relays or target.call.protocol.name != CHAT:
        return False
    return b'"custom"' in target.call.body and bool(names_of(target.call.decoded))


def _relay(target: Target, limits: Limits) -> Outgoing:
    call = target.call
    made = relayed_body(target)
    url = call_url(
        target.candidate.base_url, call.protocol.version, call.route.upstream_path, call.query
    )
    headers = _headers(target, call.headers, _dropped_headers(target))
    sent = _upstream_call(target, limits, url, headers, made.body)
    return Outgoing(sent, None, made.losses, hides_usage=made.hides_usage)


def _convert(target: Target, limits: Limits) -> Outgoing:
    upstream = PROTOCOLS[target.candidate.protocol]
    request, losses = _with_own_reasoning(target.call, target.reasoning)
    if request.user is not None and target.keeps_user:
        request, losses = msgspec.structs.replace(request, user=None), (*losses, NOT_TOLD)
    conversion = _conversion(target, request)
    body = conversion.body
    if target.is_subscription:
        # A converted request never comes from Claude Code.
        edit = identity_edit(body, jsonio.object_spans(body))
        body = body if edit is None else jsonio.splice(body, [edit])
    url = call_url(target.candidate.base_url, upstream.version, upstream.routes[0].upstream_path)
    headers = _headers(target, _converted_headers(target))
    parts = conversion.parts if body is conversion.body else None
    sent = _upstream_call(target, limits, url, headers, body)
    return Outgoing(sent, conversion, (*losses, *conversion.losses), parts)


def _overridden(target: Target, outgoing: Outgoing) -> Outgoing:
    sent, notes = override(target, outgoing.call)
    parts = outgoing.parts if sent.body is outgoing.call.body else None
    return msgspec.structs.replace(outgoing, call=sent, parts=parts, overrides=notes)


def _conversion(target: Target, request: Request) -> Conversion:
    call, origin = target.call, target.origin
    try:
        return Conversion(
            request,
            client=call.protocol,
            upstream=PROTOCOLS[target.candidate.protocol],
            model=target.candidate.upstream_model,
            dialect=target.dialect,
            settings=target.settings,
            context=ReplyContext(
                model=call.model,
                id=origin.request_id,
                created=origin.created,
                wants_usage=request.wants_usage,
                freeform=names_of(request),
            ),
            recall=call.recall,
        )
    except CannotCross as error:
        assert call.protocol.codec is not None
        where = call.protocol.codec.place(jsonio.decode(call.body), error.places)
        raise error.told(where) from error


def _with_own_reasoning(call: ClientCall, reasoning: Reasoning) -> tuple[Request, tuple[Loss, ...]]:
    if reasoning.dropped:
        return without_signatures(call.decoded)
    if not reasoning.others:
        return call.decoded, ()
    return without_foreign_signatures(call.decoded, reasoning.is_foreign)


def _upstream_call(
    target: Target, limits: Limits, url: str, headers: HeaderList, body: bytes
) -> UpstreamCall:
    channel = target.candidate.channel
    return UpstreamCall(
        method="POST",
        url=url,
        headers=headers,
        body=body,
        connect_timeout=limits.connect,
        proxy=channel.proxy,
        ca_file=channel.ca_file,
    )


def _headers(target: Target, client: HeaderList, dropped: tuple[str, ...] = ()) -> HeaderList:
    if target.origin.told is not None:
        # It differs with each request: with it, none would be the same as one before.
        client = [header for header in client if header[0] not in trace_context.NAMES]
    headers = request_headers(
        client,
        provider=target.provider,
        auth=target.candidate.channel.auth,
        token=target.secret,
        protocol=target.candidate.protocol,
        dropped=dropped,
    )
    headers += trace_headers(target)
    return headers


def _dropped_headers(target: Target) -> tuple[str, ...]:
    """How names of headers begin that the upstream does not get."""
    dropped = target.dialect.dropped_headers
    if target.settings.tells_user:
        return tuple(name for name in dropped if name not in identity.HEADERS)
    return dropped if target.is_told else (*dropped, *identity.HEADERS)


def _converted_headers(target: Target) -> HeaderList:
    """None of the client's that speak of its protocol: who it is, where that may be told."""
    if not target.settings.tells_user:
        return []
    names = tuple(name.encode() for name in identity.HEADERS)
    return [header for header in target.call.headers if header[0].startswith(names)]
