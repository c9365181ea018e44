"""The last bodies of sessions, and which parts of a new one they hold: found by comparing once.

An agent's next body begins, and often ends, with the bytes of its last one. What lies within them
was stored with that one: it is neither looked up nor hashed again. Which of the remembered bodies
is the session's last is found by samples, so that no session needs a name.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from msgspec import Struct

from axonhub_cli.jsonio import ARRAYS, Envelope
from axonhub_cli.tracing.blobs import common_end, common_start
from axonhub_cli.tracing.spans import (
    Items,
    Span,
    Spans,
    count_of,
    find_text,
    first_item,
    in_order,
    items_of,
    next_item,
    text_of,
    walk,
)

MOST_BYTES = 4 * 1024 * 1024
MOST_BODIES = 32
_SAMPLES = tuple(1024 << step for step in range(14))
_SAMPLE = 24
_MOSTLY = 0.75


class Cut(Struct, frozen=True):
    """A body, where its items stand, and under which number each is stored (0: in place)."""

    body: bytes
    items: Items
    numbers: list[int]
    era: int


class Known(Struct, frozen=True):
    """A new body's items, and the numbers of those that the old one has too."""

    items: Items
    numbers: list[int | None]

    def continues(self, old: Cut) -> bool:
        """Is it the same session's next body? Another one begins with the same tools at most."""
        shared = len(self.numbers) - self.numbers.count(None)
        return shared >= _MOSTLY * len(old.numbers)


class LastBodies:
    """Bounded by bytes; the body that was replaced or asked for least lately goes first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._cuts: list[Cut] = []
        self._bytes = 0

    def like(self, body: bytes) -> Cut | None:
        """The body that begins most like this one."""
        best, most = None, 0
        for cut in reversed(self._cuts):
            likeness = _likeness(cut.body, body)
            if likeness > most:
                best, most = cut, likeness
        return best

    def keep(self, cut: Cut, instead: Cut | None = None) -> None:
        """Remember a body whose parts are all stored, instead of the one that it continues."""
        if instead is not None:
            self._cuts = [other for other in self._cuts if other is not instead]
            self._bytes -= len(instead.body)
        if len(cut.body) > self._most_bytes:
            return
        self._cuts.append(cut)
        self._bytes += len(cut.body)
        while self._bytes > self._most_bytes or len(self._cuts) > MOST_BODIES:
            self._bytes -= len(self._cuts.pop(0).body)

    def forget(self) -> None:
        """The parts may not be stored any more."""
        self._cuts, self._bytes = [], 0


def compare(old: Cut, body: bytes, given: Envelope | Spans) -> Known | None:
    """Which items of a body are an older one's; None when it is too unlike to tell.

    `given`: the body's envelope, or where its items stand.
    """
    shared = _Shared(old, body)
    if isinstance(given, Envelope):
        return shared.of_arrays(given)
    return shared.of_spans(given)


class _Shared:
    """What two bodies have in common at their ends."""

    def __init__(self, old: Cut, body: bytes) -> None:
        self._old = old
        self._body = body
        self._start = common_start(old.body, body)
        room = min(len(old.body), len(body)) - self._start
        self._end = len(old.body) - common_end(old.body, body, room)
        self._shift = len(body) - len(old.body)

    def of_spans(self, spans: Spans) -> Known | None:
        before, after = self._shares(self._old.items.spans, len(spans))
        numbers = self._old.numbers
        if list(spans[:before]) != self._old.items.spans[:before]:
            return None
        tail = self._moved(self._old.items.spans, after)
        if tail != list(spans[len(spans) - after :]):
            return None
        items = Items(list(spans), (("", len(spans)),))
        return Known(items, _numbers(numbers, len(spans), before, after))

    def of_arrays(self, envelope: Envelope) -> Known | None:
        found: list[tuple[str, list[Span]]] = []
        numbers: dict[str, list[int | None]] = {}
        at = 0
        for name, count in self._old.items.arrays:
            spans = self._old.items.spans[at : at + count]
            known = self._old.numbers[at : at + count]
            at += count
            given = count_of(envelope, name) if name else 0
            before, after = self._shares(spans, given)
            wanted = given - before - after
            middle = self._between(name, spans[:before], wanted, envelope) if wanted else []
            if middle is None:
                return None
            found.append((name, [*spans[:before], *middle, *self._moved(spans, after)]))
            numbers[name] = _numbers(known, given, before, after)
        made = in_order(found)
        # An array may be new, or be found elsewhere: then all of it is looked at.
        if len(made.spans) != sum(count_of(envelope, name) for name in ARRAYS):
            return None
        return Known(made, [each for name, _ in made.arrays for each in numbers[name]])

    def _shares(self, spans: list[Span], count: int) -> tuple[int, int]:
        """How many of an array's items lie in the common beginning, and how many in the end."""
        before = min(bisect_right(spans, self._start, key=_end_of), count)
        after = len(spans) - bisect_left(spans, self._end, key=_start_of)
        return before, max(0, min(after, len(spans) - before, count - before))

    def _moved(self, spans: list[Span], after: int) -> list[Span]:
        shift = self._shift
        return [(a + shift, b + shift) for a, b in spans[len(spans) - after :]] if after else []

    def _between(
        self, name: str, before: list[Span], count: int, envelope: Envelope
    ) -> list[Span] | None:
        """Where so many items stand that follow these; None when they are not to be found."""
        if (text := text_of(envelope, name)) is not None:
            found = find_text(self._body, name, text)
        else:
            items = items_of(envelope, name)[len(before) :][:count]
            begin = (
                next_item(self._body, before[-1][1])
                if before
                else first_item(self._body, name, items[0])
            )
            found = list(walk(self._body, begin, items))
        return found if len(found) == count else None


def _numbers(known: list[int], count: int, before: int, after: int) -> list[int | None]:
    unknown: list[int | None] = [None] * (count - before - after)
    return [*known[:before], *unknown, *known[len(known) - after :]]


def _likeness(old: bytes, body: bytes) -> int:
    """About how many bytes they have in common at the beginning."""
    reached = 0
    for at in _SAMPLES:
        sample = body[at : at + _SAMPLE]
        if not sample or not old.startswith(sample, at):
            break
        reached = at
    return reached


def _start_of(span: Span) -> int:
    return span[0]


def _end_of(span: Span) -> int:
    return span[1]
