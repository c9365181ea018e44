"""`axonhub request`: single calls of clients, how each was routed and what became of it."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from axonhub_cli.cli import filters, output
from axonhub_cli.cli.commands import noun
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.decisions import print_decision
from axonhub_cli.cli.figures import NOTHING, count, moment, short_ids, took
from axonhub_cli.cli.money import spent
from axonhub_cli.cli.request_diff import show_diff
from axonhub_cli.errors import CommandFailed, UsageError

if TYPE_CHECKING:
    from axonhub_cli.tracing.queries import TraceReader
    from axonhub_cli.tracing.rows import RequestRow, Tokens

app = noun(
    "Single requests, routed and answered.",
    verbs={
        "replay": (
            "axonhub_cli.cli.request_replay:replay",
            "Send one again, to another channel.",
        )
    },
)

NONE_YET = "no requests yet; `axonhub run claude` or `eval $(axonhub env)` sends a client through"


@app.command("list")
def list_requests(
    ctx: typer.Context,
    trace: Annotated[
        str | None, typer.Option("--trace", metavar="ID", help="Of this trace; a short id does.")
    ] = None,
    since: filters.Since = None,
    client: filters.Client = None,
    model: filters.Model = None,
    channel: filters.Channel = None,
    status: filters.Status = None,
    text: filters.Text = None,
    min_cost: filters.MinCost = None,
    tests: Annotated[bool, typer.Option("--tests", help="Channel tests and replays too.")] = False,
    limit: filters.Limit = filters.LIMIT,
    json: filters.Json = False,
) -> None:
    """List requests, the newest first."""
    from axonhub_cli.tracing.queries import TraceReader

    now = time()
    picked = filters.read_filters(
        since=since,
        client=client,
        model=model,
        channel=channel,
        status=status,
        min_cost=min_cost,
        text=text,
        now=now,
    )
    with TraceReader(Session.of(ctx).paths.trace_db) as reader:
        conditions = picked.conditions() | {
            "trace": reader.trace(trace).id if trace is not None else None,
            "source": None if tests else "api",
        }

        def pages(limit: int, offset: int) -> list[RequestRow]:
            return reader.list_requests(**conditions, limit=limit, offset=offset)

        found = filters.find_rows(picked, pages, reader, limit=limit, noun="request", now=now)
    rows = found[:limit]
    if json:
        output.emit_json([row.as_json() for row in rows])
    else:
        narrowed = picked.narrowed or trace is not None
        print_requests(rows, now, empty="no request matches" if narrowed else NONE_YET)
    if len(found) > limit:
        filters.note_rest(limit)


@app.command()
def show(
    ctx: typer.Context,
    request_id: Annotated[
        str, typer.Argument(metavar="ID", help="The request; the beginning of its id does.")
    ],
    body: Annotated[
        bool, typer.Option("--body", help="Only what the client sent, byte for byte.")
    ] = False,
    upstream: Annotated[
        bool, typer.Option("--upstream", help="Only what was sent upstream (last attempt).")
    ] = False,
    answer: Annotated[
        bool, typer.Option("--answer", help="Only what came back (last attempt).")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="What was changed on the way, and why.")
    ] = False,
    json: filters.Json = False,
) -> None:
    """Show one request: its way through axonhub, or one of its bodies."""
    from axonhub_cli.tracing.queries import TraceReader

    picked = [name for name, flag in _flags(body, upstream, answer, diff).items() if flag]
    if len(picked) > 1:
        raise UsageError(f"{' and '.join(f'--{name}' for name in picked)} exclude each other")
    session = Session.of(ctx)
    with TraceReader(session.paths.trace_db) as reader:
        row = reader.request(request_id)
        if diff:
            show_diff(session, reader, row, json=json)
        elif picked:
            _print_body(_read_body(reader, row, picked[0]), picked[0], json=json)
        elif json:
            details = {"headers": reader.headers(row), "decision": reader.decision(row)}
            output.emit_json(row.as_json() | details)
        else:
            _print_request(row, reader.decision(row))


def print_requests(rows: list[RequestRow], now: float, *, empty: str) -> None:
    """The table of requests; ids as short as they may be given."""
    ids = short_ids([row.id for row in rows])
    output.table(
        ("id", "at", "model", "channel", "status", "first", "total", "in", "out", "cost"),
        [
            (
                ids[row.id],
                moment(row.at, now),
                models_of(row) + ("" if row.operation == "generate" else f" ({row.operation})"),
                row.channel or NOTHING,
                status_of(row),
                took(row.first_token_ms),
                took(row.total_ms),
                count(sent_tokens(row.tokens)),
                count(row.tokens.output),
                spent(row.cost_usd, row.unpriced) or NOTHING,
            )
            for row in rows
        ],
        empty=empty,
    )


def models_of(row: RequestRow) -> str:
    """`asked`, or `asked → sent` where they differ."""
    asked = row.model or NOTHING
    if row.upstream_model in (None, asked):
        return asked
    return f"{asked} → {row.upstream_model}"


def status_of(row: RequestRow) -> str:
    """`completed`, `failed 529`, `completed (2 attempts)`."""
    # A stream that broke began with 200, which is not what failed.
    is_answer = row.status == "failed" and (row.http_status or 0) >= 400
    code = f" {row.http_status}" if is_answer else ""
    tries = f" ({len(row.attempts)} attempts)" if len(row.attempts) > 1 else ""
    return f"{row.status}{code}{tries}"


def sent_tokens(tokens: Tokens) -> int | None:
    """All that went in, cached or not; None where nobody said."""
    parts = (tokens.input, tokens.cache_read, tokens.cache_write)
    return None if parts == (None, None, None) else sum(part or 0 for part in parts)


def tokens_in_words(tokens: Tokens) -> str:
    """`812 in (700 from the cache, 90 into it), 55 out (20 reasoning)`."""
    cached = [
        f"{number} {where}"
        for number, where in (
            (tokens.cache_read, "from the cache"),
            (tokens.cache_write, "into it"),
        )
        if number
    ]
    sent = sent_tokens(tokens)
    if sent is None and tokens.output is None:
        return NOTHING
    inside = f" ({', '.join(cached)})" if cached else ""
    thought = f" ({tokens.reasoning} reasoning)" if tokens.reasoning else ""
    return f"{sent or 0} in{inside}, {tokens.output or 0} out{thought}"


def _flags(body: bool, upstream: bool, answer: bool, diff: bool) -> dict[str, bool]:
    return {"body": body, "upstream": upstream, "answer": answer, "diff": diff}


def _read_body(reader: TraceReader, row: RequestRow, which: str) -> bytes:
    if which != "body" and not row.attempts:
        raise CommandFailed(
            "nothing was sent to a provider for this request",
            hint=f"`axonhub request show {row.id}` says why",
        )
    read = {
        "body": reader.request_body,
        "upstream": reader.upstream_body,
        "answer": reader.answer_body,
    }
    found = read[which](row.id)
    dropped = row.attempts[-1].answer_dropped if which == "answer" else 0
    if dropped and found is None:
        raise CommandFailed(
            f"this answer was too much to keep: {dropped:,} bytes went by",
            hint="what it used was counted; `axonhub status` shows how often that happened",
        )
    if dropped:
        output.note(f"hint: the last {dropped:,} bytes were too much to keep")
    if found is None:
        raise CommandFailed(
            "this body was not recorded",
            hint="`axonhub config get server.trace` shows whether bodies are stored",
        )
    return found


def _print_body(body: bytes, which: str, *, json: bool) -> None:
    """Byte for byte into a pipe; for a person's eyes, JSON is indented."""
    from axonhub_cli import jsonio

    if not json and not output.shows_to_person():
        output.raw(body)
        return
    try:
        value: Any = jsonio.decode(body)
    except jsonio.InvalidJson:
        value = body.decode("utf-8", "replace")
    if json:
        output.emit_json({which: value})
    elif isinstance(value, str):
        output.piece(value if value.endswith("\n") else value + "\n")
    else:
        output.emit_json(value)


