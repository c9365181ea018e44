"""Whether an upstream is told who the client is: its account, device, session and agents.

`x-claude-code-*` headers and `metadata.user_id` are between Claude Code and Anthropic. Anthropic
gets them, and what runs on this machine, where nobody else learns of them; others only when the
channel says so (`client_identity`), as for another axonhub, which needs the session.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from axonhub_cli import jsonedit, jsonio
from axonhub_cli.config.schema import Channel
from axonhub_cli.ir.loss import Loss
from axonhub_cli.jsonio import Json
from axonhub_cli.routing.endpoints import is_loopback

HEADERS = ("x-claude-code-",)
"""How the names of headers begin that tell of the client."""
NOT_TOLD = Loss("metadata.user_id", "who the user is, Anthropic alone is told")

_ANTHROPIC = frozenset({"anthropic", "claude-code"})
"""Types that say: this is Anthropic, whatever the way to it."""


def is_told(channel: Channel, base_url: str) -> bool:
    """Does an upstream without a dialect of its own hear who the client is?"""
    if channel.client_identity is not None:
        return channel.client_identity
    return channel.type in _ANTHROPIC or _is_confidant(base_url)


def without_user_id(body: bytes) -> bytes:
    """A body whose `metadata.user_id` is taken out, and an empty `metadata` with it."""
    place = jsonedit.find(body, ("metadata",))
    if place is None or jsonedit.find(body, ("metadata", "user_id")) is None:
        return body
    metadata: Json = jsonio.decode(body[place.start : place.end])
    steps = ("metadata",) if set(metadata) == {"user_id"} else ("metadata", "user_id")
    return jsonedit.remove(body, steps)


@lru_cache(maxsize=256)
def _is_confidant(base_url: str) -> bool:
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    if base_url.startswith("echo:") or is_loopback(host):
        return True
    return host == "anthropic.com" or host.endswith(".anthropic.com")
