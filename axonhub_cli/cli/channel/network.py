"""The options of a channel for the way to its provider: proxy, certificates, time limits."""

from __future__ import annotations

import os
from functools import partial
from typing import Annotated

import typer

from axonhub_cli.cli.channel.options import Readers
from axonhub_cli.errors import UsageError

Proxy = Annotated[
    str | None,
    typer.Option("--proxy", metavar="URL", help="http://, https:// or socks5:// proxy to use."),
]
CaFile = Annotated[
    str | None,
    typer.Option(
        "--ca-file", metavar="FILE", help="PEM file of certificate authorities to trust as well."
    ),
]
ConnectTimeout = Annotated[
    str | None,
    typer.Option("--connect-timeout", metavar="TIME", help="Longest wait for a connection: 10s."),
]
FirstEventTimeout = Annotated[
    str | None,
    typer.Option(
        "--first-event-timeout", metavar="TIME", help="Longest wait for a stream to begin: 60s."
    ),
]
IdleTimeout = Annotated[
    str | None,
    typer.Option("--idle-timeout", metavar="TIME", help="Longest silence inside a stream: 3m."),
]
TotalTimeout = Annotated[
    str | None,
    typer.Option(
        "--timeout", metavar="TIME", help="Longest wait for an answer that is not streamed: 10m."
    ),
]
ClientIdentity = Annotated[
    bool | None,
    typer.Option(
        "--client-identity/--no-client-identity",
        help="Tell it who the client is (x-claude-code-* headers, metadata.user_id)? "
        "Default: Anthropic and this machine alone.",
    ),
]


def _proxy(text: str) -> str | None:
    from axonhub_cli.config.rules import check_proxy

    url = text.strip()
    fault = check_proxy(url) if url else None
    if fault is not None:
        raise UsageError(f"--proxy: {fault}", hint="for example --proxy socks5://127.0.0.1:1080")
    return url or None


def _ca_file(text: str) -> str | None:
    from axonhub_cli.config.rules_network import check_ca_file

    if not text.strip():
        return None
    # A daemon runs in another folder than this command.
    path = os.path.abspath(os.path.expanduser(text))
    fault = check_ca_file(path)
    if fault is not None:
        raise UsageError(f"--ca-file: {fault}")
    return path


def _duration(flag: str, text: str) -> str | None:
    from axonhub_cli.config.rules import check_duration

    given = text.strip()
    fault = check_duration(given) if given else None
    if fault is not None:
        raise UsageError(f"{flag}: {fault}", hint=f"for example {flag} 90s")
    return given or None


READERS: Readers = {
    "proxy": ("proxy", _proxy),
    "ca_file": ("ca_file", _ca_file),
    "connect_timeout": ("connect_timeout", partial(_duration, "--connect-timeout")),
    "first_event_timeout": ("first_event_timeout", partial(_duration, "--first-event-timeout")),
    "idle_timeout": ("idle_timeout", partial(_duration, "--idle-timeout")),
    "timeout": ("total_timeout", partial(_duration, "--timeout")),
    "client_identity": ("client_identity", bool),
}
