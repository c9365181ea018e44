"""The upstream call of one candidate: the smallest edit of the body, and never another byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli import jsonio
from axonhub_cli.config.schema import Channel, Config, Key
from axonhub_cli.config.secrets import Secret
from axonhub_cli.errors import ClientError
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.anthropic.identity import LINE
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.outgoing import Outgoing, prepare
from axonhub_cli.proxy.reply import HeaderList
from axonhub_cli.proxy.snapshot import Limits, Snapshot, Token
from axonhub_cli.proxy.target import Origin
from axonhub_cli.proxy.upstream import UpstreamCall
from axonhub_cli.routing.candidates import Candidate

PROTOCOL = PROTOCOLS["anthropic"]
LIMITS = Limits(connect=7.0, first_event=1.0, idle=1.0, total=1.0)
OAUTH = "sk-ant-oat01-" + "x" * 8
API = "sk-ant-api03-" + "x" * 8
CLAUDE_CODE: HeaderList = [(b"user-agent", b"claude-cli/2.1.330 (external, cli)")]


def built(body: bytes, **how: Any) -> UpstreamCall:
    return outgoing(body, **how).call


def outgoing(
    body: bytes,
    *,
    model: str | None = None,
    type_: str = "claude-code",
    token: str | None = API,
    headers: HeaderList | None = None,
    query: str = "",
    route: int = 0,
    protocol: str = "anthropic",
    **channel: Any,
) -> Outgoing:
    call = ClientCall(
        protocol=PROTOCOL,
        route=PROTOCOL.routes[route],
        query=query,
        headers=headers or [],
        body=body,
        key=Key("default", "sha256:0"),
        profile=None,
        snapshot=Snapshot(config=Config()),
    )
    candidate = Candidate(
        Channel(name="main", type=type_, **channel),
        call.model if model is None else model,
        protocol,
        "https://api.example.com",
        native=protocol == "anthropic",
    )
    shown = Token("t", Secret(token)) if token is not None else None
    return prepare(call, candidate, shown, LIMITS, Origin("req_1"))


SPACE = st.text(" \t\r\n", max_size=3)
# As text, so that every spelling of a value stays: `1.0`, `1e2`, escapes, odd inner spacing.
VALUES = st.sampled_from(
    ["1.0", "1", "-0.0", "1e2", "123456789012345678901234567890", "1E400", "null", "true", '""']
    + ['"a"', '"\\u0041\\/"', '"\\ud83d\\ude00"', '"é🎈"', "[ 1.0 , 2 ]", "[]", "{}"]
    + ['{"model" : "inner"}', '{"a":1.0,"a":2}', '"\\"model\\": \\"x\\""', '[{"model":"y"}]']
)
KEYS = st.sampled_from(
    ['"a"', '"max_tokens"', '"Model"', '"model "', '"\\u0061"', '"a\\"b"', '"é"']
)
MODEL_KEYS = st.sampled_from(['"model"', '"mod\\u0065l"'])
NAMES = st.sampled_from(["claude-opus-4-5", "a b", 'quo"te', "é", "\\", "x" * 50])


@st.composite
def bodies(draw: st.DrawFn) -> tuple[list[str], list[int]]:
    """A body in parts, and which parts are the values of `model`; duplicates included."""
    members = draw(st.lists(st.tuples(KEYS, VALUES), max_size=5))
    places = draw(st.lists(st.integers(0, 5), min_size=1, max_size=3))
    for place in places:
        members.insert(place, (draw(MODEL_KEYS), json.dumps(draw(NAMES))))
    parts, models = [draw(SPACE) + "{"], []
    for index, (key, value) in enumerate(members):
        parts.append("," * (index > 0) + draw(SPACE) + key + draw(SPACE) + ":" + draw(SPACE))
        if key in ('"model"', '"mod\\u0065l"'):
            models.append(len(parts))
        parts.append(value)
        parts.append(draw(SPACE))
    return [*parts, "}" + draw(SPACE)], models


@given(bodies(), NAMES)
def test_renaming_the_model_leaves_every_other_byte_alone(
    body: tuple[list[str], list[int]], name: str
) -> None:
    parts, models = body
    original = "".join(parts).encode()
    asked = json.loads(parts[models[-1]])
    renamed = list(parts)
    for place in models:
        renamed[place] = jsonio.encode(name).decode()
    expected = original if name == asked else "".join(renamed).encode()
    assert built(original, model=name).body == expected


@given(bodies(), NAMES)
def test_renaming_and_the_identity_line_do_not_disturb_each_other(
    body: tuple[list[str], list[int]], name: str
) -> None:
    original = "".join(body[0]).encode()
    only_named = built(original, model=name).body
    both = built(original, model=name, token=OAUTH).body
    block = b'"system":[' + jsonio.encode({"type": "text", "text": LINE}) + b"],"
    assert both == only_named.replace(b"{", b"{" + block, 1)


BODY = b'{"model":"claude-opus-4-5","system":"be brief"}'


def test_an_unchanged_body_is_the_very_same_object() -> None:
    assert built(BODY).body is BODY
    assert built(BODY, token=OAUTH, headers=CLAUDE_CODE).body is BODY


@pytest.mark.parametrize(
    ("type_", "token", "headers", "expected"),
    [
        ("claude-code", OAUTH, [], True),
        ("anthropic", OAUTH, [], True),
        ("claude-code", OAUTH, [(b"user-agent", b"Anthropic/Python 0.70")], True),
        ("claude-code", OAUTH, CLAUDE_CODE, False),
        ("claude-code", API, [], False),
        ("claude-code", None, [], False),
        ("anthropic-compatible", OAUTH, [], False),
        ("echo", OAUTH, [], False),
    ],
)
def test_only_a_subscription_token_needs_the_identity_line(
    type_: str, token: str | None, headers: HeaderList, expected: bool
) -> None:
    body = built(BODY, type_=type_, token=token, headers=headers).body
    assert (LINE.encode() in body) is expected


def test_url_headers_timeout_and_proxy_are_the_candidates() -> None:
    call = built(
        BODY, query="beta=true", headers=[(b"x-app", b"cli")], proxy="http://p:1", auth="bearer"
    )
    assert call.method == "POST"
    assert call.url == "https://api.example.com/v1/messages?beta=true"
    assert (b"x-app", b"cli") in call.headers
    assert (b"authorization", f"Bearer {API}".encode()) in call.headers
    assert (call.connect_timeout, call.proxy) == (7.0, "http://p:1")
    assert built(BODY, route=1).url == "https://api.example.com/v1/messages/count_tokens"


def test_a_key_that_is_no_text_is_the_clients_fault() -> None:
    """Reading the envelope passes over it; the splice of the model cannot."""
    with pytest.raises(ClientError, match="not valid JSON") as caught:
        built(b'{"model":"m","\xff":1}', model="other")
    assert caught.value.kind == "invalid_request"


@pytest.mark.parametrize("depth", range(900, 1000, 5))
def test_nesting_near_the_limit_is_served_or_refused(depth: int) -> None:
    """How deep is too deep depends on who asks: here it is read from several places."""
    body = b'{"model":"m","system":[' + b"[" * depth + b"]" * depth + b"]}"
    try:
        assert b'"other"' in built(body, model="other", token=OAUTH).body
    except ClientError as error:
        assert error.kind == "invalid_request"


SESSION = (b"x-claude-code-session-id", b"5f1c")
NAMED = b'{"model":"claude-x","metadata":{"user_id":"u"} , "max_tokens":1.0,"messages":[]}'


def test_a_third_party_is_not_told_who_the_client_is() -> None:
    call = built(NAMED, type_="anthropic-compatible", headers=[SESSION, (b"x-app", b"cli")])
    assert call.body == b'{"model":"claude-x" , "max_tokens":1.0,"messages":[]}'
    assert SESSION not in call.headers and (b"x-app", b"cli") in call.headers


@pytest.mark.parametrize("type_", ["anthropic-compatible", "deepseek", "openrouter"])
def test_a_channel_may_say_that_its_provider_is_told(type_: str) -> None:
    call = built(NAMED, type_=type_, headers=[SESSION], client_identity=True)
    assert b'"user_id":"u"' in call.body
    assert SESSION in call.headers


def test_a_channel_may_keep_it_from_anthropic_too() -> None:
    call = built(NAMED, type_="claude-code", headers=[SESSION], client_identity=False)
    assert b"user_id" not in call.body
    assert SESSION not in call.headers


def test_that_the_name_was_kept_back_is_a_loss() -> None:
    assert "metadata.user_id" in losses_of(NAMED, type_="anthropic-compatible")
    assert losses_of(NAMED, type_="claude-code") == []
    assert losses_of(BODY, type_="anthropic-compatible") == []


def losses_of(body: bytes, **channel: Any) -> list[str]:
    return [loss.path for loss in outgoing(body, **channel).losses]
