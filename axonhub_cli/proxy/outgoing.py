"""The upstream call for one candidate: the client's bytes with the smallest edits, or converted."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.dialects.base import Dialect, QuirkContext, Settings, apply_quirks
from axonhub_cli.errors import ClientError
from axonhub_cli.ir.loss import Loss
from axonhub_cli.ir.reasoning import without_foreign_signatures, without_signatures
from axonhub_cli.ir.request import Request
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.anthropic.identity import Edit, identity_edit
from axonhub_cli.protocols.anthropic.signatures import drop_all_reasoning, foreign_edits
from axonhub_cli.protocols.codec import UNSIGNED, ReplyContext
from axonhub_cli.providers import PROVIDERS, Provider
from axonhub_cli.proxy import identity
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.convert import Conversion, dialect_of
from axonhub_cli.proxy.headers import is_claude_code, is_oauth_token, request_headers
from axonhub_cli.proxy.identity import NOT_TOLD
from axonhub_cli.proxy.reply import HeaderList
from axonhub_cli.proxy.snapshot import Limits, Token
from axonhub_cli.proxy.upstream import UpstreamCall
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.endpoints import call_url

_PLACEHOLDER = UNSIGNED.encode()
_NOT_ITS_OWN = Loss("messages[*].content[*].thinking", "it is not this provider's reasoning")


class Origin(Struct, frozen=True):
    """Of which request a call is: what an answer may have to name, and what must not change from
    turn to turn."""

    request_id: str
    created: int = 0
    """Epoch seconds."""
    session: str | None = None


class Reasoning(Struct, frozen=True):
    """Which reasoning of the conversation a candidate may see again."""

    is_foreign: Callable[[str], bool] = lambda signature: False
    """Is this signature known to be another issuer's?"""
    others: bool = True
    """May there be foreign ones? Looking for them in 2 MB takes most of a millisecond."""
    dropped: bool = False
    """None at all: the upstream has refused the signatures once."""


class Outgoing(Struct, frozen=True):
    """A call ready to send; `conversion` turns its answer back, None: it is relayed."""

    call: UpstreamCall
    conversion: Conversion | None = None
    losses: tuple[Loss, ...] = ()
    parts: list[tuple[int, int]] | None = None
    """Where the messages and tools stand in the body, for whoever stores it."""


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
) -> Outgoing:
    """Make the body, choose the headers, name the URL. Raises `ClientError` for a request that
    cannot be said in the candidate's protocol."""
    provider = PROVIDERS[candidate.channel.type]
    dialect = dialect_of(provider, candidate.protocol)
    settings = Settings(
        caps=provider.caps,
        session=origin.session,
        tells_user=candidate.channel.client_identity is True,
    )
    secret = token.secret.reveal() if token is not None else None
    if candidate.native:
        return _relay(call, candidate, provider, dialect, settings, limits, secret, reasoning)
    return _convert(call, candidate, provider, dialect, settings, limits, secret, origin, reasoning)


def _relay(
    call: ClientCall,
    candidate: Candidate,
    provider: Provider,
    dialect: Dialect,
    settings: Settings,
    limits: Limits,
    secret: str | None,
    reasoning: Reasoning,
) -> Outgoing:
    body, losses = _relayed_body(call, candidate, provider, dialect, settings, secret, reasoning)
    url = call_url(candidate.base_url, call.protocol.version, call.route.upstream_path, call.query)
    headers = request_headers(
        call.headers,
        provider=provider,
        auth=candidate.channel.auth,
        token=secret,
        protocol=candidate.protocol,
        dropped=_dropped_headers(candidate, dialect),
    )
    upstream = _upstream_call(candidate, limits, url, headers, body)
    return Outgoing(upstream, None, losses)


def _upstream_call(
    candidate: Candidate, limits: Limits, url: str, headers: HeaderList, body: bytes
) -> UpstreamCall:
    return UpstreamCall(
        method="POST",
        url=url,
        headers=headers,
        body=body,
        connect_timeout=limits.connect,
        proxy=candidate.channel.proxy,
        ca_file=candidate.channel.ca_file,
    )


def _dropped_headers(candidate: Candidate, dialect: Dialect) -> tuple[str, ...]:
    """How names of headers begin that the upstream does not get."""
    if candidate.channel.client_identity:
        return tuple(name for name in dialect.dropped_headers if name not in identity.HEADERS)
    if identity.is_told(candidate.channel, candidate.base_url):
        return dialect.dropped_headers
    return (*dialect.dropped_headers, *identity.HEADERS)


