"""`axonhub serve`: the proxy in the foreground, and the options that `start` hands on to it."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.commands import single
from axonhub_cli.cli.context import Session
from axonhub_cli.daemon.options import Listen
from axonhub_cli.errors import UsageError

app = single()

LOG_LEVELS = ("debug", "info", "warning", "error")

Host = Annotated[
    str | None,
    typer.Option("--host", metavar="ADDRESS", help="Address to bind [default: 127.0.0.1]."),
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        metavar="PORT",
        min=0,
        max=65535,
        help="Port to bind, 0 picks a free one [default: 8090].",
    ),
]
TlsCert = Annotated[
    str | None, typer.Option("--tls-cert", metavar="FILE", help="Certificate: serve HTTPS.")
]
TlsKey = Annotated[
    str | None, typer.Option("--tls-key", metavar="FILE", help="The certificate's private key.")
]
LogLevel = Annotated[
    str | None,
    typer.Option("--log-level", metavar="LEVEL", help="debug, info, warning or error."),
]


def serve_options(
    host: str | None,
    port: int | None,
    tls_cert: str | None,
    tls_key: str | None,
    log_level: str | None,
) -> Listen:
    """The options, checked; files become absolute. Raises `UsageError`."""
    if (tls_cert is None) != (tls_key is None):
        raise UsageError("--tls-cert and --tls-key go together: one of them is missing")
    for file in (tls_cert, tls_key):
        if file is not None and not os.path.isfile(file):
            raise UsageError(f"no such file: {file}")
    if log_level is not None and log_level not in LOG_LEVELS:
        raise UsageError(
            f"no such log level: {log_level}", hint=f"there are: {', '.join(LOG_LEVELS)}"
        )
    return Listen(
        host=host,
        port=port,
        tls_cert=tls_cert and os.path.abspath(tls_cert),
        tls_key=tls_key and os.path.abspath(tls_key),
        log_level=log_level,
    )


@app.command()
def serve(
    ctx: typer.Context,
    host: Host = None,
    port: Port = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    log_level: LogLevel = None,
) -> None:
    """Run the proxy in the foreground; Ctrl-C lets running streams end, then stops it."""
    from axonhub_cli.daemon import lifecycle

    session = Session.of(ctx)
    try:
        listen = serve_options(host, port, tls_cert, tls_key, log_level)
    except UsageError as error:
        if lifecycle.refuse(session.paths, session.environ, error):
            raise typer.Exit(output.exit_code(error)) from error
        raise
    ended = lifecycle.serve(session.paths, session.environ, listen, on_ready=output.note)
    if ended is not None:
        # Its log, a line of JSON each, has told of it.
        raise typer.Exit(output.exit_code(ended))
