"""Claude Code's identity line, which the API asks for beside a subscription token.

A request made with a token of `claude setup-token` is refused unless its first system block is
this sentence. The line is inserted as a block of its own; every other byte of the body stays.
"""

from __future__ import annotations

from axonhub_cli import jsonio

LINE = "You are Claude Code, Anthropic's official CLI for Claude."
_BLOCK = jsonio.encode({"type": "text", "text": LINE})

Edit = tuple[int, int, bytes]


def identity_edit(body: bytes, members: list[jsonio.Span]) -> Edit | None:
    """The splice that puts the line first, or None where it stands there already.

    `members` are the body's spans; of a `system` given twice the last one counts, as it does
    for JSON parsers.
    """
    system = next((span for span in reversed(members) if span.key == "system"), None)
    if system is None:
        brace = body.index(b"{") + 1
        comma = b"," if members else b""
        return brace, brace, b'"system":[' + _BLOCK + b"]" + comma
    value = body[system.start : system.end]
    if value[:1] == b'"':
        return None if _read(value) == LINE else _from_string(system, value)
    if value[:1] == b"[":
        return _into_array(body, system)
    # null means no system prompt; any other value is the API's to refuse.
    return (system.start, system.end, b"[" + _BLOCK + b"]") if value == b"null" else None


def _from_string(system: jsonio.Span, value: bytes) -> Edit:
    # The API refuses empty text blocks, so an empty prompt makes none.
    rest = b"" if value == b'""' else b',{"type":"text","text":' + value + b"}"
    return system.start, system.end, b"[" + _BLOCK + rest + b"]"


def _into_array(body: bytes, system: jsonio.Span) -> Edit | None:
    blocks = jsonio.array_spans(body, system.start, system.end)
    if blocks:
        first = _read(body[slice(*blocks[0])])
        if isinstance(first, dict) and first.get("text") == LINE:
            return None
    at = system.start + 1
    return at, at, _BLOCK + (b"," if blocks else b"")


def _read(value: bytes) -> jsonio.Json:
    """None for what cannot be read: the API refuses it, with or without the line."""
    try:
        return jsonio.decode(value)
    except jsonio.InvalidJson:
        return None
