"""The options by which traces and requests are picked, the same in both lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from msgspec import Struct

from axonhub_cli.cli import output
from axonhub_cli.cli.figures import moment
from axonhub_cli.cli.lookup import channel_names
from axonhub_cli.errors import UsageError

if TYPE_CHECKING:
    from axonhub_cli.tracing.queries import TraceReader
    from axonhub_cli.tracing.search import Found, Pages, T

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
Model = Annotated[
    str | None, typer.Option("--model", metavar="M", help="Asked for as this, or sent as this.")
]
Channel = Annotated[
    str | None,
    typer.Option(
        "--channel",
        metavar="C",
        help="That tried this channel.",
        autocompletion=channel_names,
    ),
]
Status = Annotated[
    str | None,
    typer.Option(
        "--status",
        metavar="S",
        help="running, completed (in the end), failed or canceled (at any time).",
    ),
]
Text = Annotated[
    str | None,
    typer.Option("--text", metavar="WORDS", help="In which all these words were said."),
]
MinCost = Annotated[
    float | None,
    typer.Option("--min-cost", metavar="USD", min=0, help="That cost at least so much."),
]
MOST_ROWS = 1_000_000_000
"""Above what anyone keeps, and far below what SQLite takes for a number."""


def at_most(limit: int) -> int:
    """The number of rows that may be asked for at once; for the callback of an option."""
    return min(limit, MOST_ROWS)


Limit = Annotated[
    int,
    typer.Option(
        "--limit", metavar="N", min=1, callback=at_most, help="At most so many, the newest."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


class Picked(Struct, frozen=True):
    """What a list is narrowed to; None: not by this. `since` is seconds since the epoch."""

    since: float | None
    client: str | None
    model: str | None
    channel: str | None
    status: str | None
    min_cost: float | None = None
    text: str | None = None

    def conditions(self) -> dict[str, Any]:
        """What the store filters by itself: all but the text."""
        names = (name for name in self.__struct_fields__ if name != "text")
        return {name: getattr(self, name) for name in names}

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
    min_cost: float | None = None,
    text: str | None = None,
) -> Picked:
    """The options, checked. Raises `UsageError`."""
    if status is not None and status not in STATUSES:
        raise UsageError(f"no such status: {status}", hint=f"there are: {', '.join(STATUSES)}")
    start = None if since is None else read_since(since, now)
    if text is not None and not text.strip():
        raise UsageError("--text needs a word to look for")
    return Picked(start, client, model, channel, status, min_cost, text)


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


def find_rows(
    picked: Picked,
    pages: Pages[T],
    reader: TraceReader,
    *,
    limit: int,
    noun: Literal["trace", "request"],
    now: float,
) -> list[T]:
    """One row more than `limit`, if there are so many, searched for `picked.text`.

    Says where a search stopped for the sake of time.
    """
    if picked.text is None:
        return pages(limit + 1, 0)
    # A search reads answers by their protocols, which take longer to load than a list to show.
    from axonhub_cli.tracing.search import SECONDS, Search

    search = Search(reader)
    look: Any = search.find_traces if noun == "trace" else search.find_requests
    found: Found[T] = look(picked.text, pages, limit + 1)
    if found.cut and found.last is not None:
        last: Any = found.last
        back_to = moment(last.updated_at if noun == "trace" else last.at, now)
        output.note(
            f"the newest {found.searched} {noun}s were searched in {SECONDS:g} s, back to "
            f"{back_to}; the other filters narrow what is searched"
        )
    return found.rows


def note_rest(limit: int) -> None:
    """Say that a list was cut."""
    output.note(f"the newest {limit} are shown; `--limit N` shows more")
