"""Blocks to content parts of Chat, or to plain text where only text may stand."""

from __future__ import annotations

from collections.abc import Sequence

from axonhub_cli import jsonio
from axonhub_cli.ir.request import Block, Document, Extra, Image, Opaque, Text
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.openai_chat.losses import Losses
from axonhub_cli.protocols.openai_chat.names import NAME
from axonhub_cli.protocols.openai_chat.parts import encode_file, encode_image
from axonhub_cli.protocols.read import as_dict, as_list, fail, rest

Object = dict[str, Json]

_FILES = frozenset({"image", "document", "container_upload", "file", "input_audio", "video"})
"""Opaque kinds whose content is elsewhere: as text they would say nothing."""
_SEALED = frozenset({"encrypted_content", "encrypted_index", "signature", "cache_control"})
_BLOCK = "messages[*].content[*]"
_SOURCE = frozenset({"type", "content"})
_TEXT = frozenset({"type", "text"})


class PartsEncoder:
    """Writes the blocks of one request; `protocol` is the request's."""

    def __init__(self, protocol: str, losses: Losses) -> None:
        self._own = protocol == NAME
        self._losses = losses

    def encode(self, block: Block, path: str) -> list[Object]:
        """The parts of one block of a message. Raises `ClientError` for what cannot cross."""
        if self._own:
            return [self.own(block)]
        match block:
            case Image():
                if block.source.data is None and block.source.url is None:
                    fail(path, "An image without data or URL cannot go to Chat Completions")
                self._losses.add_members(_BLOCK, block.extra)
                return [encode_image(block)]
            case Document() if block.text is None:
                return [self._file(block, path)]
            case _:
                text = self.text_of(block, path, _BLOCK)
                return [text_part(text)] if text else []

    def text_of(self, block: Block, path: str, folded: str) -> str:
        """A block as text; `folded` is its path for losses that repeat."""
        match block:
            case Text():
                if block.extra:
                    self._losses.add_members(folded, block.extra)
                return block.text
            case Document() if block.text is not None:
                self._lose_document(block, folded)
                return f"{block.title}\n\n{block.text}" if block.title else block.text
            case Opaque() if block.kind not in _FILES:
                self._losses.add(folded, f"{block.kind!r} is sent as its JSON text")
                return jsonio.encode(_readable(block.data)).decode()
        kind = block.kind if isinstance(block, Opaque) else type(block).__name__.lower()
        return fail(path, f"This {kind!r} cannot go to a Chat Completions channel")

    def _lose_document(self, document: Document, folded: str) -> None:
        """The parts a text was made of cross as that text: only what stands beside it is lost."""
        for name, value in document.extra.items():
            if name != "source":
                self._losses.add_members(folded, {name: value})
        source = as_dict(document.extra.get("source"))
        for part in as_list(source.get("content")):
            self._losses.add_members(f"{folded}.source.content[*]", rest(as_dict(part), _TEXT))
        self._losses.add_members(f"{folded}.source", rest(source, _SOURCE))

    def _file(self, document: Document, path: str) -> Object:
        if document.source.data is None:
            fail(path, "Only a document with its data inline can go to a Chat Completions channel")
        self._losses.add_members(_BLOCK, document.extra)
        return encode_file(document)

    @staticmethod
    def own(block: Block) -> Object:
        """What `parts.decode_content` read, as it was."""
        match block:
            case Text(text, extra):
                return text_part(text, extra)
            case Image():
                return encode_image(block) | block.extra
            case Document():
                return encode_file(block) | block.extra
            case Opaque():
                return block.data if isinstance(block.data, dict) else {"type": block.kind}
            case _:
                return fail("messages", f"A {type(block).__name__.lower()} cannot stand here")


def text_part(text: str, extra: Extra | None = None) -> Object:
    if not extra:
        return {"type": "text", "text": text}
    if extra.get("type") == "refusal":
        return {"refusal": text, **extra}
    return {"type": "text", "text": text, **extra}


def join_texts(texts: Sequence[tuple[float, str]]) -> str:
    """Texts with their places: neighbours are pieces of one, others are paragraphs."""
    pieces: list[str] = []
    last = -1.0
    for place, text in texts:
        if not text:
            continue
        if pieces and place != last + 1:
            pieces.append("\n\n")
        pieces.append(text)
        last = place
    return "".join(pieces)


def _readable(value: Json) -> Json:
    """Without what only the issuer can read."""
    if isinstance(value, dict):
        return {k: _readable(v) for k, v in value.items() if k not in _SEALED}
    return [_readable(item) for item in value] if isinstance(value, list) else value
