"""Content parts: Chat's JSON to the hub's blocks and back.

A part that the hub has no form for (audio, an uploaded file's id) becomes `Opaque`, whole.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from axonhub_cli.ir.request import Document, Image, Media, Opaque, Text
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.openai_chat.names import NAME
from axonhub_cli.protocols.read import fail, need_dict, need_str, opt_str, rest

Object = dict[str, Json]
PartBlock = Text | Image | Document | Opaque

_TEXT = frozenset({"type", "text"})
_IMAGE = frozenset({"type", "image_url"})
_IMAGE_URL = frozenset({"url", "detail"})
_FILE = frozenset({"type", "file"})
_FILE_DATA = frozenset({"file_data", "filename"})


def decode_content(content: Json, path: str) -> tuple[PartBlock, ...]:
    """A `content`: a string, an array of parts, or null. Raises `ClientError`."""
    if isinstance(content, str):
        return (Text(content),) if content else ()
    if content is None:
        return ()
    if not isinstance(content, list):
        fail(path, "Input should be a string or an array of content parts")
    return tuple([_decode_part(part, path, at) for at, part in enumerate(content)])


def _decode_part(value: Json, path: str, at: int) -> PartBlock:
    if not isinstance(value, dict):
        fail(f"{path}.{at}", "Input should be an object")
    kind = value.get("type")
    if kind == "text":
        text = value.get("text")
        if not isinstance(text, str):
            fail(f"{path}.{at}.text", "Input should be a string")
        # Most parts have nothing else: no dictionary is filtered for them.
        return Text(text) if len(value) == 2 else Text(text, rest(value, _TEXT))
    if not isinstance(kind, str):
        fail(f"{path}.{at}.type", "Input should be a string")
    decoder = _DECODERS.get(kind)
    return decoder(value, f"{path}.{at}") if decoder else Opaque(NAME, kind, value)


def _refusal(value: Object, path: str) -> PartBlock:
    """A refusal is what the assistant said; its type is kept beside it."""
    text = need_str(value.get("refusal"), f"{path}.refusal")
    return Text(text, rest(value, frozenset({"refusal"})))


def _image(value: Object, path: str) -> PartBlock:
    given = value.get("image_url")
    # Several servers take the URL itself, and so do their clients.
    image = {"url": given} if isinstance(given, str) else need_dict(given, f"{path}.image_url")
    if not image.keys() <= _IMAGE_URL:
        return Opaque(NAME, "image_url", value)
    url = need_str(image.get("url"), f"{path}.image_url.url")
    detail = opt_str(image.get("detail"), f"{path}.image_url.detail")
    return Image(read_data_url(url) or Media(url=url), detail, rest(value, _IMAGE))


def _file(value: Object, path: str) -> PartBlock:
    file = need_dict(value.get("file"), f"{path}.file")
    given = file.get("file_data")
    if not isinstance(given, str) or not file.keys() <= _FILE_DATA:
        return Opaque(NAME, "file", value)
    title, extra = opt_str(file.get("filename"), f"{path}.file.filename"), rest(value, _FILE)
    media = read_data_url(given) or _bare(given)
    if media is None:
        fail(f"{path}.file.file_data", "Input should be a data URL with base64 data")
    text = _readable(media)
    if text is not None:
        return Document(Media(media.media_type), text, title, extra)
    return Document(media, title=title, extra=extra)


_DECODERS: dict[str, Callable[[Object, str], PartBlock]] = {
    "refusal": _refusal,
    "image_url": _image,
    "file": _file,
}


def read_data_url(url: str) -> Media | None:
    """What `data:TYPE;base64,DATA` holds; None for any other URL."""
    if not url.startswith("data:"):
        return None
    head, comma, data = url[5:].partition(",")
    media_type, *parameters = head.split(";")
    if not comma or "base64" not in parameters:
        return None
    return Media(media_type or None, data)


def encode_image(image: Image) -> Object:
    """An `image_url` part; the caller says what of `extra` goes with it."""
    shown: Object = {"url": data_url(image.source, "image/png")}
    if image.detail is not None:
        shown["detail"] = image.detail
    return {"type": "image_url", "image_url": shown}


def encode_file(document: Document) -> Object:
    """A `file` part with the document's bytes, or with its text as bytes."""
    source = document.source
    if document.text is not None:
        data = base64.b64encode(document.text.encode("utf-8", "replace")).decode()
        source = Media(source.media_type or "text/plain", data)
    file: Object = {"file_data": data_url(source, "application/pdf")}
    if document.title is not None:
        file["filename"] = document.title
    elif document.text is None:
        # OpenAI refuses a file without a name.
        file["filename"] = "document.pdf"
    return {"type": "file", "file": file}


def data_url(media: Media, default_type: str) -> str:
    """The URL that says it: a data URL for inline bytes."""
    if media.url is not None:
        return media.url
    return f"data:{media.media_type or default_type};base64,{media.data or ''}"


def _bare(data: str) -> Media | None:
    """Base64 without the `data:` before it, as some clients send a PDF."""
    return Media("application/pdf", data) if data.startswith("JVBERi") else None


def _readable(media: Media) -> str | None:
    """The text of a file that is one."""
    if not (media.media_type or "").startswith("text/") or media.data is None:
        return None
    try:
        return base64.b64decode(media.data, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
