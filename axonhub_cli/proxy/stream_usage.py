"""The tokens of a relayed Chat stream: asked for where the client did not, and kept from it.

A Chat stream tells its tokens only when `stream_options.include_usage` asks for them: in one more
chunk with no choices before `[DONE]`, and as `"usage": null` in the others
(platform.openai.com/docs/api-reference/chat/create, read 2026-11). Without them nobody knows what
an answer cost. What the client did not ask for, it does not get: that one chunk is held back. Some
tell them with the last piece of the answer, unasked: then there is nothing to hold back.
"""

from __future__ import annotations

import re

from axonhub_cli import jsonio
from axonhub_cli.errors import UpstreamError, UpstreamStatus
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.anthropic.identity import Edit
from axonhub_cli.protocols.openai_chat.names import NAME
from axonhub_cli.proxy.reply import HeaderList, Outlet
from axonhub_cli.proxy.target import Target

_OPTIONS = "stream_options"
_ASKED = b'"stream_options":{"include_usage":true}'
_NO_CHOICES = re.compile(rb'"choices"[ \t]*:[ \t]*\[[ \t]*\]')
_EVENT_ENDS = re.compile(rb"(\r\n\r\n|\n\n|\r\r)")
_LARGEST_REFUSAL = 64 * 1024


def usage_edits(target: Target) -> list[Edit]:
    """What makes the provider tell the stream's tokens; empty where it does so anyway, where the
    client asks itself, and where the provider takes no such question."""
    call = target.call
    if not (call.streams and target.asks_usage and target.candidate.protocol == NAME):
        return []
    # A text that holds these letters has its quotes escaped; another object's key may be them.
    options = (
        [span for span in call.members if span.key == _OPTIONS]
        if b'"stream_options"' in call.body
        else []
    )
    if not options:
        place = _beside_model(target) or call.body.rindex(b"}")
        return [(place, place, b"," + _ASKED)]
    if len(options) > 1:
        return []
    start, end = options[0].start, options[0].end
    given: Json = jsonio.decode(call.body[start:end])
    if given is not None and not isinstance(given, dict):
        return []  # the API's to refuse
    if given and given.get("include_usage") not in (None, False):
        return []
    return [(start, end, jsonio.encode((given or {}) | {"include_usage": True}))]


def _beside_model(target: Target) -> int | None:
    """Where the model's name ends, if it is edited too: two edits side by side are one to whoever
    stores what differs."""
    if target.candidate.upstream_model == target.call.model:
        return None
    return next((s.end for s in reversed(target.call.members) if s.key == "model"), None)


def refuses_usage(error: UpstreamError) -> bool:
    """Is this a server that does not know the question?"""
    if not isinstance(error, UpstreamStatus) or error.status not in (400, 422, 500):
        return False
    words = error.body[:_LARGEST_REFUSAL]
    return b"stream_options" in words or b"include_usage" in words


class UsageHider:
    """An `Outlet` for whole events: passes all of them on but chunks that hold a usage alone."""

    def __init__(self, reply: Outlet) -> None:
        self._reply = reply

    @property
    def opened(self) -> bool:
        return self._reply.opened

    @property
    def ended(self) -> bool:
        return self._reply.ended

    async def open(self, status: int, headers: HeaderList) -> None:
        await self._reply.open(status, headers)

    async def write(self, data: bytes) -> None:
        if _NO_CHOICES.search(data) is None:
            await self._reply.write(data)
        elif shown := without_usage(data):
            await self._reply.write(shown)

    async def end(self, data: bytes = b"") -> None:
        await self._reply.end(without_usage(data) if data else data)

    async def send_whole(self, status: int, headers: HeaderList, body: bytes) -> None:
        await self._reply.send_whole(status, headers, body)


def without_usage(data: bytes) -> bytes:
    """The events that are more than a usage, byte for byte."""
    pieces = _EVENT_ENDS.split(data)
    kept: list[bytes] = []
    for event, end in zip(pieces[::2], [*pieces[1::2], b""], strict=True):
        if not _is_usage_alone(event):
            kept += (event, end)
    return b"".join(kept)


def _is_usage_alone(event: bytes) -> bool:
    """Has it tokens, and no choice? Azure's first chunk has neither."""
    if _NO_CHOICES.search(event) is None:
        return False
    lines = [line[5:] for line in event.splitlines() if line.startswith(b"data:")]
    try:
        value: Json = jsonio.decode(b"\n".join(lines))
    except jsonio.InvalidJson:
        return False
    return isinstance(value, dict) and value.get("choices") == [] and bool(value.get("usage"))
