"""`axonhub trace prune`: forget old requests now, instead of when the daemon comes to it."""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from axonhub_cli.cli import filters, output
from axonhub_cli.cli.context import Session
from axonhub_cli.config.durations import seconds
from axonhub_cli.config.sizes import size, written
from axonhub_cli.errors import UsageError

if TYPE_CHECKING:
    from axonhub_cli.tracing.prune import Limits
    from axonhub_cli.tracing.store import SqliteStore

T = TypeVar("T")


def prune(
    ctx: typer.Context,
    older_than: Annotated[
        str | None,
        typer.Option("--older-than", metavar="SPAN", help="Requests older than that: 7d, 12h."),
    ] = None,
    max_size: Annotated[
        str | None,
        typer.Option("--max-size", metavar="SIZE", help="The oldest, until the file is so small."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: filters.Json = False,
) -> None:
    """Forget old requests, by the limits given here or by the configuration's.

    The sums that `axonhub usage` shows stay.
    """
    from axonhub_cli.tracing.queries import TraceReader
    from axonhub_cli.tracing.store import SqliteStore

    session = Session.of(ctx)
    path = session.paths.trace_db
    limits, now = _limits(session, older_than, max_size), time()
    # Refuses a file of another version, which the daemon has to bring up to date.
    with TraceReader(path):
        store = SqliteStore(path)
    store.open()
    try:
        before = store.size()
        expired, kept = store.count_older(0.0 if limits.keep_s is None else now - limits.keep_s)
        if dry_run or not (expired or _is_over(limits, before)):
            _tell_expired(expired, before, limits, json=json)
            return
        output.confirm(_question(expired, kept, limits, before), yes=yes)
        gone = _forget(store, limits, now)
        after = store.size()
    finally:
        store.close()
    if json:
        output.emit_json(_report(gone, before, after))
    else:
        output.line(f"forgot {gone:,} requests: {written(before)} before, {written(after)} now")


def _limits(session: Session, older_than: str | None, max_size: str | None) -> Limits:
    from axonhub_cli.tracing.prune import Limits, limits_of

    if older_than is None and max_size is None:
        return limits_of(session.config().server.trace)
    return Limits(
        None if older_than is None else _read("--older-than", older_than, seconds, "7d"),
        None if max_size is None else _read("--max-size", max_size, size, "500MB"),
    )


def _read(option: str, given: str, read: Callable[[str], T], example: str) -> T:
    try:
        return read(given)
    except ValueError as error:
        raise UsageError(f"{option}: {error}", hint=f"for example {option} {example}") from error


def _forget(store: SqliteStore, limits: Limits, now: float) -> int:
    gone = 0
    while True:
        step = store.prune(limits, now)
        gone += step.requests
        if not step.more:
            store.compact()
            return gone


def _question(expired: int, kept: int, limits: Limits, before: int) -> str:
    if not _is_over(limits, before):
        return f"Forget {expired:,} requests, and keep {kept:,}?"
    assert limits.max_bytes is not None
    return f"Forget the oldest requests until the file is below {written(limits.max_bytes)}?"


def _is_over(limits: Limits, now: int) -> bool:
    return limits.max_bytes is not None and now > limits.max_bytes


def _report(requests: int, before: int, after: int | None) -> dict[str, int | None]:
    return {"requests": requests, "bytes_before": before, "bytes_after": after}


def _tell_expired(expired: int, size_now: int, limits: Limits, *, json: bool) -> None:
    """What would go, without touching it."""
    if json:
        output.emit_json(_report(expired, size_now, None))
        return
    old = f"{expired:,} requests are too old" if expired else "no request is too old"
    most = limits.max_bytes
    over = f", {written(most)} are the most" if most is not None and size_now > most else ""
    output.line(f"{old}; the file has {written(size_now)}{over}")
