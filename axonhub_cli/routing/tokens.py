"""Which of a channel's tokens a session uses, and which of them are put aside for a while.

A session always has the same token (rendezvous hashing by its id), for prompt caches belong to a
token. One that an upstream refuses is put aside:

| kind of failure   | for                             | for which models |
|-------------------|---------------------------------|------------------|
| 401               | 10 min, doubled up to 6 h       | all              |
| 402, balance text | 1 h                             | all              |
| 403               | 10 min, doubled up to 6 h       | the one asked    |
| 429               | as asked, at most 6 h           | the one asked    |
| 429 without that  | 30 s, doubled up to 15 min      | the one asked    |
| allowance used up | until its reset, at most 6 h    | all              |

It comes back when that time is over, when it answers (a test or a last resort tries it), when its
value is another one, or when a person says so (`channel token NAME --enable LABEL`). Being put
aside never refuses a request: where all tokens are, the one nearest its return is used.

Rate limits and permissions are a model's (docs.claude.com, "Rate limits", 2025-11; platform.openai
.com, "Rate limits", 2025-11), balances and keys an account's. Times are epoch seconds, given by the
caller.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Struct

from axonhub_cli.routing.lots import Lots

_MOST_ENTRIES = 1000
_LONGEST_S = 6 * 3600.0
EVERY_MODEL = ""


class Labelled(Protocol):
    """A token as its choice sees it."""

    @property
    def label(self) -> str:
        """Unique in its channel."""

    @property
    def mark(self) -> str:
        """Another one when the value is another; tells nothing of it."""


T = TypeVar("T", bound=Labelled)


class _Rule(Struct, frozen=True):
    reason: str
    first: float
    """Seconds the first time, doubled with each further one in a row."""
    longest: float
    every_model: bool = False


RULES: dict[str, _Rule] = {
    "401": _Rule("refused (401)", 600.0, _LONGEST_S, every_model=True),
    "402": _Rule("its balance is used up", 3600.0, 3600.0, every_model=True),
    "403": _Rule("not allowed (403)", 600.0, _LONGEST_S),
    "429": _Rule("rate limit (429)", 30.0, 900.0),
    "429_retry_after": _Rule("rate limit (429)", 30.0, _LONGEST_S),
}
"""By the kind of failure, as `policy` tells them apart."""


class Aside(Struct):
    """A token that is put aside, or was until a while ago."""

    mark: str
    reason: str
    until: float
    span: float
    times: int = 1
    """In a row."""


class Tokens:
    """The tokens that are put aside, of all channels; bounded."""

    def __init__(self) -> None:
        self._aside: dict[tuple[str, str, str], Aside] = {}
        self.revision = 0
        """Grows with every change worth saving."""

    def __len__(self) -> int:
        return len(self._aside)

    def choose(
        self,
        channel: str,
        tokens: Sequence[T],
        session: str,
        model: str,
        now: float,
        tried: Collection[str] = (),
    ) -> T | None:
        """The token for a request; None where the channel has none. `tried`: labels of those that
        failed in this request already, which are taken last."""
        if len(tokens) < 2:
            return tokens[0] if tokens else None
        lots = Lots(session)
        return min(
            tokens,
            key=lambda token: (
                token.label in tried,
                self.wait(channel, token, model, now),
                -lots.draw(token.label.encode()),
            ),
        )

    def wait(self, channel: str, token: Labelled, model: str, now: float) -> float:
        """Seconds until a token is back for a model; 0 when it is not aside."""
        if not self._aside:
            return 0.0
        return max(
            self._wait(self._aside.get((channel, token.label, name)), token.mark, now)
            for name in (EVERY_MODEL, model)
        )

    def _wait(self, aside: Aside | None, mark: str, now: float) -> float:
        if aside is None or aside.mark != mark:
            return 0.0
        if aside.until - now > aside.span:
            aside.until = now + aside.span  # the clock was set back
        return max(aside.until - now, 0.0)

    def failed(
        self,
        channel: str,
        token: Labelled,
        model: str,
        kind: str,
        now: float,
        asked: float | None = None,
    ) -> None:
        """A request with it failed. `kind` as in `policy`; `asked`: the seconds of a Retry-After.

        What is no fault of a token changes nothing. A shorter time never replaces a longer one."""
        rule = RULES.get(kind)
        if rule is None:
            return
        key = (channel, token.label, EVERY_MODEL if rule.every_model else model)
        before = self._aside.get(key)
        if before is not None and before.mark != token.mark:
            before = None
        aside = _again(before, rule, token.mark, now, asked if kind.startswith("429") else None)
        if aside is not before:
            self._put(key, aside, now)

    def exhausted(self, channel: str, token: Labelled, now: float, until: float) -> None:
        """Its account has nothing left until then, as an answer told."""
        span = min(max(until - now, 0.0), _LONGEST_S)
        aside = Aside(token.mark, "its allowance is used up", now + span, span)
        self._put((channel, token.label, EVERY_MODEL), aside, now)

    def answered(self, channel: str, token: Labelled, model: str) -> None:
        """A request with it was answered: nothing speaks against it any more."""
        if not self._aside:
            return
        for name in (EVERY_MODEL, model):
            if self._aside.pop((channel, token.label, name), None) is not None:
                self.revision += 1

    def enable(self, channel: str, label: str | None = None) -> int:
        """Take one token of a channel back, or all; how many entries were dropped."""
        dropped = [
            key for key in self._aside if key[0] == channel and (label is None or key[1] == label)
        ]
        for key in dropped:
            del self._aside[key]
        self.revision += bool(dropped)
        return len(dropped)

    def aside(self, channel: str, now: float) -> Iterator[tuple[str, str, str, float]]:
        """Who of a channel is aside: label, model (empty: all), reason, and until when."""
        for (name, label, model), aside in self._aside.items():
            if name == channel and aside.until > now:
                yield label, model, aside.reason, aside.until

    def dump(self) -> list[dict[str, Any]]:
        """Who is aside, as JSON."""
        return [
            {
                "channel": channel,
                "label": label,
                "model": model or None,
                "mark": aside.mark,
                "reason": aside.reason,
                "until": round(aside.until, 1),
                "span": round(aside.span, 1),
                "times": aside.times,
            }
            for (channel, label, model), aside in self._aside.items()
        ]

    def restore(self, saved: Any, now: float) -> None:
        """Take over what `dump` gave; what cannot be read of it is passed over. None is kept aside
        for longer than it was when it was saved, whatever the clock has done since."""
        for item in saved if isinstance(saved, list) else []:
            try:
                entry = msgspec.convert(item, _Saved)
            except msgspec.ValidationError:
                continue
            if len(self._aside) < _MOST_ENTRIES:
                span = min(max(entry.span, 0.0), _LONGEST_S)
                until = min(entry.until, now + span)
                aside = Aside(entry.mark, entry.reason, until, span, max(entry.times, 1))
                self._aside[entry.channel, entry.label, entry.model or EVERY_MODEL] = aside

    def _put(self, key: tuple[str, str, str], aside: Aside, now: float) -> None:
        if key not in self._aside and len(self._aside) >= _MOST_ENTRIES:
            self._make_room(now)
        self._aside[key] = aside
        self.revision += 1

    def _make_room(self, now: float) -> None:
        kept = {key: aside for key, aside in self._aside.items() if aside.until > now}
        if len(kept) >= _MOST_ENTRIES:
            del kept[next(iter(kept))]
        self._aside = kept


class _Saved(Struct, frozen=True):
    """An entry of the state file."""

    channel: str
    label: str
    mark: str
    reason: str
    until: float
    span: float
    times: int = 1
    model: str | None = None


def _again(before: Aside | None, rule: _Rule, mark: str, now: float, asked: float | None) -> Aside:
    """How long it is aside now. Failures of the same while count once: they began together."""
    if asked is not None and math.isnan(asked):
        asked = None
    during = before is not None and now < before.until
    times = 1 if before is None else before.times + (not during)
    if asked is not None:
        span = min(max(asked, 0.0), rule.longest)
    elif before is not None and during:
        return before
    else:
        span = min(rule.first * 2.0 ** min(times - 1, 32), rule.longest)
    if before is not None and now + span <= before.until:
        return before
    return Aside(mark, rule.reason, now + span, span, times)
