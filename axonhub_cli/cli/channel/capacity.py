"""The options of a channel for what it may be asked at once and in a minute."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from axonhub_cli.cli.channel.options import Readers
from axonhub_cli.errors import UsageError

Rpm = Annotated[
    str | None, typer.Option("--rpm", metavar="N", help="At most so many requests a minute.")
]
Tpm = Annotated[
    str | None,
    typer.Option("--tpm", metavar="N", help="At most so many tokens a minute, in and out."),
]
Concurrency = Annotated[
    str | None, typer.Option("--concurrency", metavar="N", help="At most so many requests at once.")
]
Queue = Annotated[
    str | None,
    typer.Option(
        "--queue", metavar="N", help="So many may wait for a place (default 100; 0: none)."
    ),
]
QueueTimeout = Annotated[
    str | None,
    typer.Option("--queue-timeout", metavar="TIME", help="Longest wait for a place: 30s."),
]


def _limit(flag: str, text: str) -> int | None:
    from axonhub_cli.config.rules_limits import check_limit

    number = _number(flag, text)
    fault = check_limit(number) if number is not None else None
    if fault is not None:
        raise UsageError(f"{flag}: {fault}")
    return number


def _queue(text: str) -> int | None:
    from axonhub_cli.config.rules_limits import check_queue

    number = _number("--queue", text)
    fault = check_queue(number) if number is not None else None
    if fault is not None:
        raise UsageError(f"--queue: {fault}")
    return number


def _queue_timeout(text: str) -> str | None:
    from axonhub_cli.config.rules_limits import check_queue_timeout

    given = text.strip()
    fault = check_queue_timeout(given) if given else None
    if fault is not None:
        raise UsageError(f"--queue-timeout: {fault}", hint="for example --queue-timeout 30s")
    return given or None


def _number(flag: str, text: str) -> int | None:
    """None for an empty text, which clears."""
    given = text.strip()
    if not given:
        return None
    try:
        return int(given)
    except ValueError:
        raise UsageError(
            f"{flag}: {given!r} is not a whole number", hint=f"for example {flag} 60"
        ) from None


READERS: Readers = {
    "rpm": ("rpm", partial(_limit, "--rpm")),
    "tpm": ("tpm", partial(_limit, "--tpm")),
    "concurrency": ("concurrency", partial(_limit, "--concurrency")),
    "queue": ("queue", _queue),
    "queue_timeout": ("queue_timeout", _queue_timeout),
}