def _print_request(row: RequestRow, decision: dict[str, Any]) -> None:
    now = time()
    served = f"{row.channel} ({row.upstream_protocol})" if row.channel else NOTHING
    pairs = [
        ("request", row.id),
        ("trace", row.trace_id or NOTHING),
        ("at", moment(row.at, now)),
        ("client", " · ".join(part for part in (row.client, row.user_agent) if part) or NOTHING),
        ("key", (row.key or NOTHING) + (f", profile {row.profile}" if row.profile else "")),
        ("model", models_of(row)),
        ("replay of", str(decision.get("replay_of") or "")),
        ("rule", str(decision.get("rule") or "")),
        ("operation", "" if row.operation == "generate" else row.operation),
        ("protocol", f"{row.protocol}, {'streamed' if row.stream else 'in one piece'}"),
        ("channel", served),
        ("status", _outcome(row)),
        ("error", row.error or ""),
        ("first token", took(row.first_token_ms) if row.first_token_ms is not None else ""),
        ("total time", took(row.total_ms)),
        ("tokens", tokens_in_words(row.tokens)),
        ("cost", cost_in_words(row)),
        ("agent", row.agent_id or ""),
    ]
    output.fields([(name, value) for name, value in pairs if value])
    _print_attempts(row)
    print_decision(decision)
    for loss in row.losses:
        output.line(f"lost: {loss.get('path')} – {loss.get('reason')}")
    for note in decision.get("overrides", []):
        word = "edited" if note.get("applied") else "not edited"
        output.line(f"{word}: {note.get('path')} – {note.get('reason')}")
    output.note(f"hint: `axonhub request show {row.id} --body`, `--upstream`, `--answer`, `--diff`")


def cost_in_words(row: RequestRow) -> str:
    """With the version of its price; a lower bound says so."""
    shown = spent(row.cost_usd, row.unpriced)
    return f"{shown} ({row.price})" if shown and row.price else shown


def _outcome(row: RequestRow) -> str:
    parts = (
        row.status,
        f"HTTP {row.http_status}" if row.http_status else "",
        f"stop reason {row.stop_reason}" if row.stop_reason else "",
    )
    return ", ".join(part for part in parts if part)


def _print_attempts(row: RequestRow) -> None:
    if len(row.attempts) < 2 and row.status == "completed":
        return
    output.line()
    output.table(
        ("attempt", "channel", "model", "status", "http", "first", "took", "cost", "error"),
        [
            (
                str(attempt.n),
                attempt.channel,
                attempt.upstream_model,
                attempt.status,
                str(attempt.http_status or NOTHING),
                took(attempt.first_event_ms),
                took(attempt.ms),
                spent(attempt.cost_usd, attempt.unpriced) or NOTHING,
                attempt.error or "",
            )
            for attempt in row.attempts
        ],
        empty="no attempt was made",
    )
