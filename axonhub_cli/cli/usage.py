"""`axonhub usage`: requests, tokens and cost by day, model, channel, key, client, trace, …"""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, Annotated

import typer

from axonhub_cli.cli import filters, output
from axonhub_cli.cli.commands import single
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.figures import NOTHING, count, short_ids
from axonhub_cli.cli.lookup import key_names, profile_names
from axonhub_cli.cli.money import cost, share
from axonhub_cli.cli.quota_left import as_json, left_in_words, limits_of
from axonhub_cli.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from axonhub_cli.routing.quota import Limit
    from axonhub_cli.tracing.sums import Sums

app = single()

NONE_YET = "nothing was used yet; `axonhub run claude` or `eval $(axonhub env)` sends a client"
NO_MATCH = "nothing was used that matches"
NONE_SINCE = "nothing was used since then; an earlier --since looks further back"

Most = Annotated[
    int,
    typer.Option(
        "--limit", metavar="N", min=1, callback=filters.at_most, help="At most so many traces."
    ),
]


@app.command()
def usage(
    ctx: typer.Context,
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="WHAT", help="day, model, channel, key, profile, client or trace."
        ),
    ] = "day",
    since: Annotated[
        str,
        typer.Option("--since", metavar="SPAN", help="12h, 7d, or a date: 2026-11-24."),
    ] = "7d",
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="K", help="Of this key.", autocompletion=key_names),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile", metavar="P", help="By this profile.", autocompletion=profile_names
        ),
    ] = None,
    channel: filters.Channel = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="M", help="Sent upstream as this model.")
    ] = None,
    client: filters.Client = None,
    limit: Most = filters.LIMIT,
    json: filters.Json = False,
) -> None:
    """Show what was used: requests, tokens, cost, and how much of the input came from caches.

    Days are days of local time. A cost with `≥` is known in part: some answers have no price
    (`[[prices]]` in the configuration gives them one), or were cut off.
    """
    given = {"key": key, "profile": profile, "channel": channel, "model": model, "client": client}
    where = {name: value for name, value in given.items() if value is not None}
    session = Session.of(ctx)
    limits = _limits(session, by)
    found = _read(session, by, since, where, limit + 1)
    rows = _with_unused(found, {} if where else limits)
    shown = rows[:limit] if by == "trace" else rows
    if json:
        output.emit_json([_as_json(row, by, limits) for row in shown])
    else:
        empty = "" if shown else _nothing(session, by, where)
        _print(shown, by, limits, empty=empty)
    if len(shown) < len(rows):
        filters.note_rest(limit)


def _nothing(session: Session, by: str, where: dict[str, str]) -> str:
    if where:
        return NO_MATCH
    return NONE_SINCE if _read(session, by, "1970-01-02", {}, 1) else NONE_YET


def _read(session: Session, by: str, since: str, where: dict[str, str], limit: int) -> list[Sums]:
    from axonhub_cli.tracing.usage_queries import GROUPS, UsageReader

    if by not in GROUPS:
        raise UsageError(f"--by {by!r} is no way to sum up", hint=f"there are: {', '.join(GROUPS)}")
    if by == "trace" and where:
        names = " and ".join(f"--{name}" for name in where)
        raise UsageError(f"--by trace cannot be narrowed by {names}", hint="axonhub trace list")
    start = filters.read_since(since, time())
    reader = UsageReader(session.paths.trace_db)
    try:
        return reader.sums(by, since=start, where=where, limit=limit)  # type: ignore[arg-type]
    finally:
        reader.close()


def _limits(session: Session, by: str) -> dict[str, list[Limit]]:
    """What is left to each key or profile, where it is summed up by these."""
    if by not in ("key", "profile"):
        return {}
    try:
        config = session.config()
    except ConfigError:  # told at the end, as by every command that can do without it
        return {}
    return limits_of(session.paths, config.keys if by == "key" else config.profiles)


def _with_unused(rows: list[Sums], limits: dict[str, list[Limit]]) -> list[Sums]:
    """With a row for each that has a quota and has used nothing."""
    from axonhub_cli.tracing.sums import nothing

    used = {row.name for row in rows}
    return rows + [nothing(name) for name in limits if name not in used]


def _as_json(row: Sums, by: str, limits: dict[str, list[Limit]]) -> dict[str, object]:
    shown = row.as_json(by)
    if by in ("key", "profile"):
        shown["quotas"] = [as_json(limit) for limit in limits.get(row.name, ())]
    return shown


def _print(rows: list[Sums], by: str, limits: dict[str, list[Limit]], *, empty: str) -> None:
    from axonhub_cli.tracing.sums import total

    columns = [by, "requests", "input", "cached", "written", "output", "reasoning", "hit", "cost"]
    shown = _short(rows) if by == "trace" else {row.name: row.name or NOTHING for row in rows}
    lines = [[shown[row.name], *_cells(row, mark=by == "trace")] for row in rows]
    if by == "trace":
        columns.append("title")
        lines = [[*line, row.title or NOTHING] for line, row in zip(lines, rows, strict=True)]
    if limits:
        columns.append("left")
        lines = [
            [*line, _left(limits.get(row.name, []))] for line, row in zip(lines, rows, strict=True)
        ]
    if len(rows) > 1:
        lines.append(["total", *_cells(total(rows)), *[""] * (len(columns) - 9)])
    output.table(columns, lines, empty=empty)
    _explain(rows, by)


def _cells(row: Sums, *, mark: bool = False) -> list[str]:
    return [
        f"{row.requests:,}",
        count(row.input),
        count(row.cache_read),
        count(row.cache_write),
        count(row.output),
        count(row.reasoning),
        share(row.hit_rate) + (" low" if mark and row.low_hit else ""),
        cost(row.usd, unpriced=row.unpriced),
    ]


def _explain(rows: list[Sums], by: str) -> None:
    unpriced = sum(row.unpriced for row in rows)
    if unpriced:
        answers = f"{unpriced:,} answer{'' if unpriced == 1 else 's'}"
        output.note(
            f"{answers} without a known price, or cut off: of their cost the sums hold what is "
            "known; [[prices]] in the configuration gives a model a price"
        )
    low = [row for row in rows if row.low_hit]
    if low and by == "trace":
        sessions = "1 session" if len(low) == 1 else f"{len(low)} sessions"
        output.warn(
            f"{sessions} sent 40k tokens or more after the first request, "
            "less than 80 % of them from a cache",
            hint="`axonhub trace show ID` shows where a prompt's beginning changed",
        )


def _short(rows: list[Sums]) -> dict[str, str]:
    return short_ids([row.name for row in rows])


def _left(limits: list[Limit]) -> str:
    return ", ".join(map(left_in_words, limits)) or NOTHING
