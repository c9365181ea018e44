"""`axonhub request replay`: the same request to another channel, both answers side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from axonhub_cli.cli import filters, output
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.figures import NOTHING, took
from axonhub_cli.cli.lookup import channel_names, find_channel
from axonhub_cli.cli.money import cost
from axonhub_cli.cli.request import status_of, tokens_in_words
from axonhub_cli.errors import CommandFailed, StoreError

if TYPE_CHECKING:
    from axonhub_cli.tracing.conversation import Said
    from axonhub_cli.tracing.queries import TraceReader
    from axonhub_cli.tracing.recorder import RequestRecord
    from axonhub_cli.tracing.rows import RequestRow

_WRITING_S = 10.0
_HIDDEN = "***"
_CALL = 200
"""Letters of a call that are shown."""


def replay(
    ctx: typer.Context,
    request_id: Annotated[
        str, typer.Argument(metavar="ID", help="The request; the beginning of its id does.")
    ],
    channel: Annotated[
        str,
        typer.Option("--channel", metavar="C", help="Whom to ask.", autocompletion=channel_names),
    ],
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="M", help="What to ask for; else what it serves of it."),
    ] = None,
    json: filters.Json = False,
) -> None:
    """Send a recorded request again, to another channel: a real request, which costs tokens."""
    from axonhub_cli.proxy.replay import model_for
    from axonhub_cli.proxy.replay import replay as send
    from axonhub_cli.tracing.queries import TraceReader

    session = Session.of(ctx)
    target = find_channel(session.config(), channel)
    with TraceReader(session.paths.trace_db) as reader:
        row = reader.request(request_id)
        body = reader.request_body(row.id)
        if row.operation != "generate" or body is None:
            reason = "it asks for no answer" if body is not None else "its body was not recorded"
            raise CommandFailed(f"request {row.id} cannot be sent again: {reason}")
        asked = model or model_for(target, row.model, row.upstream_model)
        telling = f"sending {row.id} to {target.name} (model {asked}): this costs tokens there"
        record = send(
            session.config(),
            target,
            session.secrets(),
            session.environ,
            protocol=row.protocol,
            body=body,
            headers=_headers(reader, row),
            model=asked,
            original=row.id,
            announce=lambda: output.note(telling),
        )
        again = _keep(session, record)
        said, said_again = _stored_words(reader, row), _words(record)
    if json:
        output.emit_json({"original": _json(row, said), "replay": _json(again, said_again)})
    else:
        _print(row, said, again, said_again)
    if again.status != "completed":
        raise CommandFailed(again.error or f"the request is {again.status}")


def _headers(reader: TraceReader, row: RequestRow) -> list[tuple[bytes, bytes]]:
    """What the client sent, but for what was hidden."""
    return [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in reader.headers(row)
        if _HIDDEN not in value
    ]


def _keep(session: Session, record: RequestRecord) -> RequestRow:
    """Record it like a test, hidden from lists unless asked for; what became of it."""
    import logging

    from axonhub_cli.pricing.listing import Listing
    from axonhub_cli.pricing.prices import Pricer
    from axonhub_cli.protocols import PROTOCOLS
    from axonhub_cli.tracing.entries import Entry
    from axonhub_cli.tracing.live import row_of
    from axonhub_cli.tracing.writer import TraceWriter

    # What cannot be written is a daemon's to tell.
    logging.getLogger("axonhub").addHandler(logging.NullHandler())
    entries: list[Entry] = []
    writer = TraceWriter(
        session.paths.trace_db,
        settings=lambda: session.config().server.trace,
        secrets=session.secrets().known_values,
        read_answer={name: protocol.read_totals for name, protocol in PROTOCOLS.items()},
        charge=Pricer(session.config, Listing(session.paths.price_list)).charge,
        observe=entries.append,
        owner=False,
    )
    writer.start()
    writer.put(record, "finished")
    writer.close(_WRITING_S)
    if not entries:
        raise StoreError("the answer could not be read", hint="axonhub request list --tests")
    return row_of(entries[0])


def _stored_words(reader: TraceReader, row: RequestRow) -> Said:
    return _read(row.upstream_protocol, reader.answer_body(row.id) or b"")


def _words(record: RequestRecord) -> Said:
    last = record.attempts[-1]
    return _read(last.upstream_protocol, b"".join(last.answer))


def _read(protocol: str | None, answer: bytes) -> Said:
    from axonhub_cli.protocols import PROTOCOLS
    from axonhub_cli.protocols.base import Answer
    from axonhub_cli.tracing.conversation import read_said

    known = PROTOCOLS.get(protocol or "")
    return read_said(known.read_answer(answer) if known is not None and answer else Answer())


def _json(row: RequestRow, said: Said) -> dict[str, Any]:
    calls = [{"name": call.name, "input": call.input} for call in said.calls]
    return row.as_json() | {"text": said.text, "calls": calls}


def _print(row: RequestRow, said: Said, again: RequestRow, said_again: Said) -> None:
    from axonhub_cli.cli.conversation import clip

    columns = ("", "then", "now")
    pairs = [_facts(row, said), _facts(again, said_again)]
    rows = [(name, pairs[0][name], pairs[1][name]) for name in pairs[0]]
    if output.shows_to_person():
        texts = ("text", clip(said.text), clip(said_again.text))
        output.table(columns, [*rows, texts], empty="")
        return
    output.table(columns, rows, empty="")
    for name, words in (("then", said.text), ("now", said_again.text)):
        output.line()
        output.line(f"{name}:")
        output.paragraph(clip(words) or NOTHING, indent=2)


def _facts(row: RequestRow, said: Said) -> dict[str, str]:
    from axonhub_cli.tracing.title import shorten

    return {
        "request": row.id,
        "channel": row.channel or NOTHING,
        "model": row.upstream_model or NOTHING,
        "status": status_of(row),
        "first token": took(row.first_token_ms),
        "total time": took(row.total_ms),
        "tokens": tokens_in_words(row.tokens),
        "cost": cost(row.cost_usd, unpriced=row.unpriced),
        "stop reason": row.stop_reason or NOTHING,
        "calls": ", ".join(f"{c.name} {shorten(c.input, _CALL)}" for c in said.calls) or NOTHING,
    }
