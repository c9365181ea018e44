from __future__ import annotations

from typing import get_args
from urllib.parse import urlsplit

import pytest

from axonhub_cli.config.rules import NAME
from axonhub_cli.config.schema import Protocol
from axonhub_cli.providers import PROVIDERS, Provider

each_provider = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS.keys())


def test_types_are_found_by_their_own_name() -> None:
    assert [provider.type for provider in PROVIDERS.values()] == list(PROVIDERS)
    assert {"claude-code", "anthropic", "anthropic-compatible", "echo"} <= set(PROVIDERS)


@each_provider
def test_a_preset_is_complete(provider: Provider) -> None:
    # A channel is named after its type when the user gives no name.
    assert NAME.fullmatch(provider.type)
    assert provider.title
    assert set(provider.endpoints) <= set(get_args(Protocol))
    assert provider.models


@each_provider
def test_a_preset_sends_tokens_over_tls_only(provider: Provider) -> None:
    for url in provider.endpoints.values():
        assert not provider.network or urlsplit(url).scheme == "https"


@each_provider
def test_a_preset_with_an_address_says_where_to_get_its_token(provider: Provider) -> None:
    asks = provider.token_form != "none" and bool(provider.endpoints)
    assert bool(provider.token_url) == asks


@each_provider
def test_the_model_of_a_preset_that_is_tested_is_a_name(provider: Provider) -> None:
    assert not provider.endpoints or "*" not in provider.models[0]


def test_a_subscription_is_sold_under_terms() -> None:
    assert "terms" in str(PROVIDERS["claude-code"].terms)
    assert PROVIDERS["claude-code"].models == (
        "claude-haiku-4-5",
        "claude-sonnet-4-5",
        "claude-opus-4-5",
        "claude-*",
    )
