"""One candidate's way of being asked: what its provider is like, and what it may learn."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from axonhub_cli.dialects.base import Dialect, Settings
from axonhub_cli.providers import PROVIDERS, Provider
from axonhub_cli.proxy import identity
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.convert import dialect_of
from axonhub_cli.proxy.headers import is_oauth_token
from axonhub_cli.proxy.snapshot import Token
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.tracing.context import TraceContext


class Origin(Struct, frozen=True):
    """Of which request a call is: what an answer may have to name, and what must not change from
    turn to turn."""

    request_id: str
    created: int = 0
    """Epoch seconds."""
    session: str | None = None
    client: str = ""
    attempt: int = 0
    """Which of the request's attempts it is, from 1; 0: it belongs to nobody's trace elsewhere."""
    told: TraceContext | None = None
    """The trace context that the client gave, if it obeys the rules."""


class Reasoning(Struct, frozen=True):
    """Which reasoning of the conversation a candidate may see again."""

    is_foreign: Callable[[str], bool] = lambda signature: False
    """Is this signature known to be another issuer's?"""
    others: bool = True
    """May there be foreign ones? Looking for them in 2 MB takes most of a millisecond."""
    dropped: bool = False
    """None at all: the upstream has refused the signatures once."""


class Target(Struct, frozen=True):
    """A request and one candidate for it."""

    call: ClientCall
    candidate: Candidate
    provider: Provider
    dialect: Dialect
    settings: Settings
    secret: str | None
    """What is shown upstream."""
    origin: Origin
    reasoning: Reasoning
    asks_usage: bool = True
    """Is the provider to be asked for the tokens of a stream? Some refuse the question."""

    @classmethod
    def of(
        cls,
        call: ClientCall,
        candidate: Candidate,
        token: Token | None,
        origin: Origin,
        reasoning: Reasoning,
        *,
        asks_usage: bool = True,
    ) -> Target:
        provider = PROVIDERS[candidate.channel.type]
        settings = Settings(
            caps=provider.caps,
            session=origin.session,
            tells_user=candidate.channel.client_identity is True,
        )
        secret = token.secret.reveal() if token is not None else None
        dialect = dialect_of(provider, candidate.protocol)
        asks = asks_usage and dialect.stream_usage
        return cls(call, candidate, provider, dialect, settings, secret, origin, reasoning, asks)

    @property
    def keeps_user(self) -> bool:
        """Must the user's name not go there? Chat's encoder never tells it; dialects have a
        quirk."""
        return self.candidate.protocol == "anthropic" and not self.is_told

    @property
    def is_told(self) -> bool:
        """Who the client is."""
        return identity.is_told(self.candidate.channel, self.candidate.base_url)

    @property
    def is_subscription(self) -> bool:
        """Is it asked with a token that the API takes beside Claude Code's identity line only?"""
        secret = self.secret
        return self.provider.identity and secret is not None and is_oauth_token(secret)
