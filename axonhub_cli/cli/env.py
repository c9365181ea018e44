"""`axonhub env` as Typer sees it: help, completion and wrong usage; the work is in `print_env`."""

from __future__ import annotations

from typing import Annotated

import typer

from axonhub_cli.cli.commands import single
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import key_names, words
from axonhub_cli.cli.print_env import EnvOptions, print_env

app = single()


@app.command()
def env(
    ctx: typer.Context,
    tool: Annotated[
        str,
        typer.Option(
            "--tool",
            metavar="TOOL",
            help="The client to set up: claude, or openai for OpenAI's SDKs.",
            autocompletion=words("claude", "openai"),
        ),
    ] = "claude",
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="NAME",
            help="The key to use; else `default`, made at need.",
            autocompletion=key_names,
        ),
    ] = None,
    shell: Annotated[
        str | None,
        typer.Option(
            "--shell",
            metavar="SHELL",
            help="bash, zsh, fish, powershell or cmd; else the calling shell.",
            autocompletion=words("bash", "zsh", "fish", "powershell", "cmd"),
        ),
    ] = None,
    unset: Annotated[bool, typer.Option("--unset", help="Print what takes it back.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print a client's environment for this shell: eval $(axonhub env)"""
    session = Session.of(ctx)
    options = EnvOptions(tool=tool, key=key, shell=shell, unset=unset, json=json)
    print_env(options, session.paths, session.environ)
