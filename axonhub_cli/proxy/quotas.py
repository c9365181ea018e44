"""Quotas of keys and profiles while requests run: reserve, then settle.

    reserve ──▶ one request more, and what it may need is held back ──▶ let in, or refused
    settle  ──▶ not served: given back at once
                served: counted at once where the answer is small and its price known, else
                when the trace's writer, which reads it, tells the tokens and the cost

All of it happens in the event loop's thread, between awaits: fifty requests at once are counted
one after the other. The history comes from the trace store when a quota is first seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Literal

from axonhub_cli.config.schema import Config, Key, Profile, Quota
from axonhub_cli.errors import AxonHubError, QuotaExceeded
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.reply import HeaderList
from axonhub_cli.proxy.services import UNLIMITED, Reservation
from axonhub_cli.routing.quota import PICO, Amounts, Limit, Meter, Past, window_start
from axonhub_cli.routing.quota_words import in_words, reset_in_words
from axonhub_cli.tracing.recorder import RequestRecord
from axonhub_cli.tracing.spent import Spent, sum_usage, sum_usd

Scope = Literal["key", "profile"]
Load = Callable[[Scope, str, Quota, float], Iterable[Past]]
"""What a key or profile used since a moment (seconds since the epoch). Blocks; may raise."""

_BYTES_A_TOKEN = 4
_ANSWER_TOKENS = 1000
"""What is held back for an answer; `max_tokens` says what it could have, thirty times that."""
_FIRST_PICO_A_TOKEN = 10 * PICO / 1_000_000
"""$10 per million tokens, until a key's own answers say better."""
_LONGEST_WAIT_S = 60
"""Claude Code waits as long as `Retry-After` asks up to a minute, and else gives up at once."""


class QuotaBook:
    """The meters of all keys and profiles with quotas; a `services.Quotas`."""

    def __init__(
        self,
        now: Callable[[], float],
        read_now: Callable[[RequestRecord], list[Spent] | None] = lambda record: None,
    ) -> None:
        """`now`: seconds since the epoch. `read_now`: what a request that has ended used, where
        that can be told at once; None: the trace's writer will."""
        self._now = now
        self.read_now = read_now
        self.call_soon: Callable[[Callable[[], None]], object] = lambda work: work()
        """Runs a piece of work in the event loop's thread, called from any other."""
        self._meters: dict[tuple[Scope, str], list[Meter]] = {}
        self._pico_a_token: dict[str, float] = {}

    def missing(self, config: Config) -> list[tuple[Scope, str, Quota]]:
        """The quotas that are not counted yet."""
        return [
            (scope, name, quota)
            for scope, name, quotas in _scopes(config)
            for quota in quotas
            if all(meter.quota != quota for meter in self._meters.get((scope, name), ()))
        ]

    def read_history(self, wanted: Sequence[tuple[Scope, str, Quota]], load: Load) -> list[Meter]:
        """Meters with what was used before. Blocks; touches nothing that the loop uses."""
        now, made = self._now(), []
        for scope, name, quota in wanted:
            meter = Meter(quota)
            with suppress(AxonHubError):  # a store that cannot be read: counted from now on
                meter.seed(load(scope, name, quota, window_start(quota, now)), now)
            made.append(meter)
        return made

    def use(
        self, config: Config, wanted: Sequence[tuple[Scope, str, Quota]], made: Sequence[Meter]
    ) -> None:
        """Count by these from now on, and no longer what the configuration has no more."""
        fresh = dict(zip(wanted, made, strict=True))
        meters: dict[tuple[Scope, str], list[Meter]] = {}
        for scope, name, quotas in _scopes(config):
            known = {meter.quota: meter for meter in self._meters.get((scope, name), ())}
            meters[scope, name] = [
                known.get(quota) or fresh.get((scope, name, quota)) or Meter(quota)
                for quota in quotas
            ]
        self._meters = meters

    def reserve(self, call: ClientCall, record: RequestRecord) -> Reservation:
        """Raises `QuotaExceeded`."""
        key, profile = call.key, call.profile
        if not key.quotas and (profile is None or not profile.quotas):
            return UNLIMITED
        if call.route.operation != "generate":
            return UNLIMITED
        now = self._now()
        meters = self._meters_of(key, profile)
        for scope, name, meter in meters:
            refused = meter.refusal(now)
            if refused is not None:
                raise _refuse(scope, name, refused, meter, now)
        tokens = len(call.body) // _BYTES_A_TOKEN + _ANSWER_TOKENS
        rate = self._pico_a_token.get(key.name, _FIRST_PICO_A_TOKEN)
        expected = Amounts(tokens=tokens, pico=round(tokens * rate))
        for _, _, meter in meters:
            meter.add(now, Amounts(requests=1))
            meter.held = meter.held.plus(expected)
        return _Reservation(self, key.name, [meter for _, _, meter in meters], now, expected)

    def limits(self, scope: Scope, name: str) -> list[Limit]:
        """How the quotas of a key or profile stand."""
        now = self._now()
        return [one for meter in self._meters.get((scope, name), ()) for one in meter.limits(now)]

    def _meters_of(self, key: Key, profile: Profile | None) -> list[tuple[Scope, str, Meter]]:
        found: list[tuple[Scope, str, Meter]] = []
        scopes: list[tuple[Scope, str, tuple[Quota, ...]]] = [("key", key.name, key.quotas)]
        if profile is not None:
            scopes.append(("profile", profile.name, profile.quotas))
        for scope, name, quotas in scopes:
            if not quotas:
                continue
            # A request with an older configuration is counted by what there is now.
            meters = self._meters.setdefault((scope, name), [Meter(quota) for quota in quotas])
            found += [(scope, name, meter) for meter in meters]
        return found

    def learn(self, key: str, expected: Amounts, usd_pico: int) -> None:
        """What an expected token of this key's requests costs in the end: a running mean."""
        seen = usd_pico / max(1, expected.tokens)
        known = self._pico_a_token.get(key)
        self._pico_a_token[key] = seen if known is None else known + (seen - known) / 8


