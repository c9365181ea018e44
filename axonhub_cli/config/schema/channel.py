"""`[[channels]]`"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from axonhub_cli.config.schema.overrides import Override
from axonhub_cli.config.schema.routing import Action, Mapping, When
from axonhub_cli.config.schema.server import Duration

Protocol = Literal["anthropic", "openai_chat"]
AuthScheme = Literal["bearer", "x-api-key"]


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[channels]]`: a provider, the secrets for it, and the models it serves."""

    name: str
    type: str
    enabled: bool = True
    base_url: str | None = None
    """None: the type's own."""
    protocol: Protocol | None = None
    endpoints: dict[str, str] = field(default_factory=dict)
    auth: AuthScheme | None = None
    """None: chosen by the type and the token's form."""
    models: tuple[str, ...] | None = None
    """Names and globs (`*`, `?`); None: the type's defaults."""
    mappings: tuple[Mapping, ...] = ()
    """A model name a client may ask for, and the name sent upstream for it."""
    tokens: tuple[str, ...] = ()
    """Secret references, see `secrets.py`."""
    tags: tuple[str, ...] = ()
    weight: int = 100
    priority: int = 0
    """Lower numbers are tried first."""
    proxy: str | None = None
    first_event_timeout: Duration | None = None
    idle_timeout: Duration | None = None
    total_timeout: Duration | None = None
    """Of an answer that is not streamed; None: `server.llm_request_timeout`."""
    connect_timeout: Duration | None = None
    ca_file: str | None = None
    """PEM file of further certificate authorities to trust."""
    when: When | None = None
    """Serves only requests for which this holds."""
    prefix: str | None = None
    """`p` serves every model under `p/model` too."""
    trimmed_prefixes: tuple[str, ...] = ()
    """`deepseek-ai` serves `deepseek-ai/deepseek-v3` under `deepseek-v3` too."""
    lower_case: bool = False
    """Model names are compared, and listed, in lower case."""
    hide_originals: bool = False
    """Only the names made by mappings, prefix and trimming are served."""
    hide_aliases: bool = False
    """Lists leave out the names made by mappings, prefix and trimming; they are served."""
    retries: int | None = None
    """None: `routing.retries`."""
    policy: dict[str, Action] = field(default_factory=dict)
    """Kind of failure or status to what follows it (`axonhub explain --policy`)."""
    buffered: bool = False
    """Streams are read whole and then replayed, so that a break in one can still fail over."""
    rpm: int | None = None
    """Requests a minute."""
    tpm: int | None = None
    """Tokens a minute."""
    concurrency: int | None = None
    """Requests at once."""
    queue: int = 100
    """How many may wait for a place; beyond it the next channel is tried at once."""
    queue_timeout: Duration = "30s"
    overrides: tuple[Override, ...] = ()
    client_identity: bool | None = None
    """Do `x-claude-code-*` headers and `metadata.user_id` reach it? None: only Anthropic itself."""
