"""`axonhub run`: a client with axonhub's environment, for this one run only."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.commands import single
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import find_profile, key_names, profile_names, words
from axonhub_cli.config.schema import Config
from axonhub_cli.errors import CommandFailed, UsageError

app = single()

PROFILE_HEADER = "AH-Profile"
"""Names a profile of the key for one request; the key's active profile stays as it is."""

_INSTALL = {"claude": "npm install -g @anthropic-ai/claude-code"}


@app.command(context_settings={"ignore_unknown_options": True})
def run(
    ctx: typer.Context,
    tool: Annotated[
        str,
        typer.Argument(metavar="TOOL", help="The client: claude.", autocompletion=words("claude")),
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- ARGS…]", help="Handed to the client as they are."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="NAME",
            help="The key to use; else `default`, made at need.",
            autocompletion=key_names,
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="The key's profile to use, for this run only.",
            autocompletion=profile_names,
        ),
    ] = None,
) -> None:
    """Run a client through axonhub: starts the daemon at need, passes the exit code on."""
    session = Session.of(ctx)
    from axonhub_cli.cli.client_env import PROGRAMS, check_tool

    check_tool(tool, PROGRAMS)
    program = find_program(tool, session.environ)
    check_ready(session.config(), key=key, profile=profile)
    start_at_need(session)
    environ = child_environment(session, key=key, profile=profile)
    raise typer.Exit(replace_by(program, [tool, *(arguments or [])], environ))


def find_program(tool: str, environ: Mapping[str, str]) -> str:
    """The client's path. Raises `CommandFailed` with the way to install it."""
    import shutil

    program = shutil.which(tool, path=environ.get("PATH"))
    if program is None:
        raise CommandFailed(
            f"{tool} is not installed, or not on PATH", hint=f"`{_INSTALL[tool]}` installs it"
        )
    return program


def check_ready(config: Config, *, key: str | None, profile: str | None) -> None:
    """Refuse early what would only fail inside the client, after minutes of its retries."""
    if not any(channel.enabled for channel in config.channels):
        raise CommandFailed(
            "no channel is enabled, so nothing could answer",
            hint="`axonhub channel add --type claude-code` adds one"
            if not config.channels
            else "`axonhub channel enable NAME`; `axonhub channel list` shows them",
        )
    if profile is None:
        return
    find_profile(config, profile)
    name = key or "default"
    owner = config.key(name)
    if owner is None or profile not in owner.profiles:
        raise UsageError(
            f"the key {name} may not use the profile {profile}",
            hint=f"`axonhub key bind {name} {profile}`",
        )


def start_at_need(session: Session) -> None:
    """Start the daemon unless it runs; says so in one line."""
    from axonhub_cli.daemon.state import find_daemon

    if find_daemon(session.paths) is not None:
        return
    from axonhub_cli.daemon.background import start_background

    state = start_background(session.paths, session.environ, [])
    output.note(f"axonhub: started the daemon at {state.url} (`axonhub stop` stops it)")


def child_environment(session: Session, *, key: str | None, profile: str | None) -> dict[str, str]:
    """Our environment with the client's variables in it."""
    from axonhub_cli.cli.client_env import claude_env

    wanted = claude_env(session.paths, session.environ, key=key)
    for hint in wanted.hints:
        output.note(f"hint: {hint}")
    environ = {n: v for n, v in session.environ.items() if n not in wanted.unset} | wanted.values
    if profile is not None:
        environ["ANTHROPIC_CUSTOM_HEADERS"] = with_profile(
            environ.get("ANTHROPIC_CUSTOM_HEADERS", ""), profile
        )
    return environ


def with_profile(headers: str, profile: str) -> str:
    """The user's custom headers (`Name: value`, one a line) and our own."""
    others = [
        line
        for line in headers.splitlines()
        if line.strip() and line.partition(":")[0].strip().lower() != PROFILE_HEADER.lower()
    ]
    return "\n".join([*others, f"{PROFILE_HEADER}: {profile}"])


def replace_by(program: str, argv: list[str], environ: Mapping[str, str]) -> int:
    """Become the client, so that signals and the terminal are its own; returns only on Windows."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        if sys.platform != "win32":
            os.execve(program, argv, environ)
    except OSError as error:
        raise CommandFailed(f"cannot run {program}: {error.strerror}") from error
    return _run_and_wait(program, argv, environ)


def _run_and_wait(program: str, argv: list[str], environ: Mapping[str, str]) -> int:
    import subprocess

    child = subprocess.Popen([program, *argv[1:]], env=environ)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # the client got it too, and decides what it means
