"""Find words in what was said, newest first, without an index: within a time that is given.

Bodies share their parts, and each part is unpacked and looked at once, however many requests hold
it: a session of a hundred turns costs little more than its last one. Answers are looked at each: a
later request repeats most of them, but none of those that were asked for again, broke off, or came
to a subagent. Memory holds a number for each part. An index of all texts would take the writer's
time with every request, and the room that sharing saves, for a question that is asked rarely; where
the time is over, it is said how far back the search came.
"""

from __future__ import annotations

import json
import re
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
# What is said in an answer of any protocol; a stream has it in pieces. Reading a stream in full
# takes several times as long, and is worth it only where its words may match.
_SAID = re.compile(
    rb'"(?:text|content|thinking|reasoning|reasoning_content|refusal|name|arguments|partial_json)"'
    rb': ?"([^"\\]*(?:\\.[^"\\]*)*)"'
)


class _Row(Protocol):
    @property
    def seq(self) -> int: ...


# What nobody said in a body: names of fields, and the values of those that only frame it.
_FRAME = re.compile(
    rb'"(?:type|role|model|id|user_id|call_id|tool_use_id|tool_call_id|media_type|signature|data)"'
    rb'\s*:\s*"[^"\\]*(?:\\.[^"\\]*)*"|"url"\s*:\s*"data:[^"]*"|"[A-Za-z0-9_-]+"\s*:'
)
_FRAME_WORDS = (
    "messages input contents tools system role user assistant developer model content text type "
    "tool_use tool_result tool_use_id tool_call_id tool_calls function_call function arguments "
    "call_id output name id is_error image image_url url source base64 media_type document data "
    "thinking redacted_thinking signature reasoning summary cache_control ephemeral ttl message "
    "parts file title citations"
).split()
"""What a message itself is written with: whoever looks for one of them, does not mean these."""
_PICTURE = b"base64"

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


class _TimeIsOver(Exception):
    pass


class Search:
    """One search. All words of its text must stand in one request and its answer (ASCII letters in
    either case); `seconds` is how long it may take by `clock`."""

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
        self._all = self._doubtful = 0
        self._parts: dict[int | bytes, int] = {}

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
        self._doubtful = sum(
            1 << at
            for at, word in enumerate(text.lower().split())
            if any(word in frame for frame in _FRAME_WORDS)
        )
        found: list[T] = []
        searched, last = 0, None
        for row in _all_rows(pages):
            try:
                self._check_time()
                hit = matches(row)
            except _TimeIsOver:
                return Found(found, searched, last, cut=True)
            searched, last = searched + 1, row
            if hit:
                found.append(row)
                if len(found) >= limit:
                    break
        return Found(found, searched, last, cut=False)

    def _check_time(self) -> None:
        if self._clock() > self._until:
            raise _TimeIsOver

    def _trace_matches(self, row: TraceRow) -> bool:
        if self._look((row.title or "").encode()) == self._all:
            return True
        query = "SELECT seq FROM requests WHERE trace = ? ORDER BY at DESC, seq DESC"
        masks: list[tuple[int, int]] = []
        for (seq,) in self._reader.query(query, [row.seq]):
            self._check_time()
            mask = self._in_body(seq)
            if mask == self._all:
                return True
            masks.append((seq, mask))
        for seq, mask in masks:
            self._check_time()
            if self._in_answers(seq, mask):
                return True
        return False

    def _request_matches(self, row: RequestRow) -> bool:
        mask = self._in_body(row.seq)
        return mask == self._all or self._in_answers(row.seq, mask)

    def _in_body(self, seq: int) -> int:
        skeleton, parts = self._reader.pieces(seq)
        mask = self._look(_FRAME.sub(b" ", skeleton))
        for part in parts:
            known = self._parts.get(part)
            if known is None:
                known = self._parts[part] = self._look_at_part(part)
            mask |= known
        return mask

    def _look_at_part(self, name: int | bytes) -> int:
        part = self._reader.part(name) or b""
        # Tools and system prompts are the same everywhere: no words of anybody's conversation.
        is_message = any(m in part[:_HEAD] or m in part[-_HEAD:] for m in _MESSAGE_MARKS)
        found = self._look(part) if is_message else 0
        # Letters by chance: a picture has all short words in it.
        if found and (found & self._doubtful or _PICTURE in part):
            found = self._look(_FRAME.sub(b" ", part))
        return found

    def _in_answers(self, seq: int, mask: int) -> bool:
        """Are the words that a request lacks in one of its answers?"""
        for protocol, body in self._reader.answers(seq):
            known = PROTOCOLS.get(protocol)
            if known is None or mask | self._look(b"".join(_SAID.findall(body))) != self._all:
                continue
            said = _FRAME.sub(b" ", jsonio.encode(known.read_answer(body).content))
            if mask | self._look(said) == self._all:
                return True
        return False

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
