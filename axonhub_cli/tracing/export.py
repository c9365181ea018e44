"""Recorded requests for other programs: whole as JSON, or as an HTTP archive (HAR 1.2).

The JSON form has all that the file has of a request, and null for what is not known.

Bodies and headers come out as they are stored: credentials were starred out before they were
written. An archive has an entry for each call upstream, since those are the ones with an address;
a request that went nowhere has one of its own.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from axonhub_cli import __version__, jsonio
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.rows import AttemptRow, RequestRow, Tokens, timestamp

Object = dict[str, Any]

_HTTP = "HTTP/1.1"
_JSON = "application/json"
_PAGE = 100


def whole_request(reader: TraceReader, row: RequestRow) -> Object:
    """Everything that is known of a request: its row, headers, decision and bodies.

    The members are those of `request list --json` and more; durations are milliseconds. A body is
    a JSON value where it is JSON, else a text, or `{"base64": …}` where it is none, and None where
    it was not stored.
    """
    decision = reader.decision(row)
    return {
        **row.as_json(),
        "error_kind": decision.get("error_kind"),
        "thread_id": reader.thread_of(row),
        **_members(row, _MORE_OF_A_REQUEST),
        "tokens": _tokens(row.tokens),
        "attempts": [_whole_attempt(reader, row, attempt) for attempt in row.attempts],
        "headers": reader.headers(row),
        "decision": decision,
        "body": readable(reader.request_body(row.id)),
    }


def _whole_attempt(reader: TraceReader, row: RequestRow, attempt: AttemptRow) -> Object:
    return {
        **attempt.as_json(),
        **_members(attempt, _MORE_OF_AN_ATTEMPT),
        "tokens": _tokens(attempt.tokens),
        "sent": readable(reader.upstream_body(row.id, attempt.n)),
        "answer": readable(reader.answer_body(row.id, attempt.n)),
    }


def _members(row: RequestRow | AttemptRow, names: Iterable[str]) -> Object:
    values = {name: getattr(row, name) for name in names}
    return {n: round(v, 3) if isinstance(v, float) else v for n, v in values.items()}


def _tokens(tokens: Tokens) -> Object:
    """As they are in the file: null is not 0."""
    return {name: getattr(tokens, name) for name in tokens.__struct_fields__}


_MORE_OF_A_REQUEST = (
    *("user_agent", "parent_agent_id", "prompt_id", "request_class", "traceparent"),
    *("first_token_ms", "total_ms"),
)
_MORE_OF_AN_ATTEMPT = (
    *("n", "http_status", "upstream_protocol", "url", "upstream_request_id", "stop_reason"),
    *("offset_ms", "delay_ms", "first_event_ms", "ms"),
)


def all_requests(
    reader: TraceReader, since: float | None, source: str | None = None
) -> Iterator[RequestRow]:
    """Every request in the order in which they were recorded; `source`: of `api`, `test` or
    `replay` alone."""
    last = 0
    while page := reader.requests_after(last, since=since, source=source, limit=_PAGE):
        yield from page
        last = page[-1].seq


def archive(reader: TraceReader, rows: Iterable[RequestRow]) -> Object:
    """The HAR document of these requests."""
    entries = [entry for row in rows for entry in _entries(reader, row)]
    creator = {"name": "axonhub", "version": __version__}
    return {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": entries}}


def readable(body: bytes | None) -> Json:
    """A body as a JSON value, or as a text, or `{"base64": …}`."""
    if body is None:
        return None
    try:
        return jsonio.decode(body)
    except jsonio.InvalidJson:
        text, encoding = _as_text(body)
        return text if encoding is None else {encoding: text}


def _as_text(data: bytes) -> tuple[str, str | None]:
    """Bytes as a text, and how that is encoded where they are none."""
    try:
        return data.decode(), None
    except UnicodeDecodeError:
        return b64encode(data).decode(), "base64"


def _entries(reader: TraceReader, row: RequestRow) -> Iterator[Object]:
    for attempt in row.attempts:
        sent = reader.upstream_body(row.id, attempt.n)
        answer = reader.answer_body(row.id, attempt.n)
        yield _entry(reader, row, attempt, sent, answer)
    if not row.attempts:
        yield _entry(reader, row, None, reader.request_body(row.id), None)


def _entry(
    reader: TraceReader,
    row: RequestRow,
    attempt: AttemptRow | None,
    sent: bytes | None,
    answer: bytes | None,
) -> Object:
    began = row.at + (attempt.offset_ms / 1000 if attempt is not None else 0)
    lasted = (attempt.ms if attempt is not None else row.total_ms) or 0.0
    wait = min(lasted, (attempt.first_event_ms if attempt is not None else None) or lasted)
    error = attempt.error if attempt is not None else row.error
    return {
        "startedDateTime": timestamp(began),
        "time": lasted,
        "request": _request(row, attempt, sent),
        "response": _response(attempt.http_status if attempt else row.http_status, error, answer),
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": lasted - wait},
        "comment": f"request {row.id}, channel {attempt.channel if attempt else 'none'}",
        "_axonhub": row.as_json()
        | {"attempt": attempt.n if attempt else None, "client_headers": reader.headers(row)},
    }


def _request(row: RequestRow, attempt: AttemptRow | None, sent: bytes | None) -> Object:
    url = attempt.url if attempt is not None else None
    url = url or f"http://localhost{_path(row)}"
    text = "" if sent is None else sent.decode("utf-8", "replace")
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return {
        "method": "POST",
        "url": url,
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": [{"name": "content-type", "value": _JSON}],
        "queryString": [{"name": name, "value": value} for name, value in query],
        "postData": {"mimeType": _JSON, "params": [], "text": text},
        "headersSize": -1,
        "bodySize": -1 if sent is None else len(sent),
    }


def _response(status: int | None, error: str | None, answer: bytes | None) -> Object:
    streamed = answer is not None and not answer.lstrip()[:1] == b"{"
    kind = "text/event-stream" if streamed else _JSON
    text, encoding = _as_text(answer or b"")
    return {
        # 0 is what browsers write where no answer came.
        "status": status or 0,
        "statusText": _phrase(status),
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": [{"name": "content-type", "value": kind}] if answer else [],
        "content": {
            "size": len(answer or b""),
            "mimeType": kind,
            "text": text,
            **({"encoding": encoding} if encoding is not None else {}),
        },
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1 if answer is None else len(answer),
        "comment": error or "",
    }


def _path(row: RequestRow) -> str:
    known = PROTOCOLS.get(row.protocol)
    routes = known.routes if known is not None else ()
    return next((r.paths[0] for r in routes if r.operation == row.operation), "/")


def _phrase(status: int | None) -> str:
    try:
        return HTTPStatus(status or 0).phrase
    except ValueError:
        return ""
