"""What a long session takes in the trace file, and what recording it costs the writer's thread.

    python session_store.py [--turns 100] [--context 200000] [--words plain|random] [--batch 10]

Each turn resends the whole conversation, as agents do. Sizes count the whole file (rows, indexes,
free pages), against the sum of the request bodies that went in. Times are CPU of making entries
and writing them in batches, without the thread. They are ratios of this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import string
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from axonhub_cli import jsonio
from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.dialects.base import Settings
from axonhub_cli.ir.recall import Recall
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.codec import ReplyContext
from axonhub_cli.providers import PROVIDERS
from axonhub_cli.proxy.convert import Conversion, dialect_of
from axonhub_cli.tracing.entries import Context, finished_entry
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from axonhub_cli.tracing.redact import Redactor
from axonhub_cli.tracing.store import SqliteStore

PLAIN = "the quick code file function returns value error line test module import class".split()


def words(rng: random.Random, size: int, kind: str) -> str:
    """So many characters: a small vocabulary, or letters that no compressor can help."""
    if kind == "random":
        return "".join(rng.choices(string.ascii_letters + string.digits + "  \n", k=size))
    made: list[str] = []
    while sum(map(len, made)) + len(made) < size:
        made += rng.choices(PLAIN, k=200)
    return " ".join(made)[:size]


def session(turns: int, context: int, kind: str) -> Iterator[bytes]:
    """Bodies of about `context` bytes each that grow by a call and its result."""
    rng = random.Random(1)
    tools = [
        {
            "name": f"tool_{n}",
            "description": words(rng, 1500, kind),
            "input_schema": {"type": "object"},
        }
        for n in range(20)
    ]
    messages: list[dict[str, Any]] = [{"role": "user", "content": words(rng, 400, kind)}]
    start = context - 20 * 1600 - 15_000 - turns * 700
    for n in range(40):
        messages += exchange(rng, n, start // 40, kind)
    for n in range(turns):
        body = {
            "model": "claude-opus-5-5",
            "max_tokens": 32000,
            "stream": True,
            "system": [{"type": "text", "text": words(random.Random(2), 15_000, kind)}],
            "tools": tools,
            "messages": mark_last(messages),
        }
        yield json.dumps(body, separators=(",", ":")).encode()
        messages += exchange(rng, 100 + n, 700, kind)


def exchange(rng: random.Random, n: int, size: int, kind: str) -> list[dict[str, Any]]:
    call = {
        "type": "tool_use",
        "id": f"toolu_{n:08d}",
        "name": "tool_1",
        "input": {"path": f"{n}.py"},
    }
    said = {"type": "text", "text": words(rng, 160, kind)}
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": words(rng, size, kind)}
    return [{"role": "assistant", "content": [said, call]}, {"role": "user", "content": [result]}]


def mark_last(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cache mark moves on with every turn, as Claude Code sets it."""
    last = messages[-1]
    if isinstance(last["content"], str):
        return messages
    marked = {**last["content"][-1], "cache_control": {"type": "ephemeral"}}
    return [*messages[:-1], {**last, "content": [*last["content"][:-1], marked]}]


def answer(kind: str, chunks: int) -> list[bytes]:
    """A stream of small deltas, as it is read from the network."""
    rng = random.Random(os.urandom(8))
    start = {
        "type": "message_start",
        "message": {"id": "msg_01" + "x" * 20, "usage": {"input_tokens": 9}},
    }
    events = [event("message_start", start)]
    for _ in range(chunks):
        delta = {"type": "text_delta", "text": words(rng, 12, kind)}
        events.append(
            event(
                "content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}
            )
        )
    end = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"output_tokens": 9},
    }
    events += [event("message_delta", end), event("message_stop", {"type": "message_stop"})]
    return events


def event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def record(body: bytes, chunks: list[bytes]) -> RequestRecord:
    attempt = AttemptRecord("main", "m", "anthropic", status="completed", http_status=200)
    attempt.answer = chunks
    return RequestRecord(
        id=os.urandom(12).hex(),
        at=time.time(),
        trace_id="t",
        model="m",
        headers=[(b"user-agent", b"bench/1"), (b"x-request-id", os.urandom(12).hex().encode())],
        body=body,
        envelope=jsonio.read_envelope(body)[0],
        attempts=[attempt],
        status="completed",
        total_ms=4.0,
    )


def convert(made: RequestRecord, recall: Recall) -> None:
    """What goes upstream to a Chat channel."""
    client, upstream = PROTOCOLS["anthropic"], PROTOCOLS["openai_chat"]
    assert client.codec is not None and made.body is not None and made.envelope is not None
    given = jsonio.decode_around(made.body, made.envelope, client.codec.arrays)
    request = client.codec.decode_request(given, recall)
    conversion = Conversion(
        request,
        client=client,
        upstream=upstream,
        model="gpt-x",
        dialect=dialect_of(PROVIDERS["openai-compatible"], "openai_chat"),
        settings=Settings(caps=PROVIDERS["openai-compatible"].caps, session=None),
        context=ReplyContext(model="m", id="r", created=0, wants_usage=True),
        recall=recall,
    )
    made.attempts[0].sent_body = conversion.body
    made.attempts[0].sent_parts = conversion.parts


def measure(
    kind: str, turns: int, context: int, *, converted: bool, chunks: int, batch: int
) -> None:
    read = {name: protocol.read_totals for name, protocol in PROTOCOLS.items()}
    settings = Context(Redactor(["x" * 90]), TraceSettings(), read)
    recall = Recall()
    total = answers = 0
    spent: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "traces.db")
        store.open()
        made: list[RequestRecord] = []
        for body in session(turns, context, kind):
            made.append(record(body, answer(kind, chunks)))
            total += len(body)
            answers += sum(map(len, made[-1].attempts[0].answer))
            if converted:
                convert(made[-1], recall)
            if len(made) == batch:
                began = time.process_time()
                entries = [finished_entry(each, settings, stored=False) for each in made]
                store.write(entries, settings.redactor.body)
                spent.append((time.process_time() - began) / batch)
                made.clear()
        store.close()
        size = (Path(folder) / "traces.db").stat().st_size
    late = sorted(spent[len(spent) // 2 :])
    print(
        f"{kind:7} {'converted' if converted else 'relayed':10} bodies {total / 1e6:6.2f} MB"
        f"  answers {answers / 1e6:5.2f} MB  file {size / 1e6:5.2f} MB"
        f" = {size / total:6.2%}   CPU {late[len(late) // 2] * 1e3:5.2f} ms a request"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--context", type=int, default=200_000)
    parser.add_argument("--words", choices=("plain", "random"), action="append")
    parser.add_argument("--chunks", type=int, default=60, help="deltas of an answer")
    parser.add_argument("--batch", type=int, default=10, help="requests in a transaction")
    given = parser.parse_args()
    for kind in given.words or ("plain", "random"):
        for converted in (False, True):
            measure(
                kind,
                given.turns,
                given.context,
                converted=converted,
                chunks=given.chunks,
                batch=given.batch,
            )


if __name__ == "__main__":
    main()
