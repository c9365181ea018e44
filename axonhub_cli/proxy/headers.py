"""Which headers pass, in both directions, and the credentials that are put on.

Open lists: what is not named here passes, because clients and vendors add headers at will and a
gateway that filters breaks them with each of their releases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from axonhub_cli import __version__
from axonhub_cli.config.schema import AuthScheme
from axonhub_cli.providers import Provider, TokenForm
from axonhub_cli.proxy.reply import HeaderList

USER_AGENT = f"axonhub/{__version__}".encode()
CLAUDE_CODE_AGENT = b"claude-cli/"
CREDENTIALS = frozenset({b"authorization", b"x-api-key", b"x-goog-api-key", b"api-key"})

_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
    b"transfer-encoding upgrade".split()
)
# About this connection, this machine or the client's browser: nobody's business upstream.
_NOT_SENT = (
    CREDENTIALS
    | _HOP_BY_HOP
    | frozenset(
        b"host content-length content-encoding accept-encoding expect cookie origin referer "
        b"forwarded via x-real-ip accept-language".split()
    )
    # The trace context is put on by `trace_context`; what a client's own systems hand each other
    # beside it (W3C Baggage) may name users.
    | frozenset(b"traceparent tracestate baggage".split())
)
# What our own answers say; an axonhub behind this one says it too.
_OWN_PREFIX = b"ah-"
_NOT_SENT_PREFIXES = (_OWN_PREFIX, b"x-forwarded-", b"sec-", b"cf-")
# `alt-svc` would name a port that is not ours, cookies belong to the vendor's own site.
_NOT_RETURNED = _HOP_BY_HOP | frozenset(
    b"content-length set-cookie set-cookie2 alt-svc strict-transport-security server date "
    b"nel report-to".split()
)
# Custom headers of a client may hold its key for us; it opens nothing elsewhere.
OWN_KEY = re.compile(rb"ah-[0-9a-f]{64}")
# RFC 9110, 5.5 and 5.6.2: what our server could not write.
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
# Asked for by the API beside an OAuth token (observed with `claude setup-token`, 2026-11).
_OAUTH_BETAS = (b"oauth-2025-04-20", b"claude-code-20250219")


def is_claude_code(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Does the request come from Claude Code itself? Its User-Agent begins `claude-cli/`."""
    return any(
        name == b"user-agent" and value.startswith(CLAUDE_CODE_AGENT) for name, value in headers
    )


def is_oauth_token(token: str) -> bool:
    """Is this the token of a subscription, as `claude setup-token` prints it?"""
    return token.startswith("sk-ant-oat")


def request_headers(
    client: HeaderList,
    *,
    provider: Provider,
    auth: AuthScheme | None,
    token: str | None,
    protocol: str = "anthropic",
    dropped: tuple[str, ...] = (),
    body: bool = True,
) -> HeaderList:
    """The headers of the upstream call. Names in `client` are lower-case, as ASGI has them.

    `protocol` is the upstream's, `dropped` how names begin that its dialect does not take.
    """
    headers = list(_passed(tuple(client), protocol, dropped, body))
    if token is None:
        return headers
    form = provider.form(protocol)
    if form == "anthropic" and is_oauth_token(token):
        headers = _with_betas(headers)
    headers.append(_credential(form, auth, token))
    return headers


@lru_cache(maxsize=64)
def _passed(
    client: tuple[tuple[bytes, bytes], ...], protocol: str, dropped: tuple[str, ...], body: bool
) -> HeaderList:
    """What goes on of the client's, with what each call has. A client's requests differ little
    in their headers, so this is mostly known."""
    prefixes = (*_NOT_SENT_PREFIXES, *(prefix.encode() for prefix in dropped))
    not_sent = _NOT_SENT | _named_by_connection(client)
    headers = [
        (name, value)
        for name, value in client
        if name not in not_sent
        and not name.startswith(prefixes)
        and not (b"ah-" in value and OWN_KEY.search(value))
    ]
    if not is_claude_code(client):
        headers = [(n, v) for n, v in headers if n != b"user-agent"]
        headers.append((b"user-agent", USER_AGENT))
    if protocol == "anthropic":
        _add_missing(headers, b"anthropic-version", b"2023-06-01")
    if body:
        _add_missing(headers, b"content-type", b"application/json")
    headers.append((b"accept-encoding", b"identity"))
    return headers


def response_headers(upstream: Iterable[tuple[bytes, bytes]]) -> HeaderList:
    """What of the upstream's head goes to the client."""
    lowered = [(name.lower(), value) for name, value in upstream]
    not_returned = _NOT_RETURNED | _named_by_connection(lowered)
    return [
        (name, value)
        for name, value in lowered
        if name not in not_returned
        and not name.startswith(_OWN_PREFIX)
        and _NAME.fullmatch(name)
        and not _CONTROL.search(value)
    ]


def safe_value(text: str) -> bytes:
    """A header value from a name that may hold anything: printable ASCII, the rest as `?`."""
    if text.isascii() and text.isprintable():
        return text.encode()
    return "".join(c if " " <= c <= "~" else "?" for c in text).encode()


def _named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    """The headers that belong to this one connection alone (RFC 9110, 7.6.1)."""
    return {
        named.strip().lower()
        for name, value in headers
        if name == b"connection"
        for named in value.split(b",")
    }


def _credential(form: TokenForm, auth: AuthScheme | None, token: str) -> tuple[bytes, bytes]:
    by_form = form == "bearer" or (form == "anthropic" and is_oauth_token(token))
    scheme = auth or ("bearer" if by_form else "x-api-key")
    value = token.encode("latin-1", "replace")
    return (b"authorization", b"Bearer " + value) if scheme == "bearer" else (b"x-api-key", value)


def _add_missing(headers: HeaderList, name: bytes, value: bytes) -> None:
    if all(existing != name for existing, _ in headers):
        headers.append((name, value))


def _with_betas(headers: HeaderList) -> HeaderList:
    """The client's betas, then those of ours that it does not name itself."""
    named = [v for n, v in headers if n == b"anthropic-beta" and v.strip()]
    present = {beta.strip() for value in named for beta in value.split(b",")}
    added = [beta for beta in _OAUTH_BETAS if beta not in present]
    if not added:
        return headers
    joined = b",".join([*named, *added])
    return [*((n, v) for n, v in headers if n != b"anthropic-beta"), (b"anthropic-beta", joined)]