class _Reservation:
    """One request's place in its meters; settled once."""

    def __init__(
        self, book: QuotaBook, key: str, meters: list[Meter], began_at: float, expected: Amounts
    ) -> None:
        self._book = book
        self._key = key
        self._meters = meters
        self._began_at = began_at
        self._expected = expected

    def settle(self, record: RequestRecord) -> None:
        if not any(a.answer or a.status == "canceled" for a in record.attempts):
            self._close([])
            return
        spent = self._book.read_now(record)
        if spent is not None:
            self._close(spent)
        else:
            record.on_spent.append(self._told)

    def _told(self, spent: list[Spent] | None) -> None:
        """In the writer's thread."""
        # A loop that has ended: so has all counting.
        with suppress(RuntimeError):
            self._book.call_soon(lambda: self._close(spent))

    def _close(self, spent: list[Spent] | None) -> None:
        used = self._used(spent)
        for meter in self._meters:
            meter.held = meter.held.minus(self._expected)
            if used is None:
                meter.add(self._began_at, Amounts(requests=-1))
            else:
                meter.add(self._book._now(), used)
                meter.unpriced += sum(one.usd is None for one in spent or ())

    def _used(self, spent: list[Spent] | None) -> Amounts | None:
        """What is to be counted; None where nothing was used. Tokens that nobody told are those
        that were expected; a cost that nobody knows is none."""
        if spent is not None and not spent:
            return None
        if spent is None:
            return self._expected
        usage, usd = sum_usage(spent), sum_usd(spent)
        told = (usage.input, usage.cache_read, usage.cache_write, usage.output)
        tokens = [count for count in told if count is not None]
        if not tokens:
            return Amounts(tokens=self._expected.tokens)
        pico = 0 if usd is None else round(usd * PICO)
        if usd is not None:
            self._book.learn(self._key, self._expected, pico)
        return Amounts(tokens=sum(tokens), pico=pico)


def retry_headers(error: QuotaExceeded) -> HeaderList:
    """When to come back; clients are told not to wait for longer than a minute."""
    headers = []
    if error.reset_s is not None:
        headers.append((b"retry-after", str(math.ceil(error.reset_s)).encode()))
    if error.reset_s is None or error.reset_s > _LONGEST_WAIT_S:
        headers.append((b"x-should-retry", b"false"))
    return headers


def _scopes(config: Config) -> list[tuple[Scope, str, tuple[Quota, ...]]]:
    keys: list[tuple[Scope, str, tuple[Quota, ...]]] = [
        ("key", key.name, key.quotas) for key in config.keys if key.quotas
    ]
    return keys + [("profile", p.name, p.quotas) for p in config.profiles if p.quotas]


def _refuse(scope: Scope, name: str, limit: Limit, meter: Meter, now: float) -> QuotaExceeded:
    reset = None if limit.resets_at is None else max(0.0, limit.resets_at - now)
    if limit.left:
        # Only what is under way fills it: room may come at any moment.
        reset = min(reset or 1.0, 1.0)
    message = f"the {limit.kind} quota of {scope} {name!r} is used up: {in_words(limit)}"
    if limit.left:
        message += ", and the rest is held back for requests under way"
    message += f"; {reset_in_words(limit.resets_at, now)}"
    return QuotaExceeded(
        message,
        reset_s=reset,
        hint=f"`axonhub {scope} limit {name}` changes it, `axonhub usage` shows what was used",
    )
