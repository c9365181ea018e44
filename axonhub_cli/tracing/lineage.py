"""Which trace a request without a session belongs to: that of which it contains an earlier answer.

    request ──▶ an answer we know? ──yes──▶ its trace, before routing
                     │ no: any answer that has ended and is not read yet? ──▶ read it, look again
    answer  ──▶ open ──▶ read and hashed by the writer, or by whoever asks first ──▶ known

An answer is hashed off the event loop. A client may send its next turn before the writer came to
the last one: that request, and no other, waits for the reading.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from axonhub_cli.protocols.base import Answer, WireProtocol
from axonhub_cli.tracing.fingerprint import (
    Keys,
    Said,
    answer_keys,
    context_of,
    has_history,
    keys_in,
    length,
    said_in,
    said_in_stream,
)
from axonhub_cli.tracing.recorder import RequestRecord

MOST = 8192
"""Keys; with the id of a trace, each takes some 250 bytes of memory."""
RESTORE_PATIENCE_S = 1.0
_READ_AT_ONCE = 16 * 1024
"""Bytes of answers: hashing them takes some tenths of a millisecond."""


class Lineage:
    """`find`, `begun` are the event loop's; `learn` and `restore` are for other threads."""

    def __init__(self, protocols: Mapping[str, WireProtocol], most: int = MOST) -> None:
        self._protocols = protocols
        self._most = most
        self._lock = threading.Lock()
        self._traces: OrderedDict[bytes, list[str]] = OrderedDict()
        self._taken: dict[bytes, int] = {}
        """How many of a key's traces go on: of two conversations that began alike, the next turn
        of each takes one."""
        self._open: dict[str, tuple[int, RequestRecord]] = {}
        """With how many messages they have."""
        self._restored = threading.Event()
        self._restored.set()

    async def find(self, record: RequestRecord) -> str | None:
        """The trace that a request continues; None for one that continues nothing known."""
        if record.envelope is None or not has_history(record.envelope):
            return None
        found = self._look(record)
        if found is not None:
            return found
        # Of what has ended: whose next turn this may be repeats its messages, its answer, and more.
        most = length(record.envelope) - 2
        ended = self._ended(most)
        if not self._restored.is_set() or sum(map(_size, ended)) > _READ_AT_ONCE:
            await asyncio.to_thread(self._catch_up, most)
        elif ended:
            # Small ones are read sooner than another thread is asked to.
            for earlier in ended:
                self.learn(earlier)
        else:
            return None
        return self._look(record)

    def begun(self, record: RequestRecord) -> None:
        """A request whose answer may be continued without naming a session."""
        if record.envelope is not None:
            self._open[record.id] = length(record.envelope), record

    def learn(self, record: RequestRecord) -> Keys:
        """Read the answer of a request that has ended. Returns its keys, none if it began
        with a session of its own, or said nothing."""
        if not record.linked or record.trace_id is None:
            return ()
        if record.answer_keys is None:
            keys = self._keys(record)
            self._add([(key, record.trace_id) for key in keys])
            record.answer_keys = keys
        self._open.pop(record.id, None)
        return record.answer_keys

    def restoring(self) -> None:
        """What was known before this process began is still to come by `restore`."""
        self._restored.clear()

    def restore(self, known: Iterable[tuple[bytes, str]]) -> None:
        """Keys and traces of earlier answers, oldest first."""
        try:
            self._add(known)
        finally:
            self._restored.set()

    def _look(self, record: RequestRecord) -> str | None:
        assert record.envelope is not None
        with self._lock:
            for keys in keys_in(record.key or "", record.envelope, self._traces.__contains__):
                for key in keys:
                    if (traces := self._traces.get(key)) is not None:
                        self._traces.move_to_end(key)
                        return self._take(key, traces)
        return None

    def _take(self, key: bytes, traces: list[str]) -> str:
        """The first that nobody continued yet, else the one continued last."""
        taken = self._taken.get(key, 0)
        self._taken[key] = min(taken + 1, len(traces))
        return traces[min(taken, len(traces) - 1)]

    def _add(self, known: Iterable[tuple[bytes, str]]) -> None:
        with self._lock:
            for key, trace in known:
                traces = self._traces.setdefault(key, [])
                self._traces.move_to_end(key)
                if trace not in traces:
                    traces.append(trace)
                    if len(traces) > _ALIKE:
                        # Of so many that began alike, the oldest will hardly go on.
                        del traces[0]
                        self._taken[key] = max(0, self._taken.get(key, 0) - 1)
            while len(self._traces) > self._most:
                gone, _ = self._traces.popitem(last=False)
                self._taken.pop(gone, None)

    def _ended(self, most: int) -> list[RequestRecord]:
        """The requests of at most so many messages whose answer is there to be read."""
        return [
            record
            for messages, record in list(self._open.values())
            if messages <= most and self._has_answered(record)
        ]

    def _catch_up(self, most: int) -> None:
        self._restored.wait(RESTORE_PATIENCE_S)
        for record in self._ended(most):
            self.learn(record)

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

    def _keys(self, record: RequestRecord) -> Keys:
        attempt = record.attempts[-1] if record.attempts else None
        if attempt is None or record.envelope is None or record.operation != "generate":
            return ()
        chunks = _delivered(record)
        said = self._said(record.protocol, b"".join(chunks))
        return answer_keys(record.key or "", context_of(record.envelope), said)

    def _said(self, name: str, answer: bytes) -> Said:
        protocol = self._protocols.get(name)
        if protocol is None or not answer:
            return Said()
        read: Callable[[bytes], Answer] = protocol.read_answer
        is_stream = not answer[:64].lstrip().startswith(b"{")
        said = said_in_stream(name, answer) if is_stream else None
        return said if said is not None else said_in(read(answer).content)


def _delivered(record: RequestRecord) -> list[bytes]:
    """The answer as the client got it, as far as it has."""
    attempt = record.attempts[-1] if record.attempts else None
    if attempt is None:
        return []
    return attempt.answer if attempt.delivered is None else attempt.delivered


def _size(record: RequestRecord) -> int:
    return sum([len(chunk) for attempt in record.attempts for chunk in attempt.answer])


_ALIKE = 64
