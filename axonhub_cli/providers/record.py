"""What axonhub knows of one vendor: a record of data, in words that need no imports."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

TokenForm = Literal["anthropic", "bearer", "x-api-key", "none"]
"""How a secret is shown upstream: by its form (`sk-ant-…`), in one header always, or not at all."""


class Provider(Struct, frozen=True):
    """A preset that a channel's type names."""

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
    token_forms: dict[str, TokenForm] = field(default_factory=dict)
    """Protocol to the form it has there, where that is another than `token_form`."""
    token_optional: bool = False
    """An engine of the user's own, which asks for a token only where he set one."""
    dialects: dict[str, str] = field(default_factory=dict)
    """Protocol to the name of its dialect, see `dialects`; none: it is spoken as it is written."""
    caps: dict[str, int] = field(default_factory=dict)
    """Glob of model names to the most tokens an answer may have; the first that fits counts."""
    models_path: str | None = "/models"
    """The model list, below the main endpoint or as a whole URL; None: there is none."""
    otel_name: str = ""
    """What OpenTelemetry's GenAI conventions call it (`gen_ai.provider.name`); empty: its type."""
    tested: bool = False
    """Its quirks have a documented or captured case in the tests."""

    @property
    def protocol(self) -> str:
        """That of the main endpoint, and of a base URL of the user's own."""
        return next(iter({**self.endpoints, **self.dialects}), "anthropic")

    def form(self, protocol: str) -> TokenForm:
        """How a token is shown to its endpoint of that protocol."""
        return self.token_forms.get(protocol, self.token_form)