def _convert(
    call: ClientCall,
    candidate: Candidate,
    provider: Provider,
    dialect: Dialect,
    settings: Settings,
    limits: Limits,
    secret: str | None,
    origin: Origin,
    reasoning: Reasoning,
) -> Outgoing:
    upstream = PROTOCOLS[candidate.protocol]
    request, losses = _with_own_reasoning(call, reasoning)
    if request.user is not None and _keeps_user(candidate):
        request, losses = msgspec.structs.replace(request, user=None), (*losses, NOT_TOLD)
    conversion = Conversion(
        request,
        client=call.protocol,
        upstream=upstream,
        model=candidate.upstream_model,
        dialect=dialect,
        settings=settings,
        context=ReplyContext(
            model=call.model,
            id=origin.request_id,
            created=origin.created,
            wants_usage=request.wants_usage,
        ),
        recall=call.recall,
    )
    body = conversion.body
    if _is_subscription(provider, secret):
        # A converted request never comes from Claude Code.
        edit = identity_edit(body, jsonio.object_spans(body))
        body = body if edit is None else jsonio.splice(body, [edit])
    headers = request_headers(
        _converted_headers(call, candidate),
        provider=provider,
        auth=candidate.channel.auth,
        token=secret,
        protocol=candidate.protocol,
    )
    url = call_url(candidate.base_url, upstream.version, upstream.routes[0].upstream_path)
    upstream_call = _upstream_call(candidate, limits, url, headers, body)
    parts = conversion.parts if body is conversion.body else None
    return Outgoing(upstream_call, conversion, (*losses, *conversion.losses), parts)


def _keeps_user(candidate: Candidate) -> bool:
    """Must the user's name not go there? Chat's encoder never tells it; dialects have a quirk."""
    return candidate.protocol == "anthropic" and not identity.is_told(
        candidate.channel, candidate.base_url
    )


def _converted_headers(call: ClientCall, candidate: Candidate) -> HeaderList:
    """None of the client's: they speak of another protocol. Who it is, where that may be told."""
    if not candidate.channel.client_identity:
        return []
    names = tuple(name.encode() for name in identity.HEADERS)
    return [header for header in call.headers if header[0].startswith(names)]


def _with_own_reasoning(call: ClientCall, reasoning: Reasoning) -> tuple[Request, tuple[Loss, ...]]:
    if reasoning.dropped:
        return without_signatures(call.decoded)
    if not reasoning.others:
        return call.decoded, ()
    return without_foreign_signatures(call.decoded, reasoning.is_foreign)


def _relayed_body(
    call: ClientCall,
    candidate: Candidate,
    provider: Provider,
    dialect: Dialect,
    settings: Settings,
    secret: str | None,
    reasoning: Reasoning,
) -> tuple[bytes, tuple[Loss, ...]]:
    """The client's bytes with the smallest edits; where a dialect changes something, re-encoded."""
    try:
        edits = _edits(call, candidate, provider, secret)
        # A dialect of its own knows what its provider wants of earlier reasoning.
        gone = _reasoning_edits(call, candidate, reasoning) if dialect.relays else []
        body = jsonio.splice(call.body, edits + gone) if edits or gone else call.body
        taken_out = (_NOT_ITS_OWN,) if gone else ()
        if dialect.relays or not dialect.request:
            named = body
            if _keeps_user(candidate) and bytes(call.envelope.metadata).startswith(b"{"):
                body = identity.without_user_id(named)
            return body, (*taken_out, NOT_TOLD) if body is not named else taken_out
        given = jsonio.decode(body)
    except jsonio.InvalidJson as error:
        # What reading the envelope passes over: a key that is no text, nesting near the limit.
        raise ClientError(
            "invalid_request", f"the request body is not valid JSON: {error}"
        ) from error
    context = QuirkContext(candidate.upstream_model, None, settings)
    changed, losses = apply_quirks(dialect, given, context)
    return (body if changed is given else jsonio.encode(changed)), (*taken_out, *losses)


def _edits(
    call: ClientCall, candidate: Candidate, provider: Provider, secret: str | None
) -> list[Edit]:
    edits: list[Edit] = []
    if candidate.upstream_model != call.model:
        name = jsonio.encode(candidate.upstream_model)
        edits += [(s.start, s.end, name) for s in call.members if s.key == "model"]
    if _is_subscription(provider, secret) and not is_claude_code(call.headers):
        edit = identity_edit(call.body, call.members)
        edits += [edit] if edit is not None else []
    return edits


def _reasoning_edits(call: ClientCall, candidate: Candidate, reasoning: Reasoning) -> list[Edit]:
    """Signed reasoning goes back only to who issued it; what is unknown goes as it is."""
    if candidate.protocol != "anthropic":
        return []
    if reasoning.dropped:
        return drop_all_reasoning(call.body, call.members)
    if not reasoning.others and _PLACEHOLDER not in call.body:
        return []
    if b'"signature"' not in call.body and b'"redacted_thinking"' not in call.body:
        return []
    return foreign_edits(call.body, call.members, reasoning.is_foreign)


def _is_subscription(provider: Provider, secret: str | None) -> bool:
    return provider.identity and secret is not None and is_oauth_token(secret)
