"""Find words in what was said, newest first, without an index: within a time that is given.

Bodies share their parts, and each part is unpacked and looked at once, however many requests hold
it: a session of a hundred turns costs little more than its last one. Memory holds a number for each
part. An index of all texts would take the writer's time with every request, and the room that
sharing saves, for a question that is asked rarely; where the time is over, it is said how far back
the search came.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.rows import RequestRow, TraceRow

SECONDS = 5.0
"""How long a search may take."""
_PAGE = 200
_HEAD = 64
"""Bytes: a message says within so many of its first or last that it is one, and no tool."""
_MESSAGE_MARKS = (b'"role"', b'"type":"message"', b'"type":"function_call')


class _Row(Protocol):
    @property
    def seq(self) -> int: ...


T = TypeVar("T", bound=_Row)
Pages = Callable[[int, int], list[T]]
"""So many rows, after so many others."""


class Found(Struct, Generic[T], frozen=True):
    """`searched`: how many rows were looked at; `last`: the oldest of them; `cut`: time was over
    before all were."""

    rows: list[T]
    searched: int
    last: T | None
    cut: bool


class Search:
    """One search. All words of its text must stand in one request (ASCII letters in either
    case); `seconds` is how long it may take by `clock`."""

    def __init__(
        self,
        reader: TraceReader,
        *,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._until = clock() + seconds
        self._words: list[Sequence[bytes]] = []
        self._all = 0
        self._parts: dict[int | bytes, int] = {}
        self._seen_traces: set[str | None] = set()

    def find_traces(self, text: str, pages: Pages[TraceRow], limit: int) -> Found[TraceRow]:
        """At most `limit` traces whose title or any of whose requests hold the words."""
        return self._find(text, pages, self._trace_matches, limit)

    def find_requests(self, text: str, pages: Pages[RequestRow], limit: int) -> Found[RequestRow]:
        """At most `limit` requests that hold the words, or whose answers do."""
        return self._find(text, pages, self._request_matches, limit)

    def _find(
        self, text: str, pages: Pages[T], matches: Callable[[T], bool], limit: int
    ) -> Found[T]:
        self._words = [_forms(word) for word in text.split()]
        self._all = (1 << len(self._words)) - 1
        found: list[T] = []
        searched, last = 0, None
        for row in _all_rows(pages):
            if self._clock() > self._until:
                return Found(found, searched, last, cut=True)
            searched, last = searched + 1, row
            if matches(row):
                found.append(row)
                if len(found) >= limit:
                    break
        return Found(found, searched, last, cut=False)

    def _trace_matches(self, row: TraceRow) -> bool:
        if self._mask(row.title or "") == self._all:
            return True
        query = """SELECT id, seq, upstream_protocol FROM requests
            WHERE trace = ? ORDER BY at DESC, seq DESC"""
        for at, (name, seq, protocol) in enumerate(self._reader.query(query, [row.seq])):
            if self._holds(seq) or (at == 0 and self._answer_holds(name, protocol)):
                return True
        return False

    def _request_matches(self, row: RequestRow) -> bool:
        # An earlier request's answer stands in a later request of its trace.
        newest = row.trace_id is None or row.trace_id not in self._seen_traces
        self._seen_traces.add(row.trace_id)
        return self._holds(row.seq) or (
            newest and self._answer_holds(row.id, row.upstream_protocol)
        )

    def _holds(self, seq: int) -> bool:
        skeleton, parts = self._reader.pieces(seq)
        mask = self._look(skeleton)
        for part in parts:
            known = self._parts.get(part)
            if known is None:
                known = self._parts[part] = self._look_at_part(part)
            mask |= known
        return mask == self._all

    def _look_at_part(self, name: int | bytes) -> int:
        part = self._reader.part(name) or b""
        # Tools and system prompts are the same everywhere: no words of anybody's conversation.
        is_message = any(m in part[:_HEAD] or m in part[-_HEAD:] for m in _MESSAGE_MARKS)
        return self._look(part) if is_message else 0

    def _answer_holds(self, request: str, protocol: str | None) -> bool:
        known = PROTOCOLS.get(protocol or "")
        body = self._reader.answer_body(request) if known is not None else None
        if known is None or not body:
            return False
        # A stream has its words in pieces.
        return self._look(jsonio.encode(known.read_answer(body).content)) == self._all

    def _mask(self, text: str) -> int:
        return self._look(text.encode())

    def _look(self, data: bytes) -> int:
        lowered = data.lower()
        found = 0
        for at, forms in enumerate(self._words):
            if any(form in lowered for form in forms):
                found |= 1 << at
        return found


def _all_rows(pages: Pages[T]) -> Iterator[T]:
    at = 0
    while page := pages(_PAGE, at):
        yield from page
        at += len(page)


def _forms(word: str) -> Sequence[bytes]:
    """A word as JSON may write it, in lower case: as it is, and with escapes for other letters."""
    return tuple({jsonio.encode(word)[1:-1].lower(), json.dumps(word)[1:-1].lower().encode()})
