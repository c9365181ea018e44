"""The writer thread: takes records from the request path's queue and puts them into the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.protocols.base import Answer
from axonhub_cli.tracing.recorder import RequestRecord, Stage

MAX_QUEUED_BYTES = 32 * 1024 * 1024

ReadAnswer = Callable[[bytes], Answer]


class TraceWriter:
    """Owns the one connection that writes. `put` is for the event loop's thread alone."""

    def __init__(
        self,
        db: Path,
        *,
        settings: TraceSettings,
        secrets: Callable[[], Sequence[str]],
        read_answer: Mapping[str, ReadAnswer],
        max_queued_bytes: int = MAX_QUEUED_BYTES,
        owner: bool = True,
    ) -> None: ...

    @property
    def problem(self) -> str | None:
        """Why traces are not being written; None while all is well."""
        return None

    def start(self) -> None:
        """Start the thread. Never raises for the file's sake: see `problem`."""

    def put(self, record: RequestRecord, stage: Stage) -> None:
        """Queue a record; over the limit its bodies are dropped and counted, the record never."""

    def close(self, timeout: float) -> bool:
        """Write what is queued and stop; False when that took longer than `timeout` seconds."""
        return True
