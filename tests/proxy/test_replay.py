import pytest

from axonhub_cli.config.schema import Channel, Config
from axonhub_cli.config.secrets import SecretStore
from axonhub_cli.errors import UsageError
from axonhub_cli.proxy.replay import model_for, replay
from tests.support import chat_plays
from tests.support.home import Home
from tests.support.plays import overloaded
from tests.support.upstream import Upstream

BODY = b'{"model":"claude-x","messages":[{"role":"user","content":"hi"}]}'


def own(url: str, **fields: object) -> Channel:
    plain = {"name": "main", "type": "anthropic-compatible", "base_url": url}
    return Channel(**(plain | {"models": ("claude-x", "b")} | fields))  # type: ignore[arg-type]


def test_a_model_that_the_channel_serves_is_kept() -> None:
    channel = own("http://127.0.0.1:9")
    assert model_for(channel, "claude-x", "b") == "claude-x"
    assert model_for(channel, "unknown", "b") == "b"
    assert model_for(channel, "unknown", None) == "claude-x"


def test_a_failure_is_in_the_record(home: Home, upstream: Upstream) -> None:
    upstream.script(overloaded())
    config = Config()
    made = replay(
        config,
        own(upstream.url),
        SecretStore(home.paths, config, home.environ),
        home.environ,
        protocol="anthropic",
        body=BODY,
        headers=[],
        model="claude-x",
        original="req_1",
    )
    assert (made.status, made.http_status, made.source) == ("failed", 529, "replay")
    assert "Overloaded" in (made.error or "")
    assert made.decision == {"replay_of": "req_1"}


def test_a_channel_of_no_known_protocol_cannot_be_asked(home: Home) -> None:
    config = Config()
    channel = Channel(name="none", type="anthropic-compatible", models=("m",))
    with pytest.raises(UsageError, match="no protocol"):
        replay(
            config,
            channel,
            SecretStore(home.paths, config, home.environ),
            home.environ,
            protocol="anthropic",
            body=BODY,
            headers=[],
            model="m",
            original="req_1",
        )


def test_a_server_that_cannot_be_asked_for_tokens_is_asked_without(home: Home) -> None:
    chat = Upstream(chat_plays.default_answer)
    chat.start()
    chat.script(chat_plays.error(400, "Unrecognized request argument: stream_options"))
    config = Config()
    try:
        made = replay(
            config,
            Channel("own", "openai-compatible", base_url=chat.url, models=("gpt-x",)),
            SecretStore(home.paths, config, home.environ),
            home.environ,
            protocol="openai_chat",
            body=b'{"model":"gpt-x","messages":[{"role":"user","content":"hi"}],"stream":true}',
            headers=[],
            model="gpt-x",
            original="req_1",
        )
    finally:
        chat.stop()
    assert (made.status, made.http_status) == ("completed", 200)
    assert ["stream_options" in request.json for request in chat.requests] == [True, False]
    assert b"Unrecognized" not in b"".join(made.attempts[0].answer)
