"""What is left of a channel's limits: that of its best token, among those that can be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from axonhub_cli.routing.allowances import Allowances
from axonhub_cli.routing.tokens import Labelled, Tokens

TokensOf = Callable[[str], Sequence[Labelled]]
"""The tokens of a channel, as it is configured now."""


class Supply:
    """Answers what balancing asks of limits (`balance.Sources`)."""

    def __init__(self, allowances: Allowances, tokens: Tokens, tokens_of: TokensOf) -> None:
        self.allowances = allowances
        self.tokens = tokens
        self._tokens_of = tokens_of

    def headroom(self, channel: str, model: str, now: float) -> float | None:
        """Which share of its rate limits is left, 0 to 1; None: nothing speaks against it."""
        known = self.allowances
        if not len(known):
            return None
        usable = self._usable(channel, model, now)
        return _best([known.headroom(channel, token, model, now) for token in usable])

    def quota(self, channel: str, model: str, now: float) -> float | None:
        """Which share of its allowances of hours and days is left, 0 to 1."""
        known = self.allowances
        if not len(known):
            return None
        usable = self._usable(channel, model, now)
        return _best([known.quota(channel, token, now) for token in usable])

    def _usable(self, channel: str, model: str, now: float) -> Sequence[Labelled | None]:
        tokens = self._tokens_of(channel)
        if not tokens:
            return (None,)
        wait = self.tokens.wait
        return [token for token in tokens if not wait(channel, token, model, now)] or tokens


def _best(shares: list[float | None]) -> float | None:
    """A token of which nothing is known speaks for its channel."""
    known = [share for share in shares if share is not None]
    return max(known) if len(known) == len(shares) else None
