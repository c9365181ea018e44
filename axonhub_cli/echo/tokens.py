"""A rough, honest estimate of tokens: four bytes of JSON are one token, a picture is 1,500.

Nothing here knows a tokenizer; the figures are for usage that looks plausible and grows with the
request, never for a bill.
"""

from __future__ import annotations

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.jsonio import Json

_BYTES_PER_TOKEN = 4
_PICTURE = 1500
"""About a picture of the largest size that is not scaled down (width * height / 750)."""


class InputTokens(Struct, frozen=True):
    """The input of one request, split as Anthropic's `usage` splits it."""

    fresh: int
    cache_read: int
    cache_write: int

    @property
    def total(self) -> int:
        return self.fresh + self.cache_read + self.cache_write


def count_input(request: dict[str, Json]) -> InputTokens:
    """Estimate a request's input; what a `cache_control` mark covers counts as cached.

    Echo keeps no cache: what stood in the conversation before the last answer is called read, the
    rest up to the last mark written, as a real provider would report it.
    """
    messages = request["messages"]
    head = [*_list(request.get("tools")), *_list(request.get("system"))]
    sections = [*head, *messages]
    sizes = [_size(section) for section in sections]
    marked = [index for index, section in enumerate(sections) if _is_marked(section)]
    cached = sum(sizes[: marked[-1] + 1]) if marked else 0
    answered = [i for i, message in enumerate(messages) if message.get("role") == "assistant"]
    known = sum(sizes[: len(head) + answered[-1]]) if answered else 0
    read = min(known, cached)
    return InputTokens(fresh=sum(sizes) - cached, cache_read=read, cache_write=cached - read)


def count_output(blocks: list[dict[str, Json]]) -> int:
    """Estimate an answer's tokens; at least one."""
    return max(1, sum(_size(block) for block in blocks))


def text_of(content: Json, separator: str = "") -> str:
    """The text of a message's or a tool result's content, whatever its shape."""
    if isinstance(content, str):
        return content
    blocks = [block for block in _list(content) if isinstance(block, dict)]
    return separator.join(block["text"] for block in blocks if isinstance(block.get("text"), str))


def _size(value: Json) -> int:
    pictures, rest = _split_pictures(value)
    return pictures * _PICTURE + -(-len(jsonio.encode(rest)) // _BYTES_PER_TOKEN)


def _split_pictures(value: Json) -> tuple[int, Json]:
    if isinstance(value, list):
        parts = [_split_pictures(item) for item in value]
        return sum(count for count, _ in parts), [rest for _, rest in parts]
    if isinstance(value, dict):
        if value.get("type") == "image":
            return 1, ""
        split = {key: _split_pictures(item) for key, item in value.items()}
        return sum(c for c, _ in split.values()), {key: rest for key, (_, rest) in split.items()}
    return 0, value


def _is_marked(section: Json) -> bool:
    if not isinstance(section, dict):
        return False
    parts = [section, *_list(section.get("content"))]
    return any(isinstance(part, dict) and part.get("cache_control") for part in parts)


def _list(value: Json) -> list[Json]:
    if isinstance(value, str):
        return [{"type": "text", "text": value}]
    return value if isinstance(value, list) else []
