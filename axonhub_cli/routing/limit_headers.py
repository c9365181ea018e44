"""What the headers of an ordinary answer say of the limits of the token it was asked with.

| headers                                                          | said by                  |
|------------------------------------------------------------------|--------------------------|
| `anthropic-ratelimit-unified-{5h,7d,…}-{utilization,reset,status}`, | Anthropic, to          |
| `-{status,reset,representative-claim,overage-status,fallback}`   | subscriptions [1]        |
| `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}` | Anthropic, to API keys |
| `-{limit,remaining,reset}` (RFC 3339)                            | [2]                      |
| `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` (`6m0s`) | OpenAI [3], Groq, …      |
| `x-ratelimit-{limit,remaining}-{req,tokens}-minute`              | Mistral [4]              |
| `x-ratelimit-{limit,remaining,reset}-requests-day` and the like  | Cerebras [5]             |
| `x-ratelimit-{limit,remaining,reset}` (epoch milliseconds)       | OpenRouter, on a 429 [6] |
| `x-codex-{primary,secondary}-{used-percent,window-minutes,`      | Codex [7]                |
| `reset-after-seconds,reset-at}`                                  |                          |

[1] Answers of 2026-07 as their readers show them (`utilization` is a share, `reset` epoch seconds);
`allowed`, `allowed_warning` and `rejected` are its words. [2] docs.claude.com/en/api/rate-limits,
"Response headers". [3] platform.openai.com/docs/guides/rate-limits, "Rate limits in headers".
[4] mistralai/client-ts issue 169, 2026-02. [5] inference-docs.cerebras.ai, "Rate limits".
[6] Answers of 2026 in Gitlawb/openclaude issue 936. [7] openai/codex, `parse_rate_limit_snapshot`,
2026; which of its windows is primary changes, so its length names it.

A rate is refilled all the time, and its reset is when it will be full; an allowance comes back all
at once. Pure functions; `now` is epoch seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

Headers = Iterable[tuple[bytes, bytes]]
Kind = Literal["rate", "allowance"]
Status = Literal["allowed", "warning", "refused"]


class Window(Struct, frozen=True, omit_defaults=True):
    """One limit, as an answer told it."""

    name: str
    """`5h`, `7d`, `requests`, `input tokens`, `requests/day`."""
    kind: Kind = "rate"
    used: float | None = None
    """Which share of it: 0 to 1, more when overdrawn."""
    limit: float | None = None
    remaining: float | None = None
    resets_at: float | None = None
    """Epoch seconds."""
    scoped: bool = False
    """Of some models only, and it is not said of which."""
    status: Status | None = None
    """Where the vendor says it in a word."""
    binding: bool = False
    """The one that will be reached first, as the vendor says."""


class Told(Struct, frozen=True, omit_defaults=True):
    """What one answer told."""

    windows: tuple[Window, ...]
    status: Status | None = None
    """Of the account as a whole, where the vendor says it in a word."""
    resets_at: float | None = None
    """When that ends, if it is `refused`."""
    overage: bool | None = None
    """May it be used beyond its allowance, for money?"""
    fallback: str | None = None
    """A slower way that is still open, as the vendor calls it."""


class _Field(Struct, frozen=True):
    """One header's meaning: an attribute of a window, or of the account (window is empty)."""

    family: Literal["unified", "anthropic", "openai", "codex"]
    window: str
    attribute: str


# What most headers fail by, at a tenth of the cost of a look at the whole name.
_FIRST = frozenset({b"a", b"A", b"x", b"X", b"r", b"R"})
_PREFIXES = (b"anthropic-ratelimit-", b"x-ratelimit", b"ratelimitbysize-", b"x-codex-")

_UNIFIED = re.compile(r"(?:(.+)-)?(status|reset|utilization|representative-claim|fallback)")
_BUCKET = re.compile(r"(requests|tokens|input-tokens|output-tokens)-(limit|remaining|reset)")
_OPENAI = re.compile(
    r"(limit|remaining|reset)(?:-(requests|tokens|req|input-tokens|output-tokens))?"
    r"(?:-(minute|hour|day|month|1m|1h|1d))?"
)
_CODEX = re.compile(
    r"(?:(primary|secondary)-(used-percent|window-minutes|reset-after-seconds|reset-at)"
    r"|(credits)-(has-credits|unlimited))"
)
_SPANS = {"minute": 60, "1m": 60, "hour": 3600, "1h": 3600, "day": 86400, "1d": 86400}
_SPANS["month"] = 30 * 86400
_PERIODS = {"1m": "minute", "1h": "hour", "1d": "day"}
_STATUSES: dict[str, Status] = {
    "allowed": "allowed",
    "allowed_warning": "warning",
    "rejected": "refused",
    "throttled": "refused",
}
_CLAIMS = {"five_hour": "5h", "seven_day": "7d"}
# A share that is larger can only be a percentage; overdrawn ones are a little over 1.
_LARGEST_SHARE = 2.0
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|s|m|h|d)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
_EPOCH_FROM = 1e9
_EPOCH_MS_FROM = 1e11

_Said = dict[str, str]


def read_limits(headers: Headers, now: float) -> Told | None:
    """What these say; None where they say nothing of limits. One look at each header's name."""
    found: dict[tuple[str, str], _Said] | None = None
    for name, value in headers:
        if name[:1] not in _FIRST:
            continue
        field = _field_of(name)
        if field is not None:
            if found is None:
                found = {}
            group = found.setdefault((field.family, field.window), {})
            group[field.attribute] = value.decode("latin-1").strip()
    return None if found is None else _told(found, now)


