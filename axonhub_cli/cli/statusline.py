"""`axonhub statusline` as Typer sees it; the work is in `print_statusline`."""

from __future__ import annotations

from typing import Annotated

import typer

from axonhub_cli.cli import print_statusline
from axonhub_cli.cli.commands import single
from axonhub_cli.cli.context import Session

app = single()


@app.command()
def statusline(
    ctx: typer.Context,
    json: Annotated[
        bool, typer.Option("--json", help="The figures, for a status line of your own.")
    ] = False,
) -> None:
    """Print one line for Claude Code's status line: cost, model, channel, cache hits, limits.

    In ~/.claude/settings.json: "statusLine": {"type": "command", "command": "axonhub statusline"}
    """
    environ = Session.of(ctx).environ
    print_statusline.write(print_statusline.line(environ, json=json))
