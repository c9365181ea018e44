from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import pytest

from axonhub_cli.config.rules import NAME, check_base_url
from axonhub_cli.config.schema import Protocol
from axonhub_cli.dialects import DIALECTS
from axonhub_cli.providers import PROVIDERS, Provider, TokenForm
from tests.providers_table import write_table

each_provider = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS.keys())

# Issue 3, item 3.
WANTED = (
    "openai deepseek moonshot zhipu zai openrouter ollama vllm llama-cpp lm-studio siliconflow "
    "volcengine doubao bailian minimax xai groq mistral cerebras together fireworks nvidia "
    "github-models vercel aihubmix modelscope openai-compatible anthropic-compatible"
).split()


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "localhost" or (host[:1].isdigit() and ipaddress.ip_address(host).is_loopback)


def test_types_are_found_by_their_own_name() -> None:
    assert [provider.type for provider in PROVIDERS.values()] == list(PROVIDERS)
    assert {"claude-code", "anthropic", "echo", *WANTED} <= set(PROVIDERS)


@each_provider
def test_a_preset_is_complete(provider: Provider) -> None:
    # A channel is named after its type when the user gives no name.
    assert NAME.fullmatch(provider.type)
    assert provider.title
    assert set(provider.endpoints) <= set(get_args(Protocol))
    assert provider.models
    assert provider.token_form in get_args(TokenForm)
    assert all(cap > 0 for cap in provider.caps.values())
    for url in provider.endpoints.values():
        assert not provider.network or check_base_url(url) is None


@each_provider
def test_a_preset_sends_tokens_over_tls_only(provider: Provider) -> None:
    for url in provider.endpoints.values():
        assert not provider.network or urlsplit(url).scheme == "https" or is_loopback(url)


@each_provider
def test_a_preset_with_an_address_says_where_to_get_its_token(provider: Provider) -> None:
    asks = provider.token_form != "none" and not provider.token_optional
    assert bool(provider.token_url) == (asks and bool(provider.endpoints))


@each_provider
def test_the_model_of_a_preset_that_is_tested_is_a_name(provider: Provider) -> None:
    # What an engine on the user's machine has loaded, nobody else can know.
    assert "*" not in provider.models[0] or not provider.endpoints or provider.token_optional


@each_provider
def test_each_protocol_of_a_preset_has_its_dialect(provider: Provider) -> None:
    for protocol, name in provider.dialects.items():
        assert DIALECTS[name].protocol == protocol
        assert protocol in provider.endpoints or not provider.endpoints
    own = {"claude-code", "anthropic", "anthropic-compatible", "echo"}
    assert provider.type in own or set(provider.endpoints) <= set(provider.dialects)


@each_provider
def test_a_base_url_of_the_users_own_is_that_of_the_main_protocol(provider: Provider) -> None:
    assert provider.protocol in get_args(Protocol)
    assert not provider.endpoints or provider.protocol == next(iter(provider.endpoints))


def test_a_compatible_type_speaks_what_it_is_compatible_with() -> None:
    assert PROVIDERS["openai-compatible"].protocol == "openai_chat"
    assert PROVIDERS["anthropic-compatible"].protocol == "anthropic"


def test_every_dialect_belongs_to_a_preset() -> None:
    used = {name for provider in PROVIDERS.values() for name in provider.dialects.values()}
    assert used == set(DIALECTS)


def test_a_token_is_shown_as_the_endpoint_of_the_protocol_reads_it() -> None:
    assert PROVIDERS["deepseek"].form("anthropic") == "x-api-key"
    assert PROVIDERS["deepseek"].form("openai_chat") == "bearer"


def test_a_subscription_is_sold_under_terms() -> None:
    assert "terms" in str(PROVIDERS["claude-code"].terms)
    assert PROVIDERS["claude-code"].models == (
        "claude-haiku-4-5",
        "claude-sonnet-4-5",
        "claude-opus-4-5",
        "claude-*",
    )


def test_the_table_of_providers_is_as_the_data_is() -> None:
    """`python -m tests.providers_table` writes it anew."""
    table = Path(__file__).parent.parent / "docs" / "providers.md"
    assert table.read_text(encoding="utf-8") == write_table()
