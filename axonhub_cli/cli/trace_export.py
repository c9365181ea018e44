"""`axonhub trace export`: a session, or everything, for other programs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Annotated

import typer

from axonhub_cli.cli import filters, output
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import words
from axonhub_cli.errors import CommandFailed, UsageError

if TYPE_CHECKING:
    from axonhub_cli.tracing.queries import TraceReader
    from axonhub_cli.tracing.rows import RequestRow

FORMATS = ("json", "jsonl", "har", "md")
SOURCES = ("api", "test", "replay")


def export(
    ctx: typer.Context,
    trace_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The trace; the beginning of its id does.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every request instead of a trace's, as jsonl.")
    ] = False,
    since: filters.Since = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="S",
            help="With --all: of clients (api), channel tests (test) or replays (replay) alone.",
            autocompletion=words(*SOURCES),
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="F",
            help=f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}; json unless said otherwise.",
            autocompletion=words(*FORMATS),
        ),
    ] = None,
    file: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of stdout.")
    ] = None,
) -> None:
    """Write out a session with its bodies; credentials are never in it."""
    from axonhub_cli.tracing.queries import TraceReader

    if everything == (trace_id is not None):
        raise UsageError("name one trace, or --all", hint="axonhub trace list")
    chosen = _format(format, everything)
    if not everything:
        _refuse_without_all(since, source)
    if source is not None and source not in SOURCES:
        raise UsageError(f"no such source: {source}", hint=f"there are: {', '.join(SOURCES)}")
    begin = filters.read_since(since, time()) if since is not None else None
    with TraceReader(Session.of(ctx).paths.trace_db) as reader:
        pieces = (
            _every_line(reader, begin, source)
            if trace_id is None
            else _trace(reader, trace_id, chosen)
        )
        _write(pieces, file)


def _format(asked: str | None, everything: bool) -> str:
    chosen = asked or ("jsonl" if everything else "json")
    if chosen not in FORMATS:
        raise UsageError(f"no such format: {chosen}", hint=f"there are: {', '.join(FORMATS)}")
    if everything and chosen != "jsonl":
        raise UsageError("everything at once is written as jsonl", hint="--format jsonl")
    return chosen


def _refuse_without_all(since: str | None, source: str | None) -> None:
    for name, value in (("--since", since), ("--source", source)):
        if value is not None:
            raise UsageError(f"{name} goes with --all")


def _trace(reader: TraceReader, given: str, format: str) -> Iterator[str]:
    from axonhub_cli.cli.transcript import write_transcript
    from axonhub_cli.tracing.export import archive, whole_request
    from axonhub_cli.tracing.turns import read_session

    trace = reader.trace(given)
    rows = reader.list_requests(trace=trace.id, source=None)[::-1]
    if format == "jsonl":
        yield from _lines(reader, rows)
    elif format == "har":
        yield output.as_json(archive(reader, rows))
    elif format == "md":
        yield write_transcript(read_session(reader, trace.id))
    else:
        requests = [whole_request(reader, row) for row in rows]
        yield output.as_json(read_session(reader, trace.id).as_json() | {"exchanges": requests})


def _every_line(reader: TraceReader, since: float | None, source: str | None) -> Iterator[str]:
    from axonhub_cli.tracing.export import all_requests

    return _lines(reader, all_requests(reader, since, source))


def _lines(reader: TraceReader, rows: Iterable[RequestRow]) -> Iterator[str]:
    from axonhub_cli.tracing.export import whole_request

    for row in rows:
        yield output.as_json(whole_request(reader, row), indent=None)


def _write(pieces: Iterator[str], file: str | None) -> None:
    if file is None or file == "-":
        for piece in pieces:
            if output.shows_to_person():
                output.piece(piece)
            else:
                output.raw(piece.encode())
        return
    # The first piece before the file: what cannot be found must not empty a file that is there.
    first = list(islice(pieces, 1))
    try:
        # What people say to their agents is for them alone.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as opened:
            for piece in chain(first, pieces):
                opened.write(piece.encode())
    except OSError as error:
        raise CommandFailed(f"cannot write {file}: {error.strerror}") from error
    output.note(f"written to {Path(file)}")
