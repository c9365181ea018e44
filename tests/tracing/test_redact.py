import json

import pytest

from axonhub_cli.tracing.redact import Redactor

TOKEN = "sk-ant-oat01-" + "x" * 20
KEY = "ah-" + "0" * 64


def headers(*pairs: tuple[bytes, bytes], secrets: tuple[str, ...] = ()) -> dict[str, str]:
    return dict(json.loads(Redactor(secrets).headers(pairs)))


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "Proxy-Authorization", "x-api-key", "X-Goog-Api-Key", "cookie"),
        *("set-cookie", "x-auth-token", "x-amz-security-token", "x-client-secret", "ocp-key"),
    ],
)
def test_a_header_named_like_a_credential_is_hidden(name: str) -> None:
    assert headers((name.encode(), b"value")) == {name.lower(): "***"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("anthropic-beta", "token-counting-2024-11-01,claude-code-20250219"),
        ("user-agent", "claude-cli/2.1.330 (external, sdk-cli)"),
        ("x-claude-code-session-id", "256523fe-a4f3-45df-954d-4ce2220ffb9a"),
        ("idempotency-key", "stainless-node-retry-7"),
        ("x-claude-code-prev-tool-durations", "Bash=42"),
    ],
)
def test_other_headers_stay(name: str, value: str) -> None:
    assert headers((name.encode(), value.encode())) == {name: value}


@pytest.mark.parametrize("value", [TOKEN, KEY, "Bearer abc", f"see {TOKEN}", "Basic dTpw"])
def test_a_value_that_looks_like_a_credential_is_hidden(value: str) -> None:
    shown = headers((b"x-note", value.encode()))["x-note"]
    assert "***" in shown
    assert not any(part in shown for part in (TOKEN, KEY, "abc", "dTpw"))


def test_header_bytes_of_any_kind_are_text() -> None:
    assert headers((b"X-Odd", b"caf\xe9")) == {"x-odd": "café"}


def test_a_known_secret_is_hidden_wherever_it_stands() -> None:
    redactor = Redactor(["hunter2-hunter2", "short"])
    assert redactor.text("no hunter2-hunter2 here, short") == "no *** here, short"
    assert redactor.body(b'{"a":"hunter2-hunter2"}') == b'{"a":"***************"}'


def test_a_body_keeps_its_length() -> None:
    body = f'{{"a":"{KEY} and {TOKEN}"}}'.encode()
    cleaned = Redactor([TOKEN]).body(body)
    assert len(cleaned) == len(body)
    assert cleaned == body.replace(KEY.encode(), b"*" * 67).replace(TOKEN.encode(), b"*" * 33)


def test_a_secret_is_found_in_the_form_json_gives_it() -> None:
    secret = 'quo"ted\\secret'
    body = json.dumps({"a": secret}).encode()
    assert b"secret" not in Redactor([secret]).body(body)


@pytest.mark.parametrize("written", [r"gehe\u00efm/1234", "geheïm/1234", r"gehe\u00efm\/1234"])
def test_a_secret_is_found_as_any_client_writes_json(written: str) -> None:
    cleaned = Redactor(["geheïm/1234"]).body(f'{{"a":"{written}"}}'.encode())
    assert set(cleaned) == set(b'{"a":"*"}')


def test_a_body_without_secrets_is_not_copied() -> None:
    body = b"what a user says, sk-ant-like or not, is his own"
    assert Redactor([TOKEN]).body(body) is body


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@host/v1?x=1", "https://***@host/v1?x=1"),
        ("https://u:p@ss@host?x=a@b", "https://***@host?x=a@b"),
        ("https://host/v1?key=abc&alt=sse", "https://host/v1?key=***&alt=sse"),
        ("https://host/v1?a=1&access_token=abc", "https://host/v1?a=1&access_token=***"),
    ],
)
def test_a_url_loses_its_credentials(url: str, shown: str) -> None:
    assert Redactor().text(url) == shown


def test_text_is_valid_unicode() -> None:
    assert Redactor().text("half \ud83d").encode() == b"half ?"


def test_what_a_pattern_matches_is_starred_out_everywhere() -> None:
    redactor = Redactor(patterns=[r"\b\d{4}-\d{4}\b", "Zoë"])
    assert redactor.body(b'{"card": "1234-5678", "n": 12}') == b'{"card": "*********", "n": 12}'
    assert redactor.body("says Zoë".encode()) == b"says ****"
    assert redactor.text("it said Zoë and 1234-5678") == "it said *** and ***"
    headers = redactor.headers(((b"x-card", b"1234-5678"),))
    assert headers == b'[["x-card","***"]]'


def test_a_pattern_leaves_the_holes_of_a_skeleton() -> None:
    skeleton = b'{"messages":[\0, \0],"x":"y"}'
    greedy = Redactor(patterns=[r"\[.*\]|,.*|(?s:\W+)"]).body(skeleton)
    assert len(greedy) == len(skeleton)
    assert [at for at, byte in enumerate(greedy) if not byte] == [13, 16]


@pytest.mark.parametrize("pattern", [r'"[^"]*@[^"]*"', r"\{.*\}", "secret"])
def test_our_own_documents_stay_json_whatever_a_pattern_takes_in(pattern: str) -> None:
    value = {"rule": "me@here.test", "failures": [{"why": "secret {x}", "n": 7, "t": ("a",)}]}
    found = json.loads(Redactor(patterns=[pattern]).document(value))
    assert found["failures"][0]["n"] == 7
    assert found["failures"][0]["t"] == ["a"]


def test_a_document_is_cleaned_of_known_secrets() -> None:
    assert b"hunter2" not in Redactor(["hunter2-hunter2"]).document({"a": "hunter2-hunter2"})


def test_only_short_texts_are_remembered() -> None:
    redactor = Redactor()
    short, long = f"{TOKEN} a", f"{TOKEN} " + "a" * 10_000
    assert redactor.text(short) is redactor.text(short)
    assert redactor.text(long) is not redactor.text(long)
