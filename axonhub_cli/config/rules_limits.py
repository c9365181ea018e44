"""Rules of a channel's own limits: what can be held to, and whether a queue can ever be used."""

from __future__ import annotations

from collections.abc import Iterator

from axonhub_cli.config.durations import seconds
from axonhub_cli.config.schema import Channel

Fault = tuple[str, str]

# Each one that waits holds its connection and its body in memory.
_LONGEST_QUEUE = 100_000


def limit_faults(channel: Channel) -> Iterator[Fault]:
    """What is wrong in a channel's `rpm`, `tpm`, `concurrency`, `queue` and `queue_timeout`."""
    for name in ("rpm", "tpm", "concurrency"):
        limit = getattr(channel, name)
        if limit is not None and (fault := check_limit(limit)) is not None:
            yield name, fault
    if (fault := check_queue(channel.queue)) is not None:
        yield "queue", fault
    if (fault := check_queue_timeout(channel.queue_timeout)) is not None:
        yield "queue_timeout", fault


def check_limit(limit: int) -> str | None:
    """What is wrong with a number of requests or tokens."""
    if limit >= 1:
        return None
    return f"{limit} would let nothing in: `enabled = false` or a weight of 0 keeps a channel out"


def check_queue(length: int) -> str | None:
    """What is wrong with how many may wait; 0 is nobody."""
    if 0 <= length <= _LONGEST_QUEUE:
        return None
    return f"{length} is not a number of waiting requests from 0 to {_LONGEST_QUEUE:,}"


def check_queue_timeout(text: str) -> str | None:
    """What is wrong with how long they may wait."""
    try:
        if seconds(text) > 0:
            return None
    except ValueError as error:
        return str(error)
    return "no time at all: `queue = 0` lets nobody wait"
