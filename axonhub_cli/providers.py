"""The presets a channel's type names: data only. A new provider is one entry here."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

TokenForm = Literal["anthropic", "bearer", "none"]
"""How a secret is shown upstream: by its form (`sk-ant-…`), as a bearer token, or not at all."""


class Provider(Struct, frozen=True):
    """What axonhub knows of one vendor."""

    type: str
    title: str
    endpoints: dict[str, str]
    """Protocol to base URL; the first one is the main endpoint. Empty: `--base-url` is needed."""
    models: tuple[str, ...] = ()
    """Names and globs; the first is the one a channel test uses."""
    token_form: TokenForm = "bearer"
    token_url: str = ""
    """Where a person gets a token, as a URL or a command."""
    token_prompt: str = "API key"
    identity: bool = False
    """A subscription token (`sk-ant-oat…`) is only accepted with Claude Code's identity line."""
    terms: str | None = None
    """One line that `channel add` prints."""
    network: bool = True
    """False: answered inside the daemon, no request leaves the machine."""


# Undated names mean the newest; the glob serves whatever an installed Claude Code asks for.
CLAUDE_MODELS = ("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5", "claude-*")

_ALL = (
    Provider(
        type="claude-code",
        title="Claude Code subscription",
        endpoints={"anthropic": "https://api.anthropic.com"},
        models=CLAUDE_MODELS,
        token_form="anthropic",
        token_url="claude setup-token",
        token_prompt="Token printed by `claude setup-token`",
        identity=True,
        terms="The terms of your Claude plan govern what a subscription token may be used for.",
    ),
    Provider(
        type="anthropic",
        title="Anthropic API",
        endpoints={"anthropic": "https://api.anthropic.com"},
        models=CLAUDE_MODELS,
        token_form="anthropic",
        token_url="https://console.anthropic.com/settings/keys",
        identity=True,
    ),
    Provider(
        type="anthropic-compatible",
        title="Any endpoint that speaks Anthropic Messages",
        endpoints={},
        models=("*",),
        token_form="anthropic",
    ),
    Provider(
        type="echo",
        title="Embedded provider that answers without a network",
        endpoints={"anthropic": "echo:"},
        models=("echo", "claude-*", "*"),
        token_form="none",
        network=False,
    ),
)

PROVIDERS: dict[str, Provider] = {provider.type: provider for provider in _ALL}
