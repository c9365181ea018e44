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
from axonhub_cli.jsonedit import Edit, Place
from axonhub_cli.jsonio import Span
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


def user_id_edits(body: bytes, members: list[Span]) -> list[Edit]:
    """The splices that take `metadata.user_id` out of a body, and with it a `metadata` that holds
    nothing else. `members` are the body's."""
    edits: list[Edit] = []
    gone = [False] * len(members)
    for at, member in enumerate(members):
        if member.key != "metadata" or body[member.start : member.start + 1] != b"{":
            continue
        inner = jsonio.object_spans(body, member.start, member.end)
        named = [each.key == "user_id" for each in inner]
        if named and all(named):
            gone[at] = True
        else:
            place = Place(member.start, member.end)
            edits += jsonedit.removal(body, place, inner, named)
    return edits + jsonedit.removal(body, jsonedit.whole(body), members, gone)


@lru_cache(maxsize=256)
def _is_confidant(base_url: str) -> bool:
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    if base_url.startswith("echo:") or is_loopback(host):
        return True
    return host == "anthropic.com" or host.endswith(".anthropic.com")
