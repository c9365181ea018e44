"""Lists of models and refusals as the official SDKs read them, for a key with limits."""

from __future__ import annotations

import pytest

from tests.sdk.late import anthropic, openai
from tests.support.gateway import Gateway
from tests.support.home import KEY, channel

ALLOWED = ["fast", "claude-haiku"]


@pytest.fixture
def limited(gateway: Gateway) -> Gateway:
    """A key that may ask for `fast` and `claude-haiku`."""
    rules = [{"from": "fast", "to": "claude-haiku"}]
    named = channel(gateway.anthropic.url, "named", models=["claude-haiku", "claude-opus"])
    gateway.configure(named, profile={"mappings": rules, "models": ALLOWED})
    return gateway


def test_anthropics_sdk_lists_finds_and_is_refused(limited: Gateway) -> None:
    with anthropic.Anthropic(
        base_url=f"{limited.url}/anthropic", api_key=KEY, max_retries=0, timeout=15
    ) as client:
        names = [model.id for model in client.models.list()]
        assert [name for name in names if "configured" not in name] == ["fast", "claude-haiku"]
        assert client.models.retrieve("fast").display_name == "fast"
        with pytest.raises(anthropic.NotFoundError):
            client.models.retrieve("claude-opus")
        with pytest.raises(anthropic.NotFoundError, match="does not allow the model"):
            client.messages.create(
                model="claude-opus", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
            )


def test_openais_sdk_lists_finds_and_is_refused(limited: Gateway) -> None:
    with openai.OpenAI(
        base_url=f"{limited.url}/v1", api_key=KEY, max_retries=0, timeout=15
    ) as client:
        names = [model.id for model in client.models.list()]
        assert [name for name in names if "configured" not in name] == ["fast", "claude-haiku"]
        assert client.models.retrieve("fast").owned_by == "axonhub"
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("claude-opus")
        with pytest.raises(openai.NotFoundError, match="does not allow the model") as caught:
            client.chat.completions.create(
                model="claude-opus", messages=[{"role": "user", "content": "hi"}]
            )
        assert caught.value.body["code"] == "model_not_found"  # type: ignore[index,call-overload]
