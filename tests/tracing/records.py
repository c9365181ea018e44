"""Builders for the tests of tracing: captured requests, answers, records, and a store of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.protocols.anthropic.answer import read_totals
from axonhub_cli.tracing.entries import Context, finished_entry
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from axonhub_cli.tracing.redact import Redactor
from axonhub_cli.tracing.store import SqliteStore

FIXTURES = Path(__file__).parent.parent / "fixtures"
NOON = 1_795_500_000.0
READERS = {"anthropic": read_totals}


def captured(name: str) -> dict[str, Any]:
    """A captured request: `claude-code/basic`."""
    loaded: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text())
    return loaded


def body_of(name: str) -> bytes:
    """A captured request's body, written as JavaScript writes it."""
    body = captured(name)["body"]
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(name: str) -> list[tuple[bytes, bytes]]:
    """A captured request's headers, as an ASGI server hands them over."""
    return [(k.lower().encode(), v.encode()) for k, v in captured(name)["headers"]]


def message(*blocks: dict[str, Any], **usage: Any) -> bytes:
    """A complete answer in JSON."""
    counts = {"input_tokens": 3, "output_tokens": 5} | usage
    return json.dumps(
        {
            "type": "message",
            "role": "assistant",
            "model": "claude-opus-5-5",
            "content": list(blocks),
            "stop_reason": "end_turn",
            "usage": counts,
        }
    ).encode()


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def attempt(answer: bytes = b"", **changes: Any) -> AttemptRecord:
    """A completed attempt on channel `main`."""
    made = AttemptRecord("main", "claude-opus-5-5", "anthropic")
    made.status, made.http_status, made.ms = "completed", 200, 40.0
    made.answer = [answer[at : at + 100] for at in range(0, len(answer), 100)]
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def record(name: str, **changes: Any) -> RequestRecord:
    """A completed request of trace `s1` with one completed attempt."""
    made = RequestRecord(
        id=name,
        at=NOON,
        trace_id="s1",
        key="default",
        profile="plain",
        model="claude-opus-5-5",
        client="claude-code",
        body=b'{"model":"claude-opus-5-5","messages":[{"role":"user","content":"say pong"}]}',
        attempts=[attempt(message(text("pong")))],
        status="completed",
        http_status=200,
        total_ms=50.0,
    )
    for field, value in changes.items():
        setattr(made, field, value)
    return made


def context(*secrets: str, **settings: Any) -> Context:
    return Context(Redactor(secrets), TraceSettings(**settings), READERS)


def store(path: Path, records: Sequence[RequestRecord], *secrets: str) -> TraceReader:
    """Write finished records and open the file for reading."""
    made = context(*secrets)
    opened = SqliteStore(path)
    opened.open()
    for one in records:
        opened.write([finished_entry(one, made, stored=False)], made.redactor.body)
    opened.close()
    return TraceReader(path)
