"""The upstream call for one candidate: the client's bytes with the smallest edits, and headers."""

from __future__ import annotations

from axonhub_cli import jsonio
from axonhub_cli.errors import ClientError
from axonhub_cli.protocols.anthropic.identity import Edit, identity_edit
from axonhub_cli.providers import PROVIDERS
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.headers import is_claude_code, is_oauth_token, request_headers
from axonhub_cli.proxy.snapshot import Limits, Token
from axonhub_cli.proxy.upstream import UpstreamCall
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.endpoints import call_url


def build_call(
    call: ClientCall, candidate: Candidate, token: Token | None, limits: Limits
) -> UpstreamCall:
    """Splice the body, choose the headers, name the URL."""
    channel = candidate.channel
    secret = token.secret.reveal() if token is not None else None
    return UpstreamCall(
        method="POST",
        url=call_url(
            candidate.base_url, call.protocol.version, call.route.upstream_path, call.query
        ),
        headers=request_headers(
            call.headers, provider=PROVIDERS[channel.type], auth=channel.auth, token=secret
        ),
        body=_body(call, candidate, secret),
        connect_timeout=limits.connect,
        proxy=channel.proxy,
    )


def _body(call: ClientCall, candidate: Candidate, secret: str | None) -> bytes:
    try:
        edits = _edits(call, candidate, secret)
    except jsonio.InvalidJson as error:
        # What reading the envelope passes over: a key that is no text, nesting near the limit.
        raise ClientError(
            "invalid_request", f"the request body is not valid JSON: {error}"
        ) from error
    return jsonio.splice(call.body, edits) if edits else call.body


def _edits(call: ClientCall, candidate: Candidate, secret: str | None) -> list[Edit]:
    edits: list[Edit] = []
    if candidate.upstream_model != call.model:
        name = jsonio.encode(candidate.upstream_model)
        edits += [(s.start, s.end, name) for s in call.members if s.key == "model"]
    provider = PROVIDERS[candidate.channel.type]
    subscription = provider.identity and secret is not None and is_oauth_token(secret)
    if subscription and not is_claude_code(call.headers):
        edit = identity_edit(call.body, call.members)
        edits += [edit] if edit is not None else []
    return edits
