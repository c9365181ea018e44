"""A channel test: one real request, and the reason in a sentence when it fails."""

from __future__ import annotations

import pytest

from axonhub_cli.config.load import load
from axonhub_cli.config.schema import Channel
from axonhub_cli.config.secrets import SecretStore
from axonhub_cli.errors import UpstreamError, UsageError
from axonhub_cli.proxy.probe import ProbeResult, default_model, fetch_models, run_probe
from tests.support import plays
from tests.support.home import TOKEN, Home, channel
from tests.support.upstream import Upstream, refusing_url


def probe(home: Home, *, model: str | None = None, stream: bool = False) -> ProbeResult:
    config = load(home.paths, home.environ)
    secrets = SecretStore(home.paths, config, home.environ)
    return run_probe(config, config.channels[0], secrets, home.environ, model=model, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_a_working_channel_shows_time_and_tokens(
    home: Home, upstream: Upstream, stream: bool
) -> None:
    home.configure(channel(upstream.url, models=["claude-haiku-4-5", "claude-*"]))
    result = probe(home, stream=stream)
    assert (result.ok, result.model, result.error) == (True, "claude-haiku-4-5", None)
    assert result.tokens.output is not None
    seen = upstream.requests[0]
    assert seen.header("x-api-key") == TOKEN
    assert seen.json.get("stream", False) is stream


def test_a_model_can_be_chosen(home: Home, upstream: Upstream) -> None:
    home.configure(channel(upstream.url))
    assert probe(home, model="claude-opus-4-5").model == "claude-opus-4-5"
    assert upstream.requests[0].json["model"] == "claude-opus-4-5"


def test_the_upstreams_own_error_is_the_reason(home: Home, upstream: Upstream) -> None:
    upstream.script(plays.error(401, "authentication_error", "invalid x-api-key"))
    home.configure(channel(upstream.url))
    result = probe(home, model="claude-x")
    assert not result.ok
    assert result.error == "channel 'main': it answered 401 (invalid x-api-key)"
    assert result.hint is not None


def test_a_stream_that_breaks_is_a_failure(home: Home, upstream: Upstream) -> None:
    upstream.script(plays.sse(plays.as_events(plays.text("x"))[:4]))
    home.configure(channel(upstream.url))
    result = probe(home, model="claude-x", stream=True)
    assert not result.ok
    assert result.error is not None


def test_an_upstream_that_is_not_there_is_a_failure(home: Home) -> None:
    with refusing_url() as url:
        home.configure(channel(url))
        result = probe(home, model="claude-x")
    assert result.error is not None
    assert "cannot connect" in result.error


def test_a_channel_with_patterns_only_needs_a_model(home: Home, upstream: Upstream) -> None:
    home.configure(channel(upstream.url, models=["claude-*"]))
    config = load(home.paths, home.environ)
    with pytest.raises(UsageError) as raised:
        default_model(config.channels[0])
    assert "--model" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("models", "tested"),
    [
        (None, "claude-haiku-4-5"),
        (("claude-*",), "claude-haiku-4-5"),
        (("claude-opus-4-5", "claude-*"), "claude-haiku-4-5"),
        (("claude-sonnet-4-5", "claude-opus-4-5"), "claude-sonnet-4-5"),
        (("glm-4.6", "glm-*"), "glm-4.6"),
    ],
)
def test_the_types_first_default_model_that_is_served_is_tested(
    models: tuple[str, ...] | None, tested: str
) -> None:
    assert default_model(Channel("main", "claude-code", models=models)) == tested


def test_a_channels_edits_hold_for_tests_and_lists_too(home: Home, upstream: Upstream) -> None:
    edits = [
        {"op": "set", "path": "X-Gate", "value": "{{channel.name}}", "in": "headers"},
        {"op": "set", "path": "top_k", "value": 5},
    ]
    home.configure(channel(upstream.url, overrides=edits))
    config = load(home.paths, home.environ)
    secrets = SecretStore(home.paths, config, home.environ)
    fetch_models(config, config.channels[0], secrets, home.environ)
    assert probe(home, model="claude-x").ok
    assert [request.header("x-gate") for request in upstream.requests] == ["main", "main"]
    assert upstream.generations[0].json["top_k"] == 5


def test_the_providers_list_of_models_is_fetched(home: Home, upstream: Upstream) -> None:
    home.configure(channel(upstream.url))
    config = load(home.paths, home.environ)
    secrets = SecretStore(home.paths, config, home.environ)
    assert fetch_models(config, config.channels[0], secrets, home.environ) == ["claude-scripted"]
    assert upstream.requests[0].target == "/v1/models?limit=1000"
    assert upstream.requests[0].header("content-type") is None


def test_a_refused_list_of_models_is_an_error(home: Home, upstream: Upstream) -> None:
    upstream.answer = lambda request: plays.error(403, "permission_error", "no list for you")
    home.configure(channel(upstream.url))
    config = load(home.paths, home.environ)
    secrets = SecretStore(home.paths, config, home.environ)
    with pytest.raises(UpstreamError, match="no list for you"):
        fetch_models(config, config.channels[0], secrets, home.environ)


def test_a_whole_url_has_no_list_of_models(home: Home, upstream: Upstream) -> None:
    home.configure(channel(f"{upstream.url}/custom##"))
    config = load(home.paths, home.environ)
    secrets = SecretStore(home.paths, config, home.environ)
    with pytest.raises(UsageError, match="a whole URL"):
        fetch_models(config, config.channels[0], secrets, home.environ)
