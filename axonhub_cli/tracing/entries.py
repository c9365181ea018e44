"""Turn what the request path noted into what the store keeps: plain columns, cleaned, answers read.

Runs in the writer thread. An entry holds no credential but inside raw bodies, which the store
cleans part by part, so that a part it knows already is not looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from axonhub_cli import jsonio
from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.ir.response import Usage
from axonhub_cli.jsonio import Envelope, Json
from axonhub_cli.protocols.base import Answer
from axonhub_cli.tracing.asked import read_asked
from axonhub_cli.tracing.beside import is_beside
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord
from axonhub_cli.tracing.redact import Redactor
from axonhub_cli.tracing.sent_headers import compare_headers
from axonhub_cli.tracing.spent import (
    Charging,
    Spent,
    charge_nothing,
    find_spent,
    sum_usage,
    sum_usd,
)
from axonhub_cli.tracing.title import find_title
from axonhub_cli.tracing.unread import has_answer

ReadAnswer = Callable[[bytes], Answer]
Row = dict[str, str | int | float | bytes | None]

_BORING_HEADERS = (b"content-length",)
"""Differs with every request and says what the body's size says: without it, headers repeat."""

_NO_ANSWER = Answer()


class Body(Struct):
    """Bytes to keep: attempt 0 is the client's side. `base`: they are an edit of these bytes."""

    attempt: int
    kind: str
    data: bytes
    base: bytes | None = None
    envelope: Envelope | None = None
    parts: list[tuple[int, int]] | None = None
    """Where its items stand, in order, if that is known without its envelope."""
    known: bool = False
    """The store has it since the request was a running one, if it has that."""


class Entry(Struct, kw_only=True):
    """One request as the store takes it; `request` and `attempts` are columns by name, and
    `error_kind`, which is for whoever counts."""

    request: Row
    attempts: list[Row]
    bodies: list[Body]
    headers: bytes
    decision: bytes
    trace_id: str | None
    thread_id: str | None
    title: Callable[[], str | None]
    """Called when the trace has none yet. The user's words: None where those are not kept."""
    spent: list[Spent] = []
    """Of each attempt that an upstream charges for."""
    ended: bool = False
    counted: bool = False
    """The store has this request already, as a running one."""

    def let_go(self) -> None:
        """Of its bodies; its title is made now, because who makes it later holds them too."""
        self.bodies = []
        try:
            title = self.title()
        except Exception:
            title = None
        self.title = lambda: title


class Context(Struct, frozen=True):
    """What entries are made with; all of it may change while the daemon runs."""

    redactor: Redactor
    settings: TraceSettings
    read_answer: Mapping[str, ReadAnswer]
    charge: Charging = charge_nothing


def running_entry(record: RequestRecord, context: Context) -> Entry:
    """A request that goes on: the attempts so far, and no answers."""
    answers = [_NO_ANSWER] * len(record.attempts)
    entry = _entry(record, answers, [()] * len(answers), context)
    if context.settings.bodies == "on":
        entry.bodies = _request_bodies(record, context)
        entry.title = _titling(record, context)
    return entry


def finished_entry(record: RequestRecord, context: Context, *, stored: bool) -> Entry:
    """A request that ended. `stored`: its own body is in the store since it was a running one."""
    raw = [b"".join(attempt.answer) for attempt in record.attempts]
    answers = [
        _answer(attempt, body, context) for attempt, body in zip(record.attempts, raw, strict=True)
    ]
    entry = _entry(record, answers, find_spent(record, answers, context.charge), context)
    entry.ended = record.operation == "generate"
    if entry.request["status"] == "running":
        entry.request |= {"status": "failed", "error_kind": "internal"}
    entry.counted = stored
    if not _keeps_bodies(entry, context.settings):
        return entry
    entry.title = _titling(record, context)
    entry.bodies = _request_bodies(record, context)
    for body in entry.bodies:
        body.known = stored and context.settings.bodies == "on"
    entry.bodies += _sent_bodies(record, context)
    if context.settings.store_response_body:
        entry.bodies += [Body(n, "answer", body) for n, body in enumerate(raw, 1) if body]
    return entry


def _entry(
    record: RequestRecord, answers: list[Answer], spent: list[tuple[Spent, ...]], context: Context
) -> Entry:
    clean = context.redactor.text
    charged = [replace(one, model=clean(one.model)) for each in spent for one in each]
    row = _request(record, answers[-1] if answers else _NO_ANSWER, clean)
    if record.losses:
        row["losses"] = jsonio.encode(context.redactor.texts(record.losses)).decode()
    row |= _counts(sum_usage(charged) if charged else Usage())
    row["cost_usd"] = _dollars(sum_usd(charged))
    row["price"] = next((one.price for one in reversed(charged) if one.price is not None), None)
    row["unpriced"] = sum(not one.whole for one in charged)
    hidden = tuple(pair for pair in record.headers if pair[0] not in _BORING_HEADERS)
    return Entry(
        request=row,
        attempts=[
            _attempt(attempt, answer, used, clean)
            for attempt, answer, used in zip(record.attempts, answers, spent, strict=False)
        ],
        bodies=[],
        headers=context.redactor.headers(hidden),
        decision=context.redactor.document(_decision(record)),
        # A test is nobody's conversation.
        trace_id=_optional(clean, record.trace_id) if record.source == "api" else None,
        thread_id=_optional(clean, record.thread_id),
        title=lambda: None,
        spent=charged,
    )


def _decision(record: RequestRecord) -> dict[str, Json]:
    known = record.routed() | record.decision
    if any(headers := compare_headers(record)):
        known |= {"sent_headers": headers}
    return known if record.error_kind is None else known | {"error_kind": record.error_kind}


