import pytest

from axonhub_cli.providers import PROVIDERS
from axonhub_cli.routing.endpoints import call_url

CALLS = {
    ("openrouter", "openai_chat"): "https://openrouter.ai/api/v1/chat/completions",
    ("openrouter", "anthropic"): "https://openrouter.ai/api/v1/messages",
    ("vercel", "anthropic"): "https://ai-gateway.vercel.sh/v1/messages",
    ("siliconflow", "anthropic"): "https://api.siliconflow.cn/v1/messages",
    ("groq", "openai_chat"): "https://api.groq.com/openai/v1/chat/completions",
    ("fireworks", "openai_chat"): "https://api.fireworks.ai/inference/v1/chat/completions",
    ("fireworks", "anthropic"): "https://api.fireworks.ai/inference/v1/messages",
    ("github-models", "openai_chat"): "https://models.github.ai/inference/chat/completions",
    ("modelscope", "anthropic"): "https://api-inference.modelscope.cn/v1/messages",
}


@pytest.mark.parametrize(("type", "protocol"), CALLS)
def test_a_hosts_urls_are_those_of_its_documentation(type: str, protocol: str) -> None:
    path = "/messages" if protocol == "anthropic" else "/chat/completions"
    base = PROVIDERS[type].endpoints[protocol]
    assert call_url(base, "v1", path) == CALLS[type, protocol]


def test_what_nobody_has_tried_is_said_to_be_untested() -> None:
    untested = {provider.type for provider in PROVIDERS.values() if not provider.tested}
    assert untested == {
        "together",
        "fireworks",
        "nvidia",
        "github-models",
        "aihubmix",
        "modelscope",
    }
