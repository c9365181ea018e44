"""Signed reasoning in bytes: found in answers, taken out of requests, refusals of it recognised.

A signature is valid only for who issued it, and a provider refuses the whole request for a foreign
one. Reasoning is taken out by splices; every other byte of the body stays, because a body written
anew can invalidate the signatures that remain.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Span
from axonhub_cli.protocols.anthropic.identity import Edit
from axonhub_cli.protocols.codec import UNSIGNED
from axonhub_cli.protocols.sse import parse_events

_Item = tuple[int, int]

NO_CONTENT = b'{"type":"text","text":"(no content)"}'
"""Instead of a message's content that was reasoning only: the API refuses a message without any,
and empty text (Claude Code writes the same words there)."""

_KEY = b'"signature"'
_VALUE = re.compile(rb'\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*")', re.DOTALL)
_REASONING = ("thinking", "redacted_thinking")
_OFF = b'{"type":"disabled"}'


class _Block(Struct, frozen=True):
    """What tells a block of reasoning; its text is passed over."""

    type: str | None = None
    signature: str | None = None
    data: str | None = None


class _Event(Struct, frozen=True):
    """What tells a signature in an answer's event; or the answer itself, when not streamed."""

    type: str | None = None
    index: int = 0
    content_block: _Block | None = None
    delta: _Block | None = None
    content: list[_Block] | None = None


class _Typed(Struct, frozen=True):
    type: str | None = None


class _Message(Struct, frozen=True):
    role: str | None = None


_decode_block = msgspec.json.Decoder(_Block).decode
_decode_event = msgspec.json.Decoder(_Event).decode
_decode_message = msgspec.json.Decoder(_Message).decode
_decode_typed = msgspec.json.Decoder(_Typed).decode


def find_signatures(answer: bytes) -> list[str]:
    """The signatures and encrypted reasoning in an answer, SSE or JSON, whole or cut off.

    Nothing raises; what cannot be read has none.
    """
    if b"signature" not in answer and b"redacted_thinking" not in answer:
        return []
    streamed = answer.lstrip()[:1] != b"{"
    found = map(_opaque, _streamed_blocks(answer) if streamed else _whole_blocks(answer))
    return [value for value in found if value and value != UNSIGNED]


def foreign_edits(
    body: bytes, members: list[Span], is_foreign: Callable[[str], bool]
) -> list[Edit]:
    """The splices that take foreign reasoning out of a request's messages.

    `is_foreign` is asked about each signature and each piece of encrypted reasoning; reasoning that
    carries our placeholder is foreign to everyone. Where the reasoning of a running tool loop goes
    and the request demands that it stands there, thinking is turned off for this request.
    Raises `jsonio.InvalidJson` as `jsonio.object_spans` does.
    """

    def goes(block: _Block) -> bool:
        value = _opaque(block)
        return value is not None and (value == UNSIGNED or is_foreign(value))

    if b'"redacted_thinking"' not in body and not any(
        value == UNSIGNED or is_foreign(value) for value in _signatures_in(body)
    ):
        return []
    return _edits(body, members, goes)


def drop_all_reasoning(body: bytes, members: list[Span]) -> list[Edit]:
    """The splices that take out all reasoning, signed or not, after a refusal of a signature."""
    return _edits(body, members, lambda block: True) if b'thinking"' in body else []


def is_signature_refusal(status: int, body: bytes) -> bool:
    """Does this answer refuse the request for the reasoning in it? By the vendors' wording.

    Wordings: Anthropic's API and Vertex (lbjlaq/Antigravity-Manager #498), relays without the
    backticks (kaitranntt/ccs #415), Bedrock (can1357/oh-my-pi #10486), blocks bound to another
    conversation (anomalyco/opencode #48637), blocks changed by a client (bastani-inc/atomic #1318),
    OpenAI's encrypted content and its relays (openai/codex #8119, kaitranntt/ccs #1402).
    """
    if status < 400 or status in _OTHER_REFUSALS:
        return False
    return _REFUSAL.search(body[:_LONGEST_REFUSAL].lower()) is not None


# Of the token, the model's name, the size or the pace: never of the content.
_OTHER_REFUSALS = frozenset({401, 402, 403, 404, 408, 413, 429})
_LONGEST_REFUSAL = 64 * 1024
_REFUSAL = re.compile(
    rb"invalid\W+signature\W+in\W+(?:redacted_)?thinking\W+block"
    rb"|invalid\W+data\W+in\W+redacted_thinking\W+block"
    rb"|thinking\.(?:signature|data)\W+field required"
    rb"|thinking\W+blocks\b.{0,80}\bcannot be modified"
    rb"|thinking_signature_invalid|invalid_encrypted_content"
    rb"|encrypted content\b.{0,400}\b(?:could not be|cannot be|did not match)"
    rb"|corrupted thought signature|thought signature is not valid",
    re.DOTALL,
)


def _opaque(block: _Block) -> str | None:
    """What only its issuer can read of a block of reasoning."""
    if block.type == "thinking":
        return block.signature
    return block.data if block.type == "redacted_thinking" else None


def _whole_blocks(answer: bytes) -> list[_Block]:
    message = _read_event(answer)
    return [] if message is None else message.content or []