def _request(record: RequestRecord, answer: Answer, clean: Callable[[str], str]) -> Row:
    """`answer`: of the last attempt."""
    last = record.attempts[-1] if record.attempts else None
    return {
        "id": record.id,
        "at": record.at,
        "source": record.source,
        "key": record.key,
        "profile": record.profile,
        "client": record.client,
        "user_agent": _optional(clean, record.user_agent),
        "protocol": record.protocol,
        "operation": record.operation,
        "model": _optional(clean, record.model),
        "stream": record.stream,
        "channel": last.channel if last else None,
        "upstream_model": _optional(clean, last.upstream_model) if last else None,
        "upstream_protocol": last.upstream_protocol if last else None,
        "status": record.status,
        "http_status": record.http_status,
        "error": _optional(clean, record.error),
        "error_kind": record.error_kind,
        "stop_reason": _optional(clean, answer.stop_reason),
        "first_token_ms": record.first_token_ms,
        "total_ms": record.total_ms,
        "link": None,
        "losses": None,
        **_belonging(record, clean),
    }


def _belonging(record: RequestRecord, clean: Callable[[str], str]) -> Row:
    return {
        "agent_id": _optional(clean, record.agent_id),
        "parent_agent_id": _optional(clean, record.parent_agent_id),
        "prompt_id": _optional(clean, record.prompt_id),
        "request_class": _optional(clean, record.request_class),
        "traceparent": _optional(clean, record.traceparent),
        # As the request path read it, which has told upstreams of spans in that trace; of what is
        # exported by it, ids alone are left.
        "trace_context": record.traceparent,
    }


def _attempt(
    attempt: AttemptRecord,
    answer: Answer,
    used: tuple[Spent, ...],
    clean: Callable[[str], str],
) -> Row:
    return {
        "channel": attempt.channel,
        "label": attempt.label,
        "upstream_model": clean(attempt.upstream_model),
        "upstream_protocol": attempt.upstream_protocol,
        "url": _optional(clean, attempt.url),
        "upstream_request_id": _optional(clean, attempt.upstream_request_id),
        "status": attempt.status,
        "http_status": attempt.http_status,
        "error": _optional(clean, attempt.error or answer.error),
        "error_kind": attempt.error_kind,
        "stop_reason": _optional(clean, answer.stop_reason),
        "offset_ms": attempt.offset_ms,
        "delay_ms": attempt.delay_ms,
        "first_event_ms": attempt.first_event_ms,
        "ms": attempt.ms,
        "answer_dropped": attempt.answer_dropped,
        "cost_usd": _dollars(sum_usd(used)),
        "price": used[0].price if used else None,
        "unpriced": int(not all(one.whole for one in used)),
        # For whoever is told of the entry; the file has no such columns.
        "answer_model": _optional(clean, answer.model),
        "answer_id": _optional(clean, answer.id),
        # What is not charged for is told all the same.
        **_counts(sum_usage(used) if used else answer.usage),
    }


def _counts(usage: Usage) -> Row:
    return {
        "input": usage.input,
        "cache_read": usage.cache_read,
        "cache_write": usage.cache_write,
        "cache_write_5m": usage.cache_write_5m,
        "cache_write_1h": usage.cache_write_1h,
        "output": usage.output,
        "reasoning": usage.reasoning,
    }


def _keeps_bodies(entry: Entry, settings: TraceSettings) -> bool:
    """A request that was answered by the second channel has failed once, too."""
    if settings.bodies != "on_failure":
        return settings.bodies == "on"
    rows = (entry.request, *entry.attempts)
    return any(row["status"] != "completed" for row in rows)


def _request_bodies(record: RequestRecord, context: Context) -> list[Body]:
    if record.body is None or not context.settings.store_request_body:
        return []
    return [Body(0, "request", record.body, envelope=record.envelope)]


def _sent_bodies(record: RequestRecord, context: Context) -> list[Body]:
    if not context.settings.store_request_body:
        return []
    return [
        Body(n, "request", attempt.sent_body, base=record.body, parts=attempt.sent_parts)
        for n, attempt in enumerate(record.attempts, 1)
        if attempt.sent_body is not None
    ]


def _answer(attempt: AttemptRecord, body: bytes, context: Context) -> Answer:
    found, attempt.read = attempt.read, None
    if found is not None:
        return found
    telling = attempt.telling() if attempt.answer_rest else body
    return _read(context.read_answer.get(attempt.upstream_protocol), telling)


def _read(read_answer: ReadAnswer | None, body: bytes) -> Answer:
    return read_answer(body) if read_answer is not None and body else _NO_ANSWER


def _titling(record: RequestRecord, context: Context) -> Callable[[], str | None]:
    if not context.settings.store_request_body:
        return lambda: None
    return lambda: _title(record, context.redactor.text)


def _title(record: RequestRecord, clean: Callable[[str], str]) -> str | None:
    if record.body is None or record.agent_id is not None:
        return None
    # What has an answer in it is a conversation, whatever it is about; reading it takes its time.
    if record.envelope is None or not has_answer(record.envelope):
        asked = read_asked(record.protocol, record.body, record.operation, record.request_class)
        client, said = record.client, record.request_class
        if asked.side and is_beside(asked.side, client, said, other_conversation=False):
            return None
    return _optional(clean, find_title(record.body, record.envelope))


def _dollars(usd: Decimal | None) -> float | None:
    return None if usd is None else float(usd)


def _optional(clean: Callable[[str], str], text: str | None) -> str | None:
    return None if text is None else clean(text)
