"""Server-sent events: where they begin and end in a stream of bytes.

A line ends with LF, CRLF or CR, an event with a blank line (WHATWG HTML, "Server-sent events").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\r\n|\r\n\n|\n\n|\r\r")
_LINE_END = re.compile(rb"\r\n|\n|\r")


class SseEvent(Struct, frozen=True):
    """One event: its name (empty when it has none) and its data, lines joined by LF."""

    name: str
    data: bytes


class EventSplitter:
    """Cuts a stream into runs of whole events; only what follows the last blank line is held."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        # Its last two bytes: a blank line may have begun in them. An event of megabytes comes in
        # hundreds of chunks, and is not searched again with each.
        self._seam = b""

    def feed(self, chunk: bytes) -> bytes:
        """The whole events there are now, as they came; `b""` when none is complete."""
        cut = end_of_events(self._seam + chunk if self._seam else chunk) - len(self._seam)
        if cut <= 0:
            self._held.append(chunk)
            self._seam = (self._seam + chunk)[-2:]
            return b""
        whole = chunk[:cut] if cut != len(chunk) else chunk
        if self._held:
            whole = b"".join([*self._held, whole])
        rest = chunk[cut:]
        self._held = [rest] if rest else []
        self._seam = rest[-2:]
        return whole

    @property
    def held(self) -> bytes:
        """The beginning of an event whose end has not come."""
        return b"".join(self._held)


def end_of_events(data: bytes) -> int:
    """The position after the last blank line, 0 when there is none."""
    if b"\r" not in data:
        return data.rfind(b"\n\n") + 2 if b"\n\n" in data else 0
    return max(
        data.rfind(b"\n\n") + 2 if b"\n\n" in data else 0,
        data.rfind(b"\n\r\n") + 3 if b"\n\r\n" in data else 0,
        data.rfind(b"\r\r") + 2 if b"\r\r" in data else 0,
    )


def parse_events(data: bytes) -> Iterator[SseEvent]:
    """The events in `data`, parsed as they are asked for; comments are skipped, an unfinished last
    one is not returned."""
    find = _find_any_blank_line if b"\r" in data else _find_blank_line
    at = 0
    while (blank := find(data, at)) is not None:
        event = _parse(data[at : blank[0]])
        at = blank[1]
        if event is not None:
            yield event


def _find_blank_line(data: bytes, at: int) -> tuple[int, int] | None:
    """The next one where every line ends with LF, a tenth of the work of the pattern."""
    found = data.find(b"\n\n", at)
    return None if found < 0 else (found, found + 2)


def _find_any_blank_line(data: bytes, at: int) -> tuple[int, int] | None:
    blank = _BLANK_LINE.search(data, at)
    return None if blank is None else blank.span()


def parse_events_backwards(data: bytes) -> Iterator[SseEvent]:
    """The same from the last one to the first; `data` may begin inside an event."""
    for piece in reversed(_BLANK_LINE.split(data)[:-1]):
        event = _parse(piece)
        if event is not None:
            yield event


def encode_event(name: str, data: bytes) -> bytes:
    """One event as bytes, blank line included; `data` must hold no line break."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


def _parse(piece: bytes) -> SseEvent | None:
    # Chat's events are one line of data: no need to look for others.
    if piece.startswith(b"data: ") and b"\n" not in piece and b"\r" not in piece:
        return SseEvent("", piece[6:])
    name = ""
    data: list[bytes] = []
    for line in _LINE_END.split(piece.removeprefix(b"\xef\xbb\xbf")):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            name = value.decode("utf-8", "replace")
        elif field == b"data":
            data.append(value)
    return SseEvent(name, b"\n".join(data)) if name or data else None
