import pytest

from axonhub_cli.providers import PROVIDERS
from axonhub_cli.providers.local import LOCAL
from axonhub_cli.providers.record import Provider

PORTS = {"ollama": 11434, "vllm": 8000, "llama-cpp": 8080, "lm-studio": 1234}


@pytest.mark.parametrize("provider", LOCAL, ids=[provider.type for provider in LOCAL])
def test_an_engine_is_at_its_usual_port_and_needs_no_token(provider: Provider) -> None:
    base = f"http://localhost:{PORTS[provider.type]}"
    assert provider.endpoints == {"openai_chat": f"{base}/v1", "anthropic": base}
    assert provider.token_optional


def test_every_engine_is_among_the_presets() -> None:
    assert {provider.type for provider in LOCAL} == set(PORTS) <= set(PROVIDERS)
