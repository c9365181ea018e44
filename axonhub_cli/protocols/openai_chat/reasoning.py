"""Reasoning beside the content: `reasoning_content`, `reasoning`, or `reasoning_details`.

The first is DeepSeek's and what most servers adopted, the others are OpenRouter's
(openrouter.ai/docs/use-cases/reasoning-tokens, read 2026-11). Details alone can hold a signature
or what only its issuer can read: a client that sends them back keeps Claude's thinking usable.
"""

from __future__ import annotations

from collections.abc import Iterator

from axonhub_cli.ir.request import RedactedThinking, Thinking
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.codec import UNSIGNED
from axonhub_cli.protocols.read import as_dict, as_list, as_str

Object = dict[str, Json]

MEMBERS = frozenset({"reasoning_content", "reasoning", "reasoning_details"})
_FORMAT = "anthropic-claude-v1"


def read_text(value: Object) -> str:
    """The reasoning of a message or a delta that stands as plain text."""
    for name in ("reasoning_content", "reasoning"):
        text = value.get(name)
        if isinstance(text, str) and text:
            return text
    content = value.get("content")
    return "".join(_thoughts(content)) if isinstance(content, list) else ""


def read_details(value: Object) -> list[Thinking | RedactedThinking]:
    """The blocks that the details are; in a stream, pieces of them."""
    details = value.get("reasoning_details")
    return [block for detail in as_list(details) if (block := _block(detail)) is not None]


def read_blocks(message: Object) -> list[Thinking | RedactedThinking]:
    """The reasoning of a whole message, in order: once, however often it stands there."""
    details, text = read_details(message), read_text(message)
    if any(isinstance(block, RedactedThinking) or block.signature for block in details):
        return details
    text = text or "".join([block.text for block in details if isinstance(block, Thinking)])
    return [Thinking(text)] if text else []


def is_sealed(block: Thinking | RedactedThinking) -> bool:
    """Can only its issuer read or check it? Plain text says all of the others."""
    if isinstance(block, RedactedThinking):
        return True
    return block.signature is not None and block.signature != UNSIGNED


def detail_of(block: Thinking | RedactedThinking) -> Object:
    """The detail that brings the block back as it was."""
    if isinstance(block, RedactedThinking):
        return {"type": "reasoning.encrypted", "data": block.data, "format": _FORMAT}
    detail: Object = {"type": "reasoning.text", "text": block.text}
    if is_sealed(block):
        detail |= {"signature": block.signature, "format": _FORMAT}
    return detail


def _block(detail: Json) -> Thinking | RedactedThinking | None:
    if not isinstance(detail, dict):
        return None
    if detail.get("type") == "reasoning.encrypted":
        # Other providers' seals mean nothing to the hub.
        data, issuer = detail.get("data"), as_str(detail.get("format"))
        sealed = isinstance(data, str) and issuer.startswith("anthropic")
        return RedactedThinking(as_str(data)) if sealed else None
    text = as_str(detail.get("text")) or as_str(detail.get("summary"))
    signature = as_str(detail.get("signature")) or None
    return Thinking(text, signature) if text or signature else None


def _thoughts(parts: list[Json]) -> Iterator[str]:
    """Mistral's reasoning is a part of the content: `{"type": "thinking", "thinking": [parts]}`."""
    for part in parts:
        if isinstance(part, dict) and part.get("type") == "thinking":
            thinking = part.get("thinking")
            yield as_str(thinking)
            yield from [as_str(as_dict(inner).get("text")) for inner in as_list(thinking)]
