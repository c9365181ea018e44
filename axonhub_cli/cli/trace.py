"""`axonhub trace`: what went through, by session."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, Annotated

import typer

from axonhub_cli.cli import filters, output
from axonhub_cli.cli.commands import noun
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.figures import NOTHING, ago, count, short_ids
from axonhub_cli.cli.request import sent_tokens

if TYPE_CHECKING:
    from axonhub_cli.tracing.rows import TraceRow

app = noun(
    "Recorded sessions.",
    verbs={
        "tail": ("axonhub_cli.cli.trace_tail:tail", "Follow requests as they begin and end."),
        "export": ("axonhub_cli.cli.trace_export:export", "Write out a session, or everything."),
        "prune": ("axonhub_cli.cli.trace_prune:prune", "Forget old requests."),
    },
)

NONE_YET = "no traces yet; `axonhub run claude`, or `eval $(axonhub env)` and start your client"


@app.command("list")
def list_traces(
    ctx: typer.Context,
    since: filters.Since = None,
    client: filters.Client = None,
    model: filters.Model = None,
    channel: filters.Channel = None,
    status: filters.Status = None,
    text: filters.Text = None,
    min_cost: filters.MinCost = None,
    thread: Annotated[
        str | None,
        typer.Option("--thread", metavar="ID", help="Of this thread; a short id does."),
    ] = None,
    limit: filters.Limit = filters.LIMIT,
    json: filters.Json = False,
) -> None:
    """List traces, the one that changed last first."""
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
        of_thread = reader.thread(thread) if thread is not None else None
        conditions = picked.conditions() | {"thread": of_thread}

        def pages(limit: int, offset: int) -> list[TraceRow]:
            return reader.list_traces(**conditions, limit=limit, offset=offset)

        found = filters.find_rows(picked, pages, reader, limit=limit, noun="trace", now=now)
    rows = found[:limit]
    if json:
        output.emit_json([row.as_json() for row in rows])
    else:
        narrowed = picked.narrowed or thread is not None
        _print_traces(rows, now, empty="no trace matches" if narrowed else NONE_YET)
    if len(found) > limit:
        filters.note_rest(limit)


@app.command()
def show(
    ctx: typer.Context,
    trace_id: Annotated[
        str, typer.Argument(metavar="ID", help="The trace; the beginning of its id does.")
    ],
    json: filters.Json = False,
) -> None:
    """Show a session: turns, tool calls, answers, failed attempts."""
    from axonhub_cli.cli.conversation import tell
    from axonhub_cli.cli.trees import print_tree
    from axonhub_cli.tracing.queries import TraceReader
    from axonhub_cli.tracing.turns import read_session

    with TraceReader(Session.of(ctx).paths.trace_db) as reader:
        view = read_session(reader, trace_id)
    if json:
        output.emit_json(view.as_json())
        return
    print_tree(tell(view, time(), drawn=output.shows_pictures()))


def _print_traces(rows: list[TraceRow], now: float, *, empty: str) -> None:
    ids = short_ids([row.id for row in rows])
    output.table(
        ("id", "changed", "client", "requests", "in", "out", "status", "models", "title"),
        [
            (
                ids[row.id],
                ago(row.updated_at, now),
                row.client or NOTHING,
                str(row.requests),
                count(sent_tokens(row.tokens)),
                count(row.tokens.output),
                row.status,
                ", ".join(row.models),
                row.title or NOTHING,
            )
            for row in rows
        ],
        empty=empty,
    )
