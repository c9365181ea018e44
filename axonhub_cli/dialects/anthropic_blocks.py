"""Quirks about the content blocks of Anthropic-compatible endpoints."""

from __future__ import annotations

from axonhub_cli.dialects.anthropic_quirks import map_blocks
from axonhub_cli.dialects.base import Body, Change, QuirkContext
from axonhub_cli.dialects.request_quirks import left_out
from axonhub_cli.dialects.walk import Part, is_object, map_messages, text_of
from axonhub_cli.ir.loss import Loss
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.codec import UNSIGNED

_KNOWN = frozenset({"text", "image", "document", "tool_use", "tool_result", "thinking"})


def known_blocks(body: Body, context: QuirkContext) -> Change:
    """Blocks of Anthropic's own features become text, so that a conversation goes on elsewhere:
    references to loaded tools, search results, what Anthropic's tools did, encrypted thoughts."""
    seen: set[str] = set()

    def change(block: Part) -> Part:
        kind = block.get("type")
        if not isinstance(kind, str) or kind in _KNOWN:
            return block
        seen.add(kind)
        return {"type": "text", "text": _in_words(kind, block)}

    changed = map_blocks(body, change)
    return changed, tuple(
        Loss(f"messages[*].content[*]:{kind}", "only Anthropic knows it: sent as text")
        for kind in sorted(seen)
    )


def _in_words(kind: str, block: Part) -> str:
    if kind == "tool_reference":
        return f"[tool available now: {block.get('tool_name')}]"
    if kind == "search_result":
        return f"{block.get('title')} ({block.get('source')})\n{text_of(block.get('content'))}"
    return f"[{kind} left out]"


def no_image_blocks(body: Body, context: QuirkContext) -> Change:
    """The model reads text only: a conversation goes on without its images."""
    return _replace(body, context, "image", "image")


def no_document_blocks(body: Body, context: QuirkContext) -> Change:
    """The endpoint takes no documents; one that is text stays as text."""
    return _replace(body, context, "document", "document")


def inline_image_blocks(body: Body, context: QuirkContext) -> Change:
    """The engine does not fetch images (known-failures.md, Ollama)."""
    return _replace(body, context, "image", "image at a URL")


def _replace(body: Body, context: QuirkContext, kind: str, what: str) -> Change:
    placeholder = left_out(what, context.model)

    def change(block: Part) -> Part:
        if not is_object(block, kind) or (
            what != kind and not is_object(block.get("source"), "url")
        ):
            return block
        return {"type": "text", "text": _document_text(block) or placeholder}

    changed = map_blocks(body, change)
    lost = () if changed is body else (Loss("messages[*].content[*]", placeholder[1:-1]),)
    return changed, lost


def _document_text(block: Part) -> str | None:
    source: Json = block.get("source")
    if not is_object(source, "text") or not isinstance(source.get("data"), str):
        return None
    title = block.get("title")
    return f"{title}\n{source['data']}" if isinstance(title, str) else str(source["data"])


def unmark_thinking(body: Body, context: QuirkContext) -> Change:
    """Reasoning of a Chat upstream carries a mark of ours instead of a signature; where signatures
    are not checked, it goes without."""

    def change(block: Part) -> Part:
        return {**block, "signature": ""} if block.get("signature") == UNSIGNED else block

    return map_blocks(body, change), ()


def replay_thinking_blocks(body: Body, context: QuirkContext) -> Change:
    """With thinking on, turns that call tools must begin with a thought (known-failures 12;
    axonhub-behaviour.md § 2.10: empty thinking blocks are added for DeepSeek)."""
    if is_object(body.get("thinking"), "disabled"):
        return body, ()
    thought = {"type": "thinking", "thinking": "", "signature": ""}

    def fill(message: Part) -> Part:
        content = message.get("content")
        if message.get("role") != "assistant" or not isinstance(content, list):
            return message
        kinds = [block.get("type") for block in content if isinstance(block, dict)]
        if "tool_use" not in kinds or "thinking" in kinds:
            return message
        return {**message, "content": [thought, *content]}

    return map_messages(body, fill), ()
