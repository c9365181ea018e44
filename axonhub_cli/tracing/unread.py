"""The requests whose answers nobody has read yet, by the words that they answer.

A client sends its own words again as it wrote them. So a request goes on from those unread ones at
most whose last words stand before an answer in it: the others need not be read to know.
"""

from __future__ import annotations

from itertools import islice
from operator import attrgetter

from axonhub_cli.jsonio import Envelope
from axonhub_cli.tracing.fingerprint import History, last_words
from axonhub_cli.tracing.recorder import RequestRecord
from axonhub_cli.tracing.said import is_answer, items_of

FAILED = ("failed", "canceled")
_PROMPTS_LOOKED_AT = 8
"""From the end back: clients put more behind the last answer that was ours."""
_FAILED_LOOKED_AT = 16

_Words = tuple[str | None, bytes | None]
"""Whose key it was, and how the last words begin; None where they are no text."""


class Unread:
    """To be used under a lock."""

    def __init__(self) -> None:
        self._words: dict[str, _Words] = {}
        self._records: dict[_Words, dict[str, RequestRecord]] = {}

    def add(self, record: RequestRecord, envelope: Envelope) -> None:
        """A request has begun."""
        words = self._words[record.id] = record.key, last_words(items_of(envelope) or [])
        self._records.setdefault(words, {})[record.id] = record

    def discard(self, record: RequestRecord) -> None:
        """Its answer was read."""
        words = self._words.pop(record.id, None)
        if words is not None:
            records = self._records[words]
            del records[record.id]
            if not records:
                del self._records[words]

    def before(self, key: str | None, history: History) -> list[RequestRecord]:
        """Those that a request may go on from, and those that it may be once more, the latest
        first; they may not have ended."""
        answered = history.answered(_PROMPTS_LOOKED_AT)
        found: list[RequestRecord] = []
        for words in {None, *answered}:
            if records := self._records.get((key, words)):
                found += records.values()
        last = history.last_words()
        if last not in answered and (records := self._records.get((key, last))):
            again = islice(reversed(records.values()), _FAILED_LOOKED_AT)
            found += [one for one in again if one.status in FAILED]
        return sorted(found, key=_begun, reverse=True) if found else found


def has_answer(envelope: Envelope) -> bool:
    """Does an answer stand in this request?"""
    return any(map(is_answer, reversed(items_of(envelope) or [])))


_begun = attrgetter("at")