@lru_cache(maxsize=1024)
def _field_of(name: bytes) -> _Field | None:
    """What a header of this name tells; upstreams send the same few names again and again."""
    lowered = name.lower()
    if not lowered.startswith(_PREFIXES):
        return None
    text = lowered.decode("latin-1")
    for prefix, read in _READERS.items():
        if text.startswith(prefix):
            return read(text.removeprefix(prefix))
    return None


def _unified(rest: str) -> _Field | None:
    found = _UNIFIED.fullmatch(rest)
    return None if found is None else _Field("unified", found[1] or "", found[2])


def _bucket(rest: str) -> _Field | None:
    found = _BUCKET.fullmatch(rest)
    return None if found is None else _Field("anthropic", found[1].replace("-", " "), found[2])


def _openai(rest: str) -> _Field | None:
    found = _OPENAI.fullmatch(rest)
    if found is None:
        return None
    what = (found[2] or "requests").replace("-", " ")
    what = "requests" if what == "req" else what
    period = f"/{_PERIODS.get(found[3], found[3])}" if found[3] else ""
    return _Field("openai", what + period, found[1])


def _by_size(rest: str) -> _Field | None:
    """Mistral's older names: tokens, of a minute unless they say otherwise."""
    found = _OPENAI.fullmatch(rest)
    if found is None or found[2] is not None:
        return None
    period = f"/{found[3]}" if found[3] and found[3] != "minute" else "/minute"
    return _Field("openai", f"tokens{period}", found[1])


def _codex(rest: str) -> _Field | None:
    found = _CODEX.fullmatch(rest)
    if found is None:
        return None
    return _Field("codex", found[1] or "", found[2] or found[4])


_READERS = {
    "anthropic-ratelimit-unified-": _unified,
    "anthropic-ratelimit-": _bucket,
    "x-ratelimitbysize-": _by_size,
    "ratelimitbysize-": _by_size,
    "x-ratelimit-": _openai,
    "x-codex-": _codex,
}


def _told(found: dict[tuple[str, str], _Said], now: float) -> Told | None:
    unified = found.get(("unified", ""), {})
    overage = found.get(("unified", "overage"), {})
    credits = found.get(("codex", ""), {})
    claim = unified.get("representative-claim", "")
    windows = []
    for (family, name), said in found.items():
        if not name:
            continue
        window = _MAKERS[family](name, said, now)
        if window is not None:
            binding = family == "unified" and name == _CLAIMS.get(claim)
            windows.append(replace(window, binding=True) if binding else window)
    status = _STATUSES.get(unified.get("status", ""))
    if not windows and status is None:
        return None
    return Told(
        tuple(windows),
        # A refusal for some models only is no word on the account.
        None if status == "refused" and claim and claim not in _CLAIMS else status,
        _moment(unified.get("reset"), now),
        _may_exceed(overage, credits),
        unified.get("fallback") or None,
    )


def _may_exceed(overage: _Said, credits: _Said) -> bool | None:
    if "status" in overage:
        return overage["status"].startswith("allowed")
    if credits:
        return "true" in {value.lower() for value in credits.values()}
    return None


def _unified_window(name: str, said: _Said, now: float) -> Window | None:
    used = _number(said.get("utilization"))
    status = _STATUSES.get(said.get("status", ""))
    if used is None and (status is None or name == "overage"):
        return None
    if used is not None and used > _LARGEST_SHARE:
        used /= 100
    if status == "refused":
        used = max(used or 0.0, 1.0)
    scoped = name not in _CLAIMS.values()
    resets_at = _moment(said.get("reset"), now)
    return Window(name, "allowance", used, None, None, resets_at, scoped, status)


def _bucket_window(name: str, said: _Said, now: float) -> Window | None:
    limit, remaining = _number(said.get("limit")), _number(said.get("remaining"))
    # Azure says -1 where it does not know.
    if limit is None or remaining is None or limit <= 0 or remaining < 0:
        return None
    used = min(max(1 - remaining / limit, 0.0), 1.0)
    span = _SPANS.get(name.partition("/")[2], 60)
    resets_at = _moment(said.get("reset"), now)
    kind: Kind = "allowance" if span > 60 else "rate"
    if resets_at is None and kind == "rate":
        resets_at = now + span
    return Window(name, kind, used, limit, remaining, resets_at)


def _codex_window(name: str, said: _Said, now: float) -> Window | None:
    used = _number(said.get("used-percent"))
    minutes = _number(said.get("window-minutes"))
    if used is None or (not used and not minutes):
        return None
    resets_at = _moment(said.get("reset-at"), now)
    after = _number(said.get("reset-after-seconds"))
    if resets_at is None and after is not None:
        resets_at = now + after
    return Window(_span_name(minutes) or name, "allowance", used / 100, resets_at=resets_at)


_MAKERS = {
    "unified": _unified_window,
    "anthropic": _bucket_window,
    "openai": _bucket_window,
    "codex": _codex_window,
}


def _span_name(minutes: float | None) -> str | None:
    if not minutes:
        return None
    for size, unit in ((1440, "d"), (60, "h")):
        if minutes % size == 0:
            return f"{minutes / size:.0f}{unit}"
    return f"{minutes:.0f}m"


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if abs(number) < 1e15 else None  # NaN too


def _moment(text: str | None, now: float) -> float | None:
    """When: a date, a duration, or a number (seconds from now, epoch seconds or milliseconds)."""
    if not text:
        return None
    number = _number(text)
    if number is not None:
        if number >= _EPOCH_MS_FROM:
            return number / 1000
        return number if number >= _EPOCH_FROM else now + max(number, 0.0)
    if _DURATION.sub("", text) == "":
        span = sum(float(n) * _UNITS[unit] for n, unit in _DURATION.findall(text))
        return now + span if span < _EPOCH_FROM else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo is not None else None
