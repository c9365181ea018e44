"""The tokens of one request: which it uses in each channel, and how many it could still try."""

from __future__ import annotations

from axonhub_cli.proxy.services import Services
from axonhub_cli.proxy.snapshot import Snapshot, Token
from axonhub_cli.routing.candidates import Candidate


class TokenChoice:
    """Make one for each request."""

    def __init__(self, services: Services, snapshot: Snapshot, session_key: str) -> None:
        self._services = services
        self._snapshot = snapshot
        self._session_key = session_key
        self._tried: dict[str, set[str]] = {}
        """Channel to the labels of its tokens that failed in this request."""

    def choose(self, candidate: Candidate) -> Token | None:
        """The session's own token of this channel, unless it failed or is put aside."""
        name = candidate.channel.name
        tokens = self._snapshot.tokens.get(name, ())
        if len(tokens) < 2:
            return tokens[0] if tokens else None
        return self._services.tokens.choose(
            name,
            tokens,
            self._session_key,
            candidate.upstream_model,
            self._services.now(),
            self._tried.get(name, ()),
        )

    def failed(self, candidate: Candidate, label: str | None) -> None:
        """It is the token's fault: others of the channel come first from now on."""
        if label is not None:
            self._tried.setdefault(candidate.channel.name, set()).add(label)

    def left(self, candidate: Candidate, label: str | None, *, last: bool = False) -> int:
        """How many of the channel's tokens are worth trying after this one. Those that are put
        aside are only where it is the `last` channel."""
        name = candidate.channel.name
        tokens = self._snapshot.tokens.get(name, ())
        if len(tokens) < 2:
            return 0
        tried = self._tried.get(name, ())
        untried = [t for t in tokens if t.label not in tried and t.label != label]
        model, now, aside = candidate.upstream_model, self._services.now(), self._services.tokens
        ready = sum(not aside.wait(name, token, model, now) for token in untried)
        return ready or (len(untried) if last else 0)
