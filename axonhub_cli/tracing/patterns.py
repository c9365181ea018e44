r"""The configuration's patterns: what they match is starred out, however slow one is.

    {"text": "kennwort: m\u00fcller1"}      the JSON as it was sent: a pattern meets it as it is,
    {"text": "kennwort: müller1"}           and with its escapes read, one level of them
    {"text": "***********************"}     what either finds is hidden; the bytes stay as many

The engine is `regex` with the syntax of `re`: it can be told to give up, and lets other threads run
meanwhile, where `re` keeps the whole process waiting. Text that a pattern could not get through in
time is hidden as a whole.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from axonhub_cli.config.userinfo import HIDDEN

PATIENCE_S = 0.25
"""For one pattern and one text; what takes microseconds as a rule."""

_SHORTEST_HIDDEN = 256
"""Letters; a shorter text is looked at even by a pattern that gave up on longer ones."""

_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r'|u[0-9a-fA-F]{4}|["\\/bfnrt])'
)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LONGEST_ESCAPE = 6

_Span = tuple[int, int]


class Patterns:
    """Raises what `re.compile` and `regex.compile` raise: `config.rules_trace` looks before."""

    def __init__(self, sources: Iterable[str] = (), patience_s: float = PATIENCE_S) -> None:
        self._patterns = [_Pattern(source, patience_s) for source in sources]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    @property
    def problem(self) -> str | None:
        """Which pattern was too slow, as a sentence; None while none was."""
        slow = [pattern.source for pattern in self._patterns if pattern.gave_up]
        if not slow:
            return None
        return f"the pattern {slow[0]!r} of server.trace.redact is too slow: texts are hidden whole"

    def hide(self, text: str) -> str:
        """A text of ours, with `***` for each match."""
        for pattern in self._patterns:
            found = pattern.spans(text)
            if found is None:
                return HIDDEN
            text = _replace(text, found, lambda _: HIDDEN)
        return text

    def star(self, data: bytes) -> bytes:
        """JSON, or a piece of some, with as many stars as a match has bytes."""
        # Whatever is no UTF-8 comes back as it was.
        text = data.decode("utf-8", "surrogateescape")
        escapes = _Escapes(text) if "\\" in text else None
        found: list[_Span] = []
        for pattern in self._patterns:
            spans = pattern.spans(text)
            inner = pattern.spans(escapes.read) if escapes is not None else []
            if spans is None or inner is None:
                return b"*" * len(data)
            found += spans if escapes is None else escapes.widen(spans)
            found += escapes.as_written(inner) if escapes is not None else []
        if not found:
            return data
        return _encode(_replace(text, _merge(found), lambda match: "*" * len(_encode(match))))


class _Pattern:
    """Does not try again what took too long: a text that is as long is not looked at."""

    def __init__(self, source: str, patience_s: float) -> None:
        # As long to load as ten commands' work, and few configurations have a pattern.
        import regex

        re.compile(source)
        self.source = source
        self.gave_up = False
        self._compiled: Any = regex.compile(source)
        self._patience_s = patience_s
        self._longest: float = float("inf")

    def spans(self, text: str) -> list[_Span] | None:
        """Where it matches something; None when that cannot be found out in time."""
        if len(text) > self._longest:
            return None
        try:
            found = self._compiled.finditer(text, timeout=self._patience_s, concurrent=True)
            return [match.span() for match in found if match.end() > match.start()]
        except TimeoutError:
            self.gave_up = True
            self._longest = max(_SHORTEST_HIDDEN, len(text) // 2)
            return None


class _Escapes:
    """A text with JSON's escapes in it: read, and where each letter of that is written."""

    def __init__(self, text: str) -> None:
        pieces: list[str] = []
        self._read_at, self._written_at = [0], [0]
        self._starts: list[int] = []
        self._ends: list[int] = []
        length = at = 0
        for found in _ESCAPE.finditer(text):
            start, end = found.span()
            pieces += (text[at:start], _letter(found[0]))
            length += start - at
            self._read_at += (length, length + 1)
            self._written_at += (start, end)
            self._starts.append(start)
            self._ends.append(end)
            length += 1
            at = end
        pieces.append(text[at:])
        self.read = "".join(pieces)

    def as_written(self, spans: Iterable[_Span]) -> Iterator[_Span]:
        """Where in the text what was found in `read` stands."""
        for start, end in spans:
            yield self._written(start), self._written(end)

    def widen(self, spans: Iterable[_Span]) -> Iterator[_Span]:
        """The same spans with the whole of an escape that one begins or ends in: half of one would
        be no JSON. What is a part of one alone, the n of a line's end, says nothing."""
        for start, end in spans:
            first, last = self._within(start), self._within(end)
            if first is not None and end <= self._ends[first]:
                continue
            yield (
                start if first is None else self._starts[first],
                end if last is None else self._ends[last],
            )

    def _written(self, read: int) -> int:
        at = bisect_right(self._read_at, read) - 1
        return self._written_at[at] + read - self._read_at[at]

    def _within(self, at: int) -> int | None:
        index = bisect_right(self._starts, at) - 1
        return index if index >= 0 and self._starts[index] < at < self._ends[index] else None


def _letter(escape: str) -> str:
    if escape[1] != "u":
        return _SHORT.get(escape[1], escape[1])
    if len(escape) > _LONGEST_ESCAPE:
        high, low = int(escape[2:6], 16), int(escape[8:12], 16)
        return chr(0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))
    return chr(int(escape[2:6], 16))


def _merge(spans: Sequence[_Span]) -> list[_Span]:
    merged: list[_Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _replace(text: str, spans: Sequence[_Span], by: Any) -> str:
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        pieces += (text[at:start], by(text[start:end]))
        at = end
    pieces.append(text[at:])
    return "".join(pieces)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
