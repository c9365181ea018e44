"""The options by which traces and requests are picked, the same in both lists."""

from __future__ import annotations

from typing import Annotated

import typer
from msgspec import Struct

from axonhub_cli.cli import output
from axonhub_cli.cli.lookup import channel_names
from axonhub_cli.errors import UsageError

LIMIT = 50
"""How many rows a list shows unless told otherwise."""

STATUSES = ("running", "completed", "failed", "canceled")

Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="SPAN", help="Not older than that: 30m, 1d, or a date: 2026-11-24."
    ),
]
Client = Annotated[
    str | None, typer.Option("--client", metavar="C", help="Of this client: claude-code, …")
]
Model = Annotated[str | None, typer.Option("--model", metavar="M", help="With this model.")]
Channel = Annotated[
    str | None,
    typer.Option(
        "--channel",
        metavar="C",
        help="That used this channel.",
        autocompletion=channel_names,
    ),
]
Status = Annotated[
    str | None,
    typer.Option("--status", metavar="S", help="running, completed, failed or canceled."),
]
Limit = Annotated[
    int, typer.Option("--limit", metavar="N", min=1, help="At most so many, the newest.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


class Picked(Struct, frozen=True):
    """What a list is narrowed to; None: not by this. `since` is seconds since the epoch."""

    since: float | None
    client: str | None
    model: str | None
    channel: str | None
    status: str | None

    @property
    def narrowed(self) -> bool:
        return any(getattr(self, name) is not None for name in self.__struct_fields__)


def read_filters(
    *,
    since: str | None,
    client: str | None,
    model: str | None,
    channel: str | None,
    status: str | None,
    now: float,
) -> Picked:
    """The options, checked. Raises `UsageError`."""
    if status is not None and status not in STATUSES:
        raise UsageError(f"no such status: {status}", hint=f"there are: {', '.join(STATUSES)}")
    start = None if since is None else read_since(since, now)
    return Picked(start, client, model, channel, status)


def read_since(text: str, now: float) -> float:
    """A span of time before `now`, or a date, which begins at local midnight. Raises
    `UsageError`."""
    from datetime import datetime

    from axonhub_cli.config.durations import seconds

    try:
        return now - seconds(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"--since {text!r} is neither a span of time nor a date",
            hint="write 30m, 12h, 7d or 2026-11-24",
        ) from None


def note_rest(limit: int) -> None:
    """Say that a list was cut."""
    output.note(f"the newest {limit} are shown; `--limit N` shows more")
