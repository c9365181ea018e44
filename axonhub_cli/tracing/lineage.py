"""Which trace a request without a session belongs to: that of which it contains an earlier answer.

    request ──▶ read what has ended and is not read yet ──▶ an answer we know? ──▶ its trace
    answer  ──▶ open ──▶ read and hashed by the writer, or by whoever asks first ──▶ known

An answer is hashed off the event loop. A client may send its next turn before the writer came to
the last one: a request that repeats answers waits for the reading of the few that are left.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence

from axonhub_cli.protocols.base import Answer, WireProtocol
from axonhub_cli.tracing.fingerprint import (
    Context,
    History,
    Keys,
    answer_keys,
    context_of,
)
from axonhub_cli.tracing.known_answers import Asker, Found, KnownAnswers, Place, choose
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from axonhub_cli.tracing.said import Said, items_of, said_in, said_in_stream
from axonhub_cli.tracing.unread import FAILED, Unread

MOST = 8192
"""Keys; with the place of an answer, each takes some 400 bytes of memory."""
RESTORE_PATIENCE_S = 1.0
_READ_AT_ONCE = 16 * 1024
"""Bytes of answers and prompts: hashing them takes some tenths of a millisecond."""
_READ_IN_TIME = 1024 * 1024
"""The same, of what a request waits for."""


class Lineage:
    """`find`, `begun` are the event loop's; `learn` and `restore` are for other threads."""

    def __init__(self, protocols: Mapping[str, WireProtocol], most: int = MOST) -> None:
        self._protocols = protocols
        self._lock = threading.Lock()
        self._known = KnownAnswers(most)
        self._unread = Unread()
        self._turns: dict[str, tuple[Place, bytes]] = {}
        """Of a request that is not read yet: the answer that it goes on from, and how."""
        self._restored = threading.Event()
        self._restored.set()

    async def find(self, record: RequestRecord) -> str | None:
        """The trace that a request continues; None for one that continues nothing known."""
        envelope = record.envelope
        if envelope is None:
            return None
        history = History(record.key or "", envelope)
        if not history:
            return None
        with self._lock:
            place = self._go_on(record, history, self._known.find_calls(history), only_next=True)
        if place is None:
            # Only now: the step of an agent is known by its calls, whatever else is unread.
            await self._catch_up(record, history)
            with self._lock:
                place = self._go_on(record, history, self._known.find(history))
        return place.trace if place is not None else None

    def begun(self, record: RequestRecord) -> None:
        """A request whose answer may be continued without naming a session."""
        if record.envelope is not None:
            with self._lock:
                self._unread.add(record, record.envelope)

    def learn(self, record: RequestRecord) -> Keys:
        """Read the answer of a request that has ended. Returns its keys, none if it began
        with a session of its own, or said nothing."""
        if not record.linked or record.trace_id is None:
            return ()
        keys = record.answer_keys
        if keys is None:
            # What it followed may have been too much to keep.
            context = context_of(record.envelope) if record.envelope is not None else None
            keys = self._keys(record, context)
            with self._lock:
                # Two may have read it at once; one of them may be gone on from already.
                if record.answer_keys is None:
                    length = context.length if context is not None else None
                    self._known.add(keys, Place(record.trace_id, length, _asker(record)))
                    record.answer_keys = keys
        with self._lock:
            self._unread.discard(record)
        place, step = self._turns.pop(record.id, (None, b""))
        if place is not None and record.status in FAILED:
            place.failed = place.failed or place.step == step
        return keys

    def restoring(self) -> None:
        """What was known before this process began is still to come by `restore`."""
        self._restored.clear()

    def restore(self, known: Sequence[tuple[Keys, str]]) -> None:
        """The keys of earlier answers and their traces, oldest first."""
        try:
            with self._lock:
                self._known.add_older(known)
        finally:
            self._restored.set()

    def _go_on(
        self, record: RequestRecord, history: History, found: Found | None, only_next: bool = False
    ) -> Place | None:
        """The place that a request takes; `only_next`: none that another has taken."""
        if found is None:
            return None
        takes = record.operation == "generate"
        steps = history.steps_after(found.seen)
        place = choose(found.places, steps, asker=_asker(record), takes=takes)
        if only_next and not place.awaits(steps):
            return None
        if takes:
            self._known.go_on(place, steps[-1])
            self._turns[record.id] = place, steps[-1]
        return place

    async def _catch_up(self, record: RequestRecord, history: History) -> None:
        """Read what has ended and may be what this request goes on from."""
        unread, size = self._ended_before(record, history)
        if not self._restored.is_set() or size > _READ_AT_ONCE:
            await asyncio.to_thread(self._read, unread)
        else:
            # Small ones are read sooner than another thread is asked to.
            for earlier in unread:
                self.learn(earlier)

    def _ended_before(
        self, record: RequestRecord, history: History
    ) -> tuple[list[RequestRecord], int]:
        """What a request may go on from whose answer is there to be read, the first one first; and
        its bytes."""
        with self._lock:
            found = self._unread.before(record.key, history)
        ended: list[RequestRecord] = []
        size = 0
        for earlier in found:
            if size > _READ_IN_TIME:
                break
            if self._has_answered(earlier):
                ended.append(earlier)
                size += _size(earlier)
        return ended[::-1], size

    def _read(self, unread: Sequence[RequestRecord]) -> None:
        self._restored.wait(RESTORE_PATIENCE_S)
        for earlier in unread:
            self.learn(earlier)

    def _has_answered(self, record: RequestRecord) -> bool:
        """Has the client got all of it? A stream's last event may be long before its end."""
        if record.status != "running":
            return True
        attempt = record.attempts[-1] if record.attempts else None
        if attempt is None or attempt.status == "completed":
            return attempt is not None
        # One that has failed before any content may be followed by another.
        if attempt.status != "running" or attempt.first_event_ms is None:
            return False
        chunks = _delivered(record)
        protocol = self._protocols.get(record.protocol)
        return bool(chunks and protocol and protocol.is_terminal(b"".join(chunks[-2:])))

    def _keys(self, record: RequestRecord, context: Context | None) -> Keys:
        attempt = record.attempts[-1] if record.attempts else None
        if attempt is None or record.operation != "generate":
            return ()
        said = self._said(record, attempt)
        return answer_keys(record.key or "", context, said)

    def _said(self, record: RequestRecord, attempt: AttemptRecord) -> Said:
        name, answer = record.protocol, b"".join(_delivered(record))
        protocol = self._protocols.get(name)
        if protocol is None or not answer:
            return Said()
        read: Callable[[bytes], Answer] = protocol.read_answer
        is_stream = not answer[:64].lstrip().startswith(b"{")
        said = said_in_stream(name, answer) if is_stream else None
        if said is not None:
            return said
        found = read(answer)
        if attempt.delivered is None and not attempt.answer_rest and record.status != "running":
            attempt.read = found
        return said_in(found.content)


def _asker(record: RequestRecord) -> Asker:
    host = record.peer[0] if record.peer else None
    return hash((record.user_agent, record.model, host)), hash(record.peer)


def _delivered(record: RequestRecord) -> list[bytes]:
    """The answer as the client got it, as far as it has."""
    attempt = record.attempts[-1] if record.attempts else None
    if attempt is None:
        return []
    return attempt.answer if attempt.delivered is None else attempt.delivered


def _size(record: RequestRecord) -> int:
    """About how many bytes are hashed for an answer: its own, and of what it followed."""
    answer = sum([len(chunk) for attempt in record.attempts for chunk in attempt.answer])
    items = items_of(record.envelope) if record.envelope is not None else None
    return answer + sum([memoryview(item).nbytes for item in (items or [])[-1:]])
