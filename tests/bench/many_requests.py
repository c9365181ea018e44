"""A trace file with a million requests, and how long the lists take on it.

    python many_requests.py FOLDER [--requests 1000000] [--days 30]   # fills it, if it is empty
    python many_requests.py FOLDER --ask                                # only asks

Requests go through the store as the writer makes them: ten of a trace, each with a body that
repeats its trace's, an answer, an attempt or two. Asking is done by a new process for each figure's
sake: `axonhub` would add the start of Python, the same for all.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.protocols.anthropic.answer import read_totals
from axonhub_cli.tracing.entries import Context, finished_entry
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from axonhub_cli.tracing.redact import Redactor
from axonhub_cli.tracing.store import SqliteStore

IN_TRACE = 10
BATCH = 500
CLIENTS = ("claude-code", "codex", "opencode", "openai-sdk", "unknown")
MODELS = ("claude-opus-5-5", "claude-haiku-4-5", "gpt-5.5", "gemini-3.5-flash", "local")
CHANNELS = ("main", "second", "third", "cheap")


def request(rng: random.Random, number: int, at: float) -> RequestRecord:
    trace, turn = divmod(number, IN_TRACE)
    turns = [f"question {trace} {n}, {rng.getrandbits(64):x}" for n in range(turn + 1)]
    body = json.dumps(
        {"model": "m", "messages": [{"role": "user", "content": text} for text in turns]}
    )
    usage = {"input_tokens": rng.randrange(9000), "output_tokens": rng.randrange(900)}
    said = [{"type": "text", "text": f"answer {rng.getrandbits(256):x}"}]
    answer = json.dumps({"type": "message", "content": said, "usage": usage}).encode()
    failed = rng.random() < 0.05
    attempts = [attempt(rng, answer, failed=False)]
    if failed:
        attempts.insert(0, attempt(rng, b'{"type":"error"}', failed=True))
    return RequestRecord(
        id=f"req_{rng.getrandbits(96):024x}",
        at=at,
        trace_id=f"tr_{trace:08x}",
        key="default",
        profile="default",
        model=MODELS[trace % 5],
        client=CLIENTS[trace % 5],
        user_agent="bench/1",
        headers=[(b"user-agent", b"bench/1"), (b"content-type", b"application/json")],
        body=body.encode(),
        attempts=attempts,
        status="failed" if rng.random() < 0.01 else "completed",
        http_status=200,
        total_ms=rng.random() * 9000,
    )


def attempt(rng: random.Random, answer: bytes, *, failed: bool) -> AttemptRecord:
    made = AttemptRecord(rng.choice(CHANNELS), "m", "anthropic")
    made.status = "failed" if failed else "completed"
    made.http_status = 529 if failed else 200
    made.answer = [answer]
    return made


def fill(path: Path, requests: int, days: float) -> None:
    rng = random.Random(1)
    made = Context(Redactor(["x" * 90]), TraceSettings(), {"anthropic": read_totals})
    store = SqliteStore(path)
    store.open()
    now = time.time()
    began = time.process_time()
    for first in range(0, requests, BATCH):
        entries = [
            finished_entry(
                request(rng, number, now - days * 86400 * (1 - number / requests)),
                made,
                stored=False,
            )
            for number in range(first, min(first + BATCH, requests))
        ]
        store.write(entries, made.redactor.body)
    store.close()
    print(f"filled with {requests:,} requests in {time.process_time() - began:.0f} s of CPU")


def ask(path: Path) -> None:
    size = path.stat().st_size
    with TraceReader(path) as reader:
        newest = reader.list_traces(limit=1)[0]
    questions: dict[str, Callable[[TraceReader], object]] = {
        "trace list": lambda r: r.list_traces(limit=51),
        "trace list, of a client": lambda r: r.list_traces(client="codex", limit=51),
        "trace list, of a model": lambda r: r.list_traces(model="gpt-5.5", limit=51),
        "trace list, failed": lambda r: r.list_traces(status="failed", limit=51),
        "trace list, of no such client": lambda r: r.list_traces(client="none", limit=51),
        "trace list, of no such model": lambda r: r.list_traces(model="none", limit=51),
        "trace list, of no such channel": lambda r: r.list_traces(channel="none", limit=51),
        "trace list, running": lambda r: r.list_traces(status="running", limit=51),
        "trace list, since a day": lambda r: r.list_traces(since=time.time() - 86400, limit=51),
        "trace show": lambda r: r.list_requests(trace=newest.id, source=None),
        "request list": lambda r: r.list_requests(limit=51),
        "request list, failed": lambda r: r.list_requests(status="failed", limit=51),
        "request list, of no such client": lambda r: r.list_requests(client="none", limit=51),
        "request list, of no such model": lambda r: r.list_requests(model="none", limit=51),
        "request list, of no such channel": lambda r: r.list_requests(channel="none", limit=51),
        "request list, running": lambda r: r.list_requests(status="running", limit=51),
        "request list, tests": lambda r: r.list_requests(source="test", limit=51),
    }
    print(f"{path} has {size / 1e6:,.0f} MB")
    for name, question in questions.items():
        times = []
        for _ in range(3):
            with TraceReader(path) as reader:
                began = time.perf_counter()
                question(reader)
                times.append(time.perf_counter() - began)
        print(f"{name:36}{min(times) * 1000:9.1f} ms, at first {times[0] * 1000:9.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--ask", action="store_true")
    given = parser.parse_args()
    path = given.folder / "traces.db"
    os.makedirs(given.folder, exist_ok=True)
    if not given.ask and not path.exists():
        fill(path, given.requests, given.days)
    ask(path)


if __name__ == "__main__":
    main()
