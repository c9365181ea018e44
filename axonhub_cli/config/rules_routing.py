"""Rules of `[routing]` and of what follows a failure in a channel: names, ranges, durations."""

from __future__ import annotations

from collections.abc import Iterator

from axonhub_cli.config.durations import seconds
from axonhub_cli.config.nearest import did_you_mean
from axonhub_cli.config.schema import Channel, Routing

Fault = tuple[str, str]

# A hundred repetitions of a request of 200,000 tokens are nobody's wish.
_MOST_RETRIES = 20
_LIMITS = ("budget", "breaker_probe", "breaker_longest")


def routing_faults(routing: Routing) -> Iterator[Fault]:
    """What is wrong in `[routing]`."""
    for name in _LIMITS:
        yield from _duration_faults(name, getattr(routing, name), none=False)
    yield from _duration_faults("retry_delay", routing.retry_delay, none=True)
    if fault := check_retries(routing.retries):
        yield "retries", fault
    if routing.breaker_failures < 1:
        yield "breaker_failures", "a breaker that opens without a failure would never be closed"


def policy_faults(channel: Channel) -> Iterator[Fault]:
    """What is wrong in a channel's `retries` and `policy`."""
    if channel.retries is not None and (fault := check_retries(channel.retries)):
        yield "retries", fault
    for name in channel.policy:
        if fault := check_policy_key(name):
            yield f"policy.{name}", fault


def check_policy_key(name: str) -> str | None:
    """What is wrong with what a `policy` names."""
    # Most configurations have none, and every command reads the configuration.
    from axonhub_cli.routing.policy import ROWS, is_key

    if is_key(name):
        return None
    known = did_you_mean(name, ROWS)
    return f"{name!r} is neither a kind of failure nor a status from 400 to 599{known}"


def check_retries(retries: int) -> str | None:
    """What is wrong with a number of repetitions."""
    if 0 <= retries <= _MOST_RETRIES:
        return None
    return f"{retries} is not a number of retries from 0 to {_MOST_RETRIES}"


def _duration_faults(name: str, text: str, *, none: bool) -> Iterator[Fault]:
    try:
        if seconds(text) <= 0 and not none:
            yield name, "no time at all: nothing could ever be done"
    except ValueError as error:
        yield name, str(error)
