"""What a failed attempt says of its channel: nothing, something, or enough to leave it alone.

| failure                                                     | says                              |
|-------------------------------------------------------------|-----------------------------------|
| 401, 402, 403                                               | enough: its credential or balance |
| 429, 503, 529                                               | enough: it has too much to do     |
| no connection; silence for longer than it is given          | enough: each try costs that long  |
| any other 5xx, a broken connection, an answer that is none  | something: it may have been once  |
| any other status                                            | nothing: the request is at fault  |
"""

from __future__ import annotations

from typing import Literal

from axonhub_cli.errors import UpstreamError, UpstreamStatus, UpstreamTimeout, UpstreamUnreachable

Blame = Literal["nothing", "something", "enough"]

_ENOUGH = frozenset({401, 402, 403, 429, 503, 529})


def blame(error: UpstreamError) -> Blame:
    """`something` is counted by the breaker, `enough` opens it at once."""
    if isinstance(error, UpstreamStatus):
        if error.status in _ENOUGH:
            return "enough"
        return "something" if error.status >= 500 else "nothing"
    if isinstance(error, UpstreamTimeout):
        return "enough"
    if isinstance(error, UpstreamUnreachable) and not error.dropped:
        return "enough"
    return "something"


def cause(error: UpstreamError) -> str:
    """In a few words, for people: `529`, `no event came within 180 s`."""
    return str(error.status) if isinstance(error, UpstreamStatus) else error.message[:80]