def _streamed_blocks(answer: bytes) -> Iterator[_Block]:
    """Blocks of reasoning as a stream told them; a signature may come in several deltas."""
    signatures: dict[int, str] = {}
    for sse in parse_events(answer if b"\r" in answer else _telling_events(answer)):
        event = _read_event(sse.data)
        if event is None:
            continue
        if (block := event.content_block) is not None:
            if block.type == "thinking":
                signatures[event.index] = block.signature or ""
            else:
                yield block
        elif event.delta is not None and event.delta.signature is not None:
            known = signatures.get(event.index, "")
            signatures[event.index] = known + event.delta.signature
    yield from (_Block("thinking", signature) for signature in signatures.values())


def _telling_events(answer: bytes) -> bytes:
    """The few events of a stream that are not deltas of text, at the speed of a split."""
    events = answer.split(b"\n\n")
    telling = [e for e in events if b"signature" in e or b"redacted_thinking" in e]
    return b"\n\n".join([*telling, b""])


def _signatures_in(body: bytes) -> Iterator[str]:
    at = body.find(_KEY)
    while at >= 0:
        value = _VALUE.match(body, at + len(_KEY))
        at = body.find(_KEY, at + len(_KEY))
        if value is None:
            continue
        written = value[1]
        if b"\\" in written:
            with contextlib.suppress(jsonio.InvalidJson):
                yield jsonio.decode(written)
        else:
            yield written[1:-1].decode("utf-8", "replace")


def _edits(body: bytes, members: list[Span], goes: Callable[[_Block], bool]) -> list[Edit]:
    messages = _last(members, "messages")
    if messages is None or body[messages.start : messages.start + 1] != b"[":
        return []
    edits: list[Edit] = []
    loop_is_bare = False
    for start, end in jsonio.array_spans(body, messages.start, messages.end):
        found, is_bare = _message_edits(body, start, end, goes)
        edits += found
        if is_bare:
            loop_is_bare = True
        elif loop_is_bare and _begins_turn(body, start, end):
            loop_is_bare = False
    if loop_is_bare:
        edits += _thinking_off(body, members)
    return edits


def _begins_turn(body: bytes, start: int, end: int) -> bool:
    """Is this a person's message, and not the results of the tools that were called?"""
    if body.find(b'"tool_result"', start, end) >= 0:
        return False
    try:
        return _decode_message(body[start:end]).role == "user"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _message_edits(
    body: bytes, start: int, end: int, goes: Callable[[_Block], bool]
) -> tuple[list[Edit], bool]:
    """A message's splices, and whether its tool calls stand there without their reasoning now."""
    if body.find(b'thinking"', start, end) < 0 or body[start : start + 1] != b"{":
        return [], False
    content = _last(jsonio.object_spans(body, start, end), "content")
    if content is None or body[content.start : content.start + 1] != b"[":
        return [], False
    items = jsonio.array_spans(body, content.start, content.end)
    blocks = [_read_block(body[slice(*item)]) for item in items]
    gone = [block.type in _REASONING and goes(block) for block in blocks]
    if not any(gone):
        return [], False
    kept = [block.type for block, goes_out in zip(blocks, gone, strict=True) if not goes_out]
    if not kept:
        return [(items[0][0], items[-1][1], NO_CONTENT)], False
    return _removals(items, gone), "tool_use" in kept and kept[0] not in _REASONING


def _removals(items: list[_Item], gone: list[bool]) -> list[Edit]:
    """The splices that take items out of an array of which some stay, with one comma each."""
    edits: list[Edit] = []
    at = 0
    while at < len(items):
        first = at
        while at < len(items) and gone[at]:
            at += 1
        if at == len(items) and first < at:
            edits.append((items[first - 1][1], items[-1][1], b""))
        elif first < at:
            edits.append((items[first][0], items[at][0], b""))
        at += 1
    return edits


def _thinking_off(body: bytes, members: list[Span]) -> list[Edit]:
    """Where thinking is `enabled` the API wants a tool loop to begin with it; not if `adaptive`.

    `clear_thinking` edits of the context are refused without thinking, so they go along.
    """
    thinking = _last(members, "thinking")
    if thinking is None or _read_type(body[thinking.start : thinking.end]) != "enabled":
        return []
    edits: list[Edit] = [(thinking.start, thinking.end, _OFF)]
    management = _last(members, "context_management")
    if management is None or body[management.start : management.start + 1] != b"{":
        return edits
    listed = _last(jsonio.object_spans(body, management.start, management.end), "edits")
    if listed is None or body[listed.start : listed.start + 1] != b"[":
        return edits
    items = jsonio.array_spans(body, listed.start, listed.end)
    gone = [_read_type(body[slice(*item)]).startswith("clear_thinking") for item in items]
    if all(gone):
        return [*edits, (listed.start, listed.end, b"[]")]
    return edits + _removals(items, gone)


def _last(members: list[Span], key: str) -> Span | None:
    """Of a member given twice the last one counts, as it does for JSON parsers."""
    return next((span for span in reversed(members) if span.key == key), None)


def _read_block(block: bytes) -> _Block:
    try:
        return _decode_block(block)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Block()


def _read_type(value: bytes) -> str:
    try:
        return _decode_typed(value).type or ""
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _read_event(data: bytes) -> _Event | None:
    try:
        return _decode_event(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
