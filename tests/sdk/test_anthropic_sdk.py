"""The official Anthropic SDK against a real daemon and a scripted upstream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.sdk.late import anthropic
from tests.support import plays
from tests.support.daemon import Daemon
from tests.support.home import KEY, TOKEN, channel
from tests.support.upstream import Play, Upstream

if TYPE_CHECKING:
    from anthropic.types import MessageParam, ToolParam

MODEL = "claude-scripted-1"
HELLO: list[MessageParam] = [{"role": "user", "content": "hello"}]
WEATHER: ToolParam = {
    "name": "get_weather",
    "description": "The weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


@pytest.fixture
def client(daemon: Daemon) -> Iterator[anthropic.Anthropic]:
    """The SDK with our address and our key, and without repeats: one call, one answer."""
    with anthropic.Anthropic(
        base_url=f"{daemon.url}/anthropic", api_key=KEY, max_retries=0, timeout=15
    ) as made:
        yield made


def test_a_message(client: anthropic.Anthropic, upstream: Upstream) -> None:
    answer = client.messages.create(model=MODEL, max_tokens=100, messages=HELLO)
    assert [block.to_dict() for block in answer.content] == [plays.text("pong")]
    assert answer.usage.cache_read_input_tokens == 900
    (seen,) = upstream.requests
    assert seen.path == "/v1/messages"
    assert seen.json == {"model": MODEL, "max_tokens": 100, "messages": HELLO}


def test_our_credential_replaces_the_clients(
    client: anthropic.Anthropic, upstream: Upstream
) -> None:
    client.messages.create(model=MODEL, max_tokens=100, messages=HELLO)
    (seen,) = upstream.requests
    assert seen.header("x-api-key") == TOKEN
    assert seen.header("authorization") is None
    assert KEY not in str(seen.headers)


def test_the_answer_says_how_it_was_served(client: anthropic.Anthropic) -> None:
    raw = client.messages.with_raw_response.create(model=MODEL, max_tokens=9, messages=HELLO)
    assert raw.headers["ah-channel"] == "main"
    assert raw.headers["ah-upstream-model"] == MODEL
    assert raw.headers["ah-request-id"]
    assert raw.headers["request-id"] == "req_scripted"


def test_a_stream(client: anthropic.Anthropic, upstream: Upstream) -> None:
    upstream.script(plays.stream(plays.thinking("hm"), "po", "ng"))
    with client.messages.stream(model=MODEL, max_tokens=100, messages=HELLO) as stream:
        said = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert said == "pong"
    assert [block.type for block in message.content] == ["thinking", "text", "text"]
    assert message.stop_reason == "end_turn"


def test_the_asynchronous_client(daemon: Daemon) -> None:
    async def talk() -> tuple[str, str]:
        async with anthropic.AsyncAnthropic(
            base_url=daemon.url, api_key=KEY, max_retries=0, timeout=15
        ) as client:
            whole = await client.messages.create(model=MODEL, max_tokens=9, messages=HELLO)
            async with client.messages.stream(model=MODEL, max_tokens=9, messages=HELLO) as stream:
                streamed = await stream.get_final_text()
        (block,) = whole.content
        assert block.type == "text"
        return block.text, streamed

    assert asyncio.run(talk()) == ("pong", "pong")


def test_a_tool_call_and_its_result(client: anthropic.Anthropic, upstream: Upstream) -> None:
    call = plays.tool_use("get_weather", {"city": "Graz"})
    upstream.script(plays.stream("Let me look.", call), plays.message("Sunny."))
    with client.messages.stream(
        model=MODEL, max_tokens=100, messages=HELLO, tools=[WEATHER]
    ) as stream:
        first = stream.get_final_message()
    assert first.stop_reason == "tool_use"
    asked = first.content[-1]
    assert asked.type == "tool_use"
    assert asked.input == {"city": "Graz"}
    history: list[Any] = [
        *HELLO,
        {"role": "assistant", "content": [block.to_dict() for block in first.content]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": asked.id, "content": "sun"}],
        },
    ]
    second = client.messages.create(model=MODEL, max_tokens=100, messages=history, tools=[WEATHER])
    assert second.content[0].to_dict() == plays.text("Sunny.")
    assert upstream.requests[1].json["messages"] == history


def test_a_picture_passes(client: anthropic.Anthropic, upstream: Upstream) -> None:
    picture: MessageParam = {
        "role": "user",
        "content": [
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
            },
            {"type": "text", "text": "what is this?"},
        ],
    }
    client.messages.create(model=MODEL, max_tokens=100, messages=[picture])
    assert upstream.requests[0].json["messages"] == [picture]


def test_thinking_comes_back_with_its_signature(
    client: anthropic.Anthropic, upstream: Upstream
) -> None:
    upstream.script(plays.message(plays.thinking("let me see", "c2ln"), "pong"))
    answer = client.messages.create(
        model=MODEL,
        max_tokens=2000,
        messages=HELLO,
        thinking={"type": "enabled", "budget_tokens": 1024},
    )
    assert answer.content[0].to_dict() == plays.thinking("let me see", "c2ln")
    assert upstream.requests[0].json["thinking"] == {"type": "enabled", "budget_tokens": 1024}


def test_tokens_are_counted_upstream(client: anthropic.Anthropic, upstream: Upstream) -> None:
    counted = client.messages.count_tokens(model=MODEL, messages=HELLO)
    assert counted.input_tokens == 42
    assert upstream.requests[0].path == "/v1/messages/count_tokens"


def test_the_models_are_listed_without_patterns(
    client: anthropic.Anthropic, daemon: Daemon
) -> None:
    models = [MODEL, "claude-haiku-4-5", "claude-*"]
    daemon.home.configure(channel("http://127.0.0.1:9", models=models))
    listed = [model.id for model in client.models.list()]
    assert set(listed) == {MODEL, "claude-haiku-4-5"}


def test_a_mapping_renames_the_model_and_nothing_else(
    client: anthropic.Anthropic, daemon: Daemon, upstream: Upstream
) -> None:
    daemon.home.configure(channel(upstream.url), mappings={"my-.*": "claude-opus-4-5"})
    client.messages.create(model="my-favourite", max_tokens=100, messages=HELLO)
    seen = upstream.requests[0].json
    assert seen == {"model": "claude-opus-4-5", "max_tokens": 100, "messages": HELLO}


@pytest.mark.parametrize(
    ("status", "kind", "raised"),
    [
        (400, "invalid_request_error", "BadRequestError"),
        (404, "not_found_error", "NotFoundError"),
        (413, "request_too_large", "APIStatusError"),
        (429, "rate_limit_error", "RateLimitError"),
        (500, "api_error", "InternalServerError"),
        (529, "overloaded_error", "InternalServerError"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_an_upstreams_error_arrives_as_it_was(
    client: anthropic.Anthropic,
    upstream: Upstream,
    status: int,
    kind: str,
    raised: str,
    streamed: bool,
) -> None:
    upstream.script(plays.error(status, kind, "the upstream's own words"))
    with pytest.raises(getattr(anthropic, raised)) as caught:
        client.messages.create(model=MODEL, max_tokens=9, messages=HELLO, stream=streamed)
    assert caught.value.status_code == status
    assert caught.value.body == json.loads(plays.error_body(kind, "the upstream's own words"))
    assert len(upstream.requests) == 1


def test_retry_after_passes(client: anthropic.Anthropic, upstream: Upstream) -> None:
    upstream.script(plays.rate_limited("7"))
    with pytest.raises(anthropic.RateLimitError) as caught:
        client.messages.create(model=MODEL, max_tokens=9, messages=HELLO)
    assert caught.value.response.headers["retry-after"] == "7"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_of_ours_is_not_the_clients_fault(
    client: anthropic.Anthropic, upstream: Upstream, status: int
) -> None:
    upstream.script(plays.error(status, "authentication_error", "invalid x-api-key"))
    with pytest.raises(anthropic.InternalServerError) as caught:
        client.messages.create(model=MODEL, max_tokens=9, messages=HELLO)
    assert caught.value.status_code == 502
    assert "main" in caught.value.message
    assert "axonhub channel" in caught.value.message


def test_an_error_as_the_first_event_is_an_error_status(
    client: anthropic.Anthropic, upstream: Upstream
) -> None:
    first = plays.event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    upstream.script(plays.sse([first]))
    with pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(model=MODEL, max_tokens=9, messages=HELLO, stream=True)
    assert caught.value.status_code == 529


@pytest.mark.parametrize("play", [plays.html(), plays.empty(), plays.reset()])
@pytest.mark.parametrize("streamed", [False, True])
def test_what_is_no_answer_is_a_502(
    client: anthropic.Anthropic,
    upstream: Upstream,
    play: Play,
    streamed: bool,
) -> None:
    upstream.answer = lambda request: play
    with pytest.raises(anthropic.InternalServerError) as caught:
        client.messages.create(model=MODEL, max_tokens=9, messages=HELLO, stream=streamed)
    assert caught.value.status_code == 502


def test_failover_is_invisible(
    client: anthropic.Anthropic, daemon: Daemon, upstream: Upstream
) -> None:
    first = channel(upstream.url, "first", priority=0)
    daemon.home.configure(first, channel(upstream.url, "second", priority=1))
    upstream.script(plays.overloaded(), plays.message("pong"))
    raw = client.messages.with_raw_response.create(model=MODEL, max_tokens=9, messages=HELLO)
    assert raw.headers["ah-channel"] == "second"
