"""Credentials under all the names and in all the forms there are, and what must stay readable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.tracing.hidden_names import hide_in_header, hide_in_text, is_hidden

FIXTURES = Path(__file__).parents[1] / "fixtures"
SECRET = "hunter2hunter2"

NAMES = """
    authorization proxy-authorization x-authorization www-authenticate x-api-key api_key apiKey
    APIKEY key KEY x-key x-key-id ocp-apim-subscription-key subscription-key x-goog-api-key sig
    x-signature x-amz-signature X-Amz-Credential x-hub-signature-256 auth_token access_token token
    x-token refresh_token id_token client_secret password passwd x-passphrase pwd x-jwt x-pat x-otp
    x-session session sessionid PHPSESSID x-sso x-sid cookie set-cookie x-csrf-token x-xsrf
    x-forwarded-client-cert ssl-client-cert AWSAccessKeyId x-ms-client-credential code
    client_assertion SAMLResponse-saml dpop ak sk x.api.key
""".split()

PLAIN = """
    anthropic-beta anthropic-version anthropic-dangerous-direct-browser-access user-agent accept
    content-type content-encoding x-app x-stainless-lang x-stainless-retry-count x-request-id
    idempotency-key session_id session-id x-session-id x-session-affinity x-parent-session-id
    x-claude-code-session-id x-claude-code-agent-id x-claude-code-prompt-id thread-id originator
    x-claude-code-request-class x-claude-code-prev-tool-durations x-codex-turn-metadata traceparent
    max_tokens anthropic-ratelimit-tokens-remaining author authority beta alt model keyword path
    x-client-request-id conversation_id x-goog-api-client x-initiator monkey design pattern page
    token_type token_count encoding referer openai-organization status_code
""".split()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_credential_is_known(name: str) -> None:
    assert is_hidden(name)
    assert is_hidden(name.upper())
    assert is_hidden(name.replace("-", "_"))


@pytest.mark.parametrize("name", PLAIN)
def test_other_names_are_shown(name: str) -> None:
    assert not is_hidden(name)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "." not in name] + ["%6Bey", "api%5Fkey"]
)
def test_a_query_parameter_is_hidden_by_the_same_names(name: str) -> None:
    for url in (
        f"https://host/v1?{name}={SECRET}&alt=sse",
        f"https://host/v1?alt=sse;{name}={SECRET}",
        f"/v1?beta=true&{name}={SECRET}#top",
        f"https://host/cb#{name}={SECRET}",
    ):
        assert hide_in_text(url) == url.replace(SECRET, "***")
        assert hide_in_header(url) == url.replace(SECRET, "***")


@pytest.mark.parametrize(
    "value",
    [
        f"bearer {SECRET}",
        f"BASIC  {SECRET}",
        f"token {SECRET}",
        f"Digest username={SECRET}, response={SECRET}",
        f"ApiKey {SECRET}",
        f"sig={SECRET}",
        f"user=me; password={SECRET}",
        f'{{"user":"me","token":"{SECRET}"}}',
        f'{{"a":"{{\\"secret\\": \\"{SECRET}\\"}}"}}',
        f"key: '{SECRET} {SECRET}'",
        f"https://host/?x-url=https%3A%2F%2Fa%3Fsig%3D{SECRET}",
        f"https://host/?a=https%253A%252F%252Fa%253Fb%253D1%2526sig%253D{SECRET}",
    ],
)
def test_a_headers_value_may_hold_one(value: str) -> None:
    assert SECRET not in hide_in_header(value)


@pytest.mark.parametrize(
    "token",
    ["ya29." + "a0Af" * 4, "ghp_" + "x" * 36, "github_pat_" + "x" * 30, "gho_" + "x" * 36]
    + ["sk-" + "x" * 12, "sk-ant-oat01-" + "x" * 12, "sk_live_" + "x" * 12, "AIza" + "x" * 35]
    + ["xoxb-" + "1" * 12, "xoxp-" + "1" * 12, "gsk_" + "x" * 20, "xai-" + "x" * 20]
    + ["glpat-" + "x" * 20, "AKIA" + "X" * 16, "hf_" + "x" * 34, "eyJ" + "x" * 30 + ".eyJx.x"]
    + ["1//0" + "x" * 40, "ah-" + "0" * 64, "pypi-Ag" + "x" * 40],
)
@pytest.mark.parametrize("text", ["{}", "x: {}, y", "it said '{}'", "https://h/{}/v1"])
def test_a_token_is_known_by_its_form(token: str, text: str) -> None:
    assert token not in hide_in_text(text.format(token))
    assert token not in hide_in_header(text.format(token))


@pytest.mark.parametrize(
    "sentence",
    [
        "Your basic plan does not include this model",
        "the bearer of this message",
        "channel 'a': it answered 529 (Overloaded)",
        "ahead-of-time compilation of a skeleton-structure by pkg-config-wrappers",
        "max_tokens: 8192 > 4096, see https://host/docs?page=2&lang=en;x=1",
        "token-counting-2024-11-01,claude-code-20250219",
        "cannot connect to http://127.0.0.1:11434/v1: is it running?",
    ],
)
def test_a_sentence_stays(sentence: str) -> None:
    assert hide_in_text(sentence) == sentence


@pytest.mark.parametrize(
    "piece",
    ["a", "=:", "?a", "?u=%", "?a=%41&", "bearer ", "key=", "sk-", "token: '", "[=:", "%25"],
)
def test_whatever_a_client_sends_is_read_in_time(piece: str) -> None:
    """As long as headers may be, and never an exception, which would cost the record."""
    text = "?u=" + piece * (60_000 // len(piece))
    assert hide_in_text(text).startswith("?u=")
    assert hide_in_header(text).startswith("?u=")


@given(st.text("?&=;%5F#: \"'\\keysigabco{}"))
def test_what_was_cleaned_is_clean(text: str) -> None:
    cleaned = hide_in_header(text)
    assert hide_in_header(cleaned) == cleaned


def test_headers_of_known_clients_stay_but_for_their_credentials() -> None:
    """Whatever else a client says of itself is what traces are read for."""
    hidden: set[str] = set()
    for file in FIXTURES.rglob("*.json"):
        for name, value in json.loads(file.read_text()).get("headers", []):
            if is_hidden(name):
                hidden.add(name.lower())
            else:
                assert hide_in_header(value) == value, name
    assert hidden <= {"authorization", "x-api-key", "sec-websocket-key", "x-goog-api-key"}
    assert hidden
