"""What of the client's query goes upstream: all of it, byte for byte, but its key for us."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote_plus

from axonhub_cli.proxy.headers import OWN_KEY

_NAMES = frozenset(
    {"key", "apikey", "api-key", "x-api-key", "x-goog-api-key"}
    | {"token", "access-token", "auth-token", "authorization"}
)
_MOST_LAYERS = 3
"""Of percent-encoding: a client's proxy may encode what is encoded already."""


def passed_query(query: str) -> str:
    """`query` without the pairs that hold one of our keys, whatever they are called and however
    they are encoded: a key of ours opens nothing elsewhere, and is none of the vendor's business.

    The others stay as they are written, in their order, because a vendor may sign them.
    """
    return _passed(query) if query else query


@lru_cache(maxsize=64)
def _passed(query: str) -> str:
    pairs = query.split("&")
    kept = [pair for pair in pairs if not _is_ours(pair)]
    return query if len(kept) == len(pairs) else "&".join(kept)


def _is_ours(pair: str) -> bool:
    for _ in range(_MOST_LAYERS):
        if OWN_KEY.search(pair.encode("utf-8", "replace")):
            return True
        name, _, value = pair.partition("=")
        if value.startswith("ah-") and name.lower().replace("_", "-") in _NAMES:
            return True
        decoded = unquote_plus(pair)
        if decoded == pair:
            return False
        pair = decoded
    return False
