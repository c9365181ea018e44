"""The queue between the request path and the writer: bounded in bytes, emptied in batches.

`put` is for the event loop's thread, everything else for the writer's. Over the limit the bodies of
a record are dropped and counted; the record itself is let in always.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue

from msgspec import Struct

from axonhub_cli.protocols.essentials import essentials
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord, Stage
from axonhub_cli.tracing.rows import SENT_DROPPED

MAX_QUEUED_BYTES = 8 * 1024 * 1024
"""Bodies over it are dropped: some 25 large conversations wait, or one body of any size."""
LARGEST_ALONE = 32 * 1024 * 1024
BATCH_SECONDS = 0.2
BATCH_RECORDS = 256
BATCH_BYTES = 2 * 1024 * 1024
"""A batch ends with any of the three; what has queued up since goes with it, up to the next two,
so that what was written leaves the memory."""
LARGEST_BATCH = 1024


class Item(Struct):
    record: RequestRecord
    stage: Stage
    size: int


class Intake:
    """A batch that was gathered counts as waiting until `release` is called for it."""

    def __init__(self, most_bytes: int = MAX_QUEUED_BYTES) -> None:
        self.bodies_dropped = 0
        """Records that came in without their bodies."""
        self._most_bytes = most_bytes
        self._largest_alone = max(most_bytes, LARGEST_ALONE)
        self._queue: SimpleQueue[Item | None] = SimpleQueue()
        self._hurry = threading.Event()
        self._closing = False
        # Each is added to by one thread only, so that neither needs a lock.
        self._bytes_put = 0
        self._bytes_done = 0

    @property
    def waiting(self) -> int:
        """Records in the queue."""
        return self._queue.qsize()

    @property
    def waiting_bytes(self) -> int:
        """Bytes of their bodies, and of those that were gathered and not released."""
        return self._bytes_put - self._bytes_done

    @property
    def closed(self) -> bool:
        return self._closing

    def put(self, record: RequestRecord, stage: Stage) -> None:
        """Let a record in; over the limit without its bodies."""
        size = self._admit(record) if stage == "finished" else 0
        self._bytes_put += size
        self._queue.put(Item(record, stage, size))
        if self._is_full() and not self._hurry.is_set():
            self._hurry.set()

    def close(self) -> None:
        """Nothing more is to come: the batch after what is queued is the last."""
        self._closing = True
        self._queue.put(None)
        self._hurry.set()

    def pressure(self) -> float:
        """How much waits: 1 and more when it is time to write rather than to be considerate."""
        if self._closing:
            return 1.0
        return max(2 * self.waiting_bytes / self._most_bytes, self.waiting / BATCH_RECORDS)

    def gather(self, patience: float | None) -> tuple[list[Item], bool]:
        """The next batch, and whether it is the last; empty when none came in so many seconds."""
        items: list[Item] = []
        try:
            item = self._queue.get(timeout=patience)
            if not self._is_full():
                self._hurry.wait(0 if self._closing else BATCH_SECONDS)
            self._hurry.clear()
            size = 0
            while item is not None:
                items.append(item)
                size += item.size
                if len(items) >= LARGEST_BATCH or size >= BATCH_BYTES:
                    return items, False
                item = self._queue.get_nowait()
        except Empty:
            return items, False
        return items, True

    def release(self, items: list[Item]) -> None:
        """These were written, and their bodies let go."""
        self._bytes_done += sum(item.size for item in items)

    def _is_full(self) -> bool:
        """Is there a batch to write without waiting for more?"""
        return self.waiting_bytes >= BATCH_BYTES or self._queue.qsize() >= BATCH_RECORDS

    def _admit(self, record: RequestRecord) -> int:
        """The bytes that the record may bring into the queue; drops the bodies that are too much.

        Answers are worth more than requests, and are smaller. Of one that is too much, what it
        used is kept, so that a full queue costs no tokens and no money.
        """
        waiting = self.waiting_bytes
        room = self._most_bytes - waiting if waiting else self._largest_alone
        answers = sum(map(_answer_bytes, record.attempts))
        sent = sum(len(attempt.sent_body or b"") for attempt in record.attempts)
        told = sum(sum(map(len, attempt.delivered or ())) for attempt in record.attempts)
        whole = answers + sent + told + len(record.body or b"")
        if whole <= room:
            return whole
        self.bodies_dropped += 1
        # Else an attempt without a body of its own would be one that sent the client's.
        edited = [n for n, attempt in enumerate(record.attempts, 1) if attempt.sent_body]
        if edited:
            record.decision[SENT_DROPPED] = edited
        record.body = record.envelope = None
        for attempt in record.attempts:
            attempt.sent_body = None
            if attempt.delivered is not None:
                attempt.delivered = []
            if answers > room:
                _cut_answer(attempt)
        return answers if answers <= room else sum(map(_answer_bytes, record.attempts))


def average_size(items: Sequence[Item]) -> int:
    """Bytes of bodies that each of these has."""
    return sum(item.size for item in items) // max(1, len(items))


def _answer_bytes(attempt: AttemptRecord) -> int:
    return sum(map(len, attempt.answer)) + len(attempt.answer_rest)


def _cut_answer(attempt: AttemptRecord) -> None:
    size = sum(map(len, attempt.answer))
    if not size:
        return
    # Of an answer that was too large to keep whole, its end is known apart.
    kept = essentials([*attempt.answer, b"\n\n", attempt.answer_rest])
    attempt.answer, attempt.answer_rest = [], kept
    attempt.answer_dropped += size
