"""CPU that recording one request costs the trace writer's thread.

    python writer.py [ROUNDS]

Entries are made and written in batches, as the thread does it, without the thread. Figures are
ratios of this machine: compare rows of one run.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gen_bodies import make

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.protocols.anthropic.answer import read_totals
from axonhub_cli.tracing.entries import Context, finished_entry
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from axonhub_cli.tracing.redact import Redactor
from axonhub_cli.tracing.store import SqliteStore

HEADERS = [
    (b"authorization", b"Bearer ah-" + b"0" * 64),
    (b"content-type", b"application/json"),
    (b"user-agent", b"bench/1"),
    (b"anthropic-version", b"2023-06-01"),
]
ANSWER = json.dumps(
    {"type": "message", "content": [{"type": "text", "text": "word " * 60}], "usage": {}}
).encode()
DELTA = b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{}}\n\n'
STREAM = b'event: message_start\ndata: {"type":"message_start"}\n\n' + DELTA * 200


def record(body: bytes, answer: bytes, trace: str | None) -> RequestRecord:
    attempt = AttemptRecord("bench", "m", "anthropic", status="completed", http_status=200)
    attempt.answer = [answer[at : at + 1400] for at in range(0, len(answer), 1400)]
    return RequestRecord(
        id=os.urandom(12).hex(),
        at=time.time(),
        trace_id=trace,
        model="m",
        headers=list(HEADERS),
        body=body,
        attempts=[attempt],
        status="completed",
        total_ms=4.0,
    )


def measure(
    name: str, body: bytes, answer: bytes, trace: Callable[[int], str | None], count: int
) -> None:
    context = Context(Redactor(["x" * 90]), TraceSettings(), {"anthropic": read_totals})
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "traces.db")
        store.open()
        clean = context.redactor.body
        store.write([finished_entry(record(body, answer, "first"), context, stored=False)], clean)
        records = [record(body, answer, trace(number)) for number in range(count)]
        began = time.process_time()
        for at in range(0, count, 64):
            batch = records[at : at + 64]
            store.write([finished_entry(r, context, stored=False) for r in batch], clean)
        spent = (time.process_time() - began) / count
        store.close()
        size = (Path(folder) / "traces.db").stat().st_size
    print(f"{name:28}{spent * 1e6:8.0f} µs a request{size / count:10.0f} bytes")


def main() -> None:
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
        small = make("small", "m", stream=False)
        measure("1 KB, no trace", small, ANSWER, lambda _: None, 2048)
        measure("1 KB, a trace each", small, ANSWER, lambda number: f"t{number}", 2048)
        measure("1 KB, 200 deltas back", small, STREAM, lambda _: "t", 1024)
        measure("300 KB, known parts", make("300k", "m", stream=False), ANSWER, lambda _: "t", 256)
        measure("2 MB, known parts", make("2m", "m", stream=False), ANSWER, lambda _: "t", 64)


if __name__ == "__main__":
    main()
