"""How long an upstream asks to be left alone: seconds, milliseconds or a date."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from axonhub_cli.proxy.reply import HeaderList

# The last one says whether to ask again at all, which the upstream said of itself alone.
_SAYING_WHEN = (b"retry-after", b"retry-after-ms", b"x-should-retry")


def read_retry_after(headers: HeaderList, now: float) -> float | None:
    """Seconds from `now` (epoch seconds), which may be negative; None where nothing legible is
    said. `retry-after-ms` is what Anthropic's and OpenAI's SDKs read first."""
    said = {name.lower(): value.decode("latin-1").strip() for name, value in reversed(headers)}
    milliseconds = _number(said.get(b"retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    text = said.get(b"retry-after", "")
    seconds = _number(text)
    if seconds is not None:
        return seconds
    until = _date(text)
    return None if until is None else until - now


def replace_retry_after(headers: HeaderList, seconds: float) -> HeaderList:
    """The same headers with another time to ask again; the upstream's own stays to be seen."""
    told = [(n, v) for n, v in headers if n.lower() == b"retry-after"]
    kept = [(n, v) for n, v in headers if n.lower() not in _SAYING_WHEN]
    own = [(b"ah-upstream-retry-after", value) for _, value in told[:1]]
    return [*kept, (b"retry-after", b"%d" % seconds), *own]


def forbids_retry(headers: HeaderList) -> bool:
    """Does the upstream say that asking again is of no use? Anthropic's and OpenAI's SDKs obey."""
    return any(n.lower() == b"x-should-retry" and v == b"false" for n, v in headers)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
