"""Which headers pass, and which credential is put on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import AuthScheme
from axonhub_cli.providers import PROVIDERS
from axonhub_cli.proxy.headers import (
    USER_AGENT,
    is_claude_code,
    is_oauth_token,
    request_headers,
    response_headers,
    safe_value,
)
from axonhub_cli.proxy.reply import HeaderList

OAUTH = "sk-ant-oat01-" + "x" * 8
API = "sk-ant-api03-" + "x" * 8
AGENT = (b"user-agent", b"claude-cli/2.1.330 (external, sdk-cli)")


def sent(
    *client: tuple[bytes, bytes],
    type_: str = "claude-code",
    auth: AuthScheme | None = None,
    token: str | None = None,
) -> HeaderList:
    return request_headers(list(client), provider=PROVIDERS[type_], auth=auth, token=token)


def values(headers: HeaderList, name: bytes) -> list[bytes]:
    return [value for found, value in headers if found == name]


@pytest.mark.parametrize(
    "name",
    [b"anthropic-beta", b"anthropic-version", b"anthropic-brand-new", b"x-app", b"accept"]
    + [b"x-stainless-lang", b"x-claude-code-session-id", b"b3", b"content-type"],
)
def test_what_is_not_named_passes_byte_for_byte(name: bytes) -> None:
    value = b"Odd,  spacing ; \xc3\xa9\xff"
    assert values(sent((name, value)), name) == [value]


@pytest.mark.parametrize(
    "name",
    [b"authorization", b"x-api-key", b"x-goog-api-key", b"api-key", b"cookie", b"host", b"origin"]
    + [b"content-length", b"content-encoding", b"connection", b"te", b"transfer-encoding"]
    + [b"x-forwarded-for", b"x-real-ip", b"ah-trace-id", b"ah-profile", b"sec-fetch-mode"]
    + [b"proxy-authorization", b"expect", b"upgrade", b"keep-alive"]
    # The trace context is another's to put on.
    + [b"traceparent", b"tracestate", b"baggage"],
)
def test_what_is_of_this_machine_or_connection_stays_here(name: bytes) -> None:
    assert values(sent((name, b"value")), name) == []


def test_headers_named_by_connection_stay_here_too() -> None:
    client = ((b"connection", b"close, X-Hop ,  x-other"), (b"x-hop", b"1"), (b"x-other", b"2"))
    headers = sent(*client, (b"x-app", b"cli"))
    assert {name for name, _ in headers} & {b"connection", b"x-hop", b"x-other"} == set()
    assert values(headers, b"x-app") == [b"cli"]
    assert response_headers([(b"Connection", b"X-Hop"), (b"X-Hop", b"1"), (b"A", b"b")]) == [
        (b"a", b"b")
    ]


@given(st.lists(st.tuples(st.from_regex(rb"x-[a-z]{1,5}", fullmatch=True), st.binary())))
def test_unknown_headers_keep_order_and_repetition(client: HeaderList) -> None:
    assert [(n, v) for n, v in sent(*client) if n.startswith(b"x-")] == client


def test_what_is_missing_is_added_once() -> None:
    headers = sent()
    assert values(headers, b"anthropic-version") == [b"2023-06-01"]
    assert values(headers, b"content-type") == [b"application/json"]
    assert values(headers, b"accept-encoding") == [b"identity"]
    assert values(headers, b"user-agent") == [USER_AGENT]
    assert values(headers, b"anthropic-beta") == []
    own = sent((b"anthropic-version", b"2026-10-21"), (b"accept-encoding", b"br"))
    assert values(own, b"anthropic-version") == [b"2026-10-21"]
    assert values(own, b"accept-encoding") == [b"identity"]


def test_a_request_without_a_body_names_no_type() -> None:
    provider = PROVIDERS["anthropic"]
    headers = request_headers([], provider=provider, auth=None, token=API, body=False)
    assert values(headers, b"content-type") == []


def test_only_claude_code_keeps_its_user_agent() -> None:
    assert values(sent(AGENT), b"user-agent") == [AGENT[1]]
    for other in (b"curl/8", b"Claude-CLI/2", b"my claude-cli/2", b""):
        assert values(sent((b"user-agent", other)), b"user-agent") == [USER_AGENT]
        assert not is_claude_code([(b"user-agent", other)])
    assert not is_claude_code([(b"x-app", b"claude-cli/2")])


@pytest.mark.parametrize(
    ("type_", "auth", "token", "name", "value"),
    [
        ("claude-code", None, OAUTH, b"authorization", "Bearer " + OAUTH),
        ("claude-code", None, API, b"x-api-key", API),
        ("anthropic", None, OAUTH, b"authorization", "Bearer " + OAUTH),
        ("anthropic", None, API, b"x-api-key", API),
        ("anthropic", "bearer", API, b"authorization", "Bearer " + API),
        ("anthropic", "x-api-key", OAUTH, b"x-api-key", OAUTH),
        ("anthropic-compatible", None, "other", b"x-api-key", "other"),
        ("anthropic-compatible", "bearer", "other", b"authorization", "Bearer other"),
        ("anthropic", None, "gültig", b"x-api-key", "gültig"),
        ("anthropic", None, "☃", b"x-api-key", "?"),
    ],
)
def test_the_credential_follows_the_tokens_form(
    type_: str, auth: AuthScheme | None, token: str, name: bytes, value: str
) -> None:
    client = ((b"authorization", b"Bearer theirs"), (b"x-api-key", b"theirs"))
    headers = sent(*client, type_=type_, auth=auth, token=token)
    both = [(n, v) for n, v in headers if n in (b"authorization", b"x-api-key")]
    assert both == [(name, value.encode("latin-1"))]


def test_without_a_token_no_credential_is_sent() -> None:
    headers = sent((b"authorization", b"Bearer theirs"))
    assert values(headers, b"authorization") == values(headers, b"x-api-key") == []


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ([], b"oauth-2025-04-20,claude-code-20250219"),
        ([b"a-1, b-2"], b"a-1, b-2,oauth-2025-04-20,claude-code-20250219"),
        ([b"a-1", b"b-2"], b"a-1,b-2,oauth-2025-04-20,claude-code-20250219"),
        ([b"claude-code-20250219,a-1"], b"claude-code-20250219,a-1,oauth-2025-04-20"),
        ([b"x, oauth-2025-04-20 ,claude-code-20250219"],) * 2,
        ([b""], b"oauth-2025-04-20,claude-code-20250219"),
        ([b" ", b"a-1"], b"a-1,oauth-2025-04-20,claude-code-20250219"),
    ],
)
def test_betas_are_added_to_the_clients_own(client: list[bytes], expected: object) -> None:
    headers = sent(*((b"anthropic-beta", value) for value in client), token=OAUTH)
    assert values(headers, b"anthropic-beta") == (
        expected if isinstance(expected, list) else [expected]
    )


def test_an_api_key_adds_no_beta() -> None:
    headers = sent((b"anthropic-beta", b"a-1,  b-2"), token=API)
    assert values(headers, b"anthropic-beta") == [b"a-1,  b-2"]


def test_only_a_subscription_token_is_one() -> None:
    assert is_oauth_token(OAUTH)
    for token in (API, "", "oat", " " + OAUTH, OAUTH.upper()):
        assert not is_oauth_token(token)


def test_an_answer_keeps_what_the_client_may_act_on() -> None:
    upstream = [
        (b"Content-Type", b"application/json"),
        (b"Retry-After", b"7"),
        (b"request-id", b"req_vendor"),
        (b"anthropic-ratelimit-tokens-remaining", b"0"),
        (b"X-Should-Retry", b"true"),
        (b"Set-Cookie", b"__cf_bm=1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Content-Length", b"5"),
        (b"Alt-Svc", b"h3"),
        (b"Date", b"now"),
        (b"AH-Request-Id", b"req_of_another_axonhub"),
    ]
    assert response_headers(upstream) == [(n.lower(), v) for n, v in upstream[:5]]


@given(st.text())
def test_a_safe_value_is_printable_ascii_of_the_same_length(text: str) -> None:
    value = safe_value(text)
    assert len(value) == len(text)
    assert all(0x20 <= byte <= 0x7E for byte in value)


def test_our_own_key_stays_here_in_whatever_header_it_comes() -> None:
    key = b"ah-" + b"0f" * 32
    assert values(sent((b"x-mine", b"Bearer " + key), (b"x-ah", b"ah-ha")), b"x-mine") == []
    assert values(sent((b"x-ah", b"ah-ha")), b"x-ah") == [b"ah-ha"]


@pytest.mark.parametrize(
    "header", [(b"x-a", b"a\x01b"), (b"x-a", b"a\rb"), (b"x a", b"b"), (b"", b"b"), (b"x:", b"b")]
)
def test_what_no_server_can_write_is_not_returned(header: tuple[bytes, bytes]) -> None:
    assert response_headers([header, (b"x-tab", b"a\tb"), (b"x-latin", b"caf\xe9")]) == [
        (b"x-tab", b"a\tb"),
        (b"x-latin", b"caf\xe9"),
    ]
