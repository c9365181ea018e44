"""DATA: Anthropic itself, what speaks its protocol, and the embedded provider."""

from __future__ import annotations

from axonhub_cli.providers.record import Provider

# Undated names mean the newest; the glob serves whatever an installed Claude Code asks for.
CLAUDE_MODELS = ("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5", "claude-*")

ANTHROPIC = (
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
        otel_name="anthropic",
        tested=True,
    ),
    Provider(
        type="anthropic",
        title="Anthropic API",
        endpoints={"anthropic": "https://api.anthropic.com"},
        models=CLAUDE_MODELS,
        token_form="anthropic",
        token_url="https://console.anthropic.com/settings/keys",
        identity=True,
        tested=True,
    ),
    # It may lead to Anthropic in the end (another gateway does): every byte goes as it came.
    Provider(
        type="anthropic-compatible",
        title="Any endpoint that speaks Anthropic Messages",
        endpoints={},
        otel_name="anthropic",
        models=("*",),
        token_form="anthropic",
        tested=True,
    ),
    Provider(
        type="echo",
        title="Embedded provider that answers without a network",
        endpoints={"anthropic": "echo:"},
        models=("echo", "claude-*", "*"),
        token_form="none",
        network=False,
        tested=True,
    ),
)
