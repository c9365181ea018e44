"""One block at a time: what the API takes at this place, a stated degradation, or an error.

Anthropic has no images or documents in the assistant's turns, refuses empty texts, and takes
reasoning back only with its signature.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from msgspec.structs import replace

from axonhub_cli import jsonio
from axonhub_cli.ir.request import (
    Block,
    Document,
    Extra,
    Image,
    Media,
    Message,
    Opaque,
    Part,
    RedactedThinking,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from axonhub_cli.protocols.anthropic.losses import Losses
from axonhub_cli.protocols.anthropic.names import IMAGE_TYPES
from axonhub_cli.protocols.codec import UNSIGNED, CannotCross
from axonhub_cli.protocols.read import as_dict, as_str

_CONTENT = "messages[*].content[*]"

# How the files begin, in base64: for data that came without its type.
_MAGIC = {"iVBOR": "image/png", "/9j/": "image/jpeg", "R0lGOD": "image/gif", "UklGR": "image/webp"}
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/yaml")


def fit_message(message: Message, losses: Losses) -> tuple[Role, list[Block]]:
    """A system turn in mid-conversation is said as the user's: older models take none."""
    if message.name is not None:
        losses.add("messages[*].name", "a turn has no name in Anthropic Messages")
    losses.add_extra("messages[*]", message.extra)
    blocks = fit_blocks(message.role, message.content, losses)
    if message.role != "system" or not blocks:
        return message.role, blocks
    losses.add("messages[*]", "a system turn in mid-conversation is said in the user's turn")
    said: list[Block] = [
        replace(text, text=f"<system>\n{text.text}\n</system>")
        for text in (fit_text(block, _CONTENT, losses) for block in blocks)
    ]
    return "user", said


def fit_blocks(role: Role, blocks: Iterable[Block], losses: Losses) -> list[Block]:
    fitted: list[Block] = []
    for at, block in enumerate(blocks):
        try:
            fit = _fit_block(block, role, losses)
        except CannotCross as error:
            raise error.within(at) from None
        if fit is not None:
            fitted.append(fit)
    return fitted


def fit_text(block: Block, path: str, losses: Losses) -> Text:
    """The block as text, where the API takes nothing else."""
    if isinstance(block, Text):
        return block
    losses.add(path, "only text can stand in a system prompt")
    return Text(f"[{type(block).__name__.lower()}]")


def _fit_block(block: Block, role: Role, losses: Losses) -> Block | None:
    match block:
        case Text():
            return _fit_words(block, losses)
        case Thinking():
            return _fit_thinking(block, losses)
        case RedactedThinking():
            losses.add_extra(_CONTENT, block.extra)
            return RedactedThinking(block.data)
        case ToolCall():
            return replace(block, extra=keep_cache_control(block.extra, _CONTENT, losses))
        case ToolResult():
            return _fit_result(block, losses)
        case Image() | Document():
            return _fit_media(block, role, losses)
        case Opaque():
            return _fit_opaque(block, role, losses)


def _fit_words(text: Text, losses: Losses) -> Text | None:
    if not text.text.strip():
        return None
    if not text.extra:
        return text
    return Text(text.text, keep_cache_control(text.extra, _CONTENT, losses))


def _fit_thinking(block: Thinking, losses: Losses) -> Thinking | None:
    if block.signature is None or block.signature == UNSIGNED:
        losses.add(_CONTENT, "reasoning without a signature is not taken back")
        return None
    losses.add_extra(_CONTENT, block.extra)
    return Thinking(block.text, block.signature)


def _fit_media(block: Image | Document, role: Role, losses: Losses) -> Block:
    if role != "user":
        losses.add(_CONTENT, "images and documents stand in the user's turns only")
        return Text(f"[{'image' if isinstance(block, Image) else 'document'}]")
    if isinstance(block, Image):
        return _fit_image(block, losses)
    return _fit_document(block, losses)


def keep_cache_control(extra: Extra, path: str, losses: Losses) -> Extra:
    """OpenAI clients that know Claude write Anthropic's `cache_control` into their parts."""
    if not extra:
        return extra
    kept = as_dict(extra.get("cache_control"))
    if kept.get("type") != "ephemeral":
        losses.add_extra(path, extra)
        return {}
    losses.add_extra(path, {name: extra[name] for name in extra if name != "cache_control"})
    return {"cache_control": kept}


def _fit_result(result: ToolResult, losses: Losses) -> ToolResult:
    others = [_as_text(p, losses) if isinstance(p, Opaque) else p for p in result.content]
    parts = [fit for fit in fit_blocks("user", others, losses) if isinstance(fit, Part)]
    extra = keep_cache_control(result.extra, _CONTENT, losses)
    return ToolResult(result.call_id, tuple(parts), result.is_error, extra)


def _fit_image(image: Image, losses: Losses) -> Image:
    if image.detail is not None:
        losses.add(f"{_CONTENT}.image_url.detail", "Anthropic chooses an image's resolution itself")
    source = image.source
    _refuse_data_url(source, "an image", "base64 or a web address")
    if source.url is None:
        data = source.data or ""
        guess = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
        kind = "image/jpeg" if source.media_type == "image/jpg" else source.media_type
        if kind not in IMAGE_TYPES and guess is None:
            raise _cannot_cross(f"an image of type {kind or 'unknown'!r}", "JPEG, PNG, GIF, WebP")
        # A type that is not what the bytes are is refused; clients guess it from file names.
        source = Media(guess or kind, data=data)
    return Image(source, extra=keep_cache_control(image.extra, _CONTENT, losses))


def _fit_document(document: Document, losses: Losses) -> Document:
    extra = keep_cache_control(document.extra, _CONTENT, losses)
    source, kind = document.source, document.source.media_type or ""
    _refuse_data_url(source, "a document", "base64 or a web address")
    if document.text is not None:
        return Document(text=document.text, title=document.title, extra=extra)
    if source.url is not None or kind == "application/pdf" or _is_pdf(source):
        media = source if source.url is not None else Media("application/pdf", source.data)
        return Document(media, title=document.title, extra=extra)
    if not kind.startswith(_TEXT_TYPES):
        raise _cannot_cross(f"a document of type {kind or 'unknown'!r}", "PDF and text")
    try:
        text = base64.b64decode("".join((source.data or "").split()), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise _cannot_cross(
            "a text document that is not base64 of UTF-8", "PDF and text"
        ) from error
    return Document(text=text, title=document.title, extra=extra)


def _refuse_data_url(source: Media, what: str, instead: str) -> None:
    """Those of base64 are inline already; the API fetches from the web only."""
    if source.url is not None and source.url.startswith("data:"):
        raise _cannot_cross(f"{what} in a data URL that is not base64", instead)


def _is_pdf(source: Media) -> bool:
    return (source.data or "").startswith("JVBERi0")


def _fit_opaque(block: Opaque, role: Role, losses: Losses) -> Text | None:
    if block.kind == "refusal":
        said = as_str(as_dict(block.data).get("refusal"))
        return Text(said) if said.strip() else None
    if role == "user":
        raise _cannot_cross(f"content of type {block.kind!r}", "text, images, PDF")
    losses.add(_CONTENT, f"content of type {block.kind!r} has no counterpart")
    return None


def _as_text(block: Opaque, losses: Losses) -> Text:
    """A tool's result is never refused for a part: the call has been made."""
    losses.add(_CONTENT, f"a result's part of type {block.kind!r} is given as its JSON text")
    return Text(jsonio.encode(block.data).decode())


def _cannot_cross(what: str, instead: str) -> CannotCross:
    return CannotCross(f"{what} cannot be sent to an Anthropic channel ({instead})")
