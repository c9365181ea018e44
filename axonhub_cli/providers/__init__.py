"""The presets a channel's type names: data only. A new provider is one entry in one file."""

from __future__ import annotations

from axonhub_cli.providers.anthropic import ANTHROPIC, CLAUDE_MODELS
from axonhub_cli.providers.hosts import HOSTS
from axonhub_cli.providers.local import LOCAL
from axonhub_cli.providers.record import Provider, TokenForm
from axonhub_cli.providers.vendors import VENDORS

__all__ = ["CLAUDE_MODELS", "PROVIDERS", "Provider", "TokenForm"]

PROVIDERS: dict[str, Provider] = {
    provider.type: provider for provider in (*ANTHROPIC, *VENDORS, *HOSTS, *LOCAL)
}
