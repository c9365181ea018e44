"""Where on the wire a turn of the hub stands.

What opens the conversation is no turn of the hub's, and tool messages that follow each other are
one: its numbers are not those that a client knows.
"""

from __future__ import annotations

from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.read import as_dict, as_list

_OPENING = ("system", "developer")
_RESULTS = ("tool", "function")


def place(body: Json, places: tuple[int, ...]) -> str:
    """The path of a block: `messages.3.content.1`. `places` are its turn, its place in that, and
    of a tool's result the part."""
    turn, block, *part = places
    found, run, after_result = -1, 0, False
    for at, message in enumerate(as_list(as_dict(body).get("messages"))):
        role = as_dict(message).get("role")
        if role in _OPENING and found < 0:
            continue
        is_result = role in _RESULTS
        if is_result and after_result:
            run += 1
        else:
            found, run = found + 1, 0
        after_result = is_result
        if found == turn and (run == block or not is_result):
            inside = part if is_result else [block]
            return ".content.".join([f"messages.{at}", *map(str, inside)])
    return "messages"
