"""The options of a channel for when it fails: what follows, how often it is asked again."""

from __future__ import annotations

from typing import Annotated, Any, get_args

import typer

from axonhub_cli.cli.channel.options import Readers
from axonhub_cli.config.schema import Action, Channel
from axonhub_cli.errors import UsageError

Retries = Annotated[
    str | None,
    typer.Option("--retries", metavar="N", help="How often to ask it again after a failure."),
]
Policy = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        metavar="KIND=DO",
        help="After this kind of failure or status: same, next or give_up. "
        "`axonhub explain --policy` lists the kinds.",
    ),
]
Buffered = Annotated[
    bool | None,
    typer.Option(
        "--buffered/--no-buffered",
        help="Read its streams whole before any of them goes out, so that a break can fail over?",
    ),
]

_EXAMPLE = "for example --policy 529=same --policy timeout=give_up"


def _retries(text: str) -> int | None:
    from axonhub_cli.config.rules_routing import check_retries

    if not text.strip():
        return None
    try:
        retries = int(text)
    except ValueError:
        raise UsageError(f"--retries: {text!r} is not a number") from None
    fault = check_retries(retries)
    if fault is not None:
        raise UsageError(f"--retries: {fault}")
    return retries


def _policy(given: list[str]) -> dict[str, str] | None:
    """Repeated or separated by commas; all of them together replace what was there."""
    from axonhub_cli.config.nearest import did_you_mean
    from axonhub_cli.config.rules_routing import check_policy_key

    actions = get_args(Action)
    found: dict[str, str] = {}
    for text in (word.strip() for each in given for word in each.split(",")):
        if not text:
            continue
        kind, equals, action = (part.strip() for part in text.partition("="))
        if not equals:
            raise UsageError(f"--policy: {text!r} is not KIND=DO", hint=_EXAMPLE)
        fault = check_policy_key(kind)
        if fault is not None:
            raise UsageError(f"--policy: {fault}", hint="`axonhub explain --policy` lists them")
        if action not in actions:
            meant = did_you_mean(action, actions)
            raise UsageError(
                f"--policy: {action!r} is nothing to do after {kind}{meant}", hint=_EXAMPLE
            )
        found[kind] = action
    return found or None


def _buffered(given: bool) -> bool | None:
    return given or None


READERS: Readers = {
    "retries": ("retries", _retries),
    "policy": ("policy", _policy),
    "buffered": ("buffered", _buffered),
}


def failing_of(channel: Channel) -> dict[str, Any]:
    """What `channel show --json` tells of it."""
    return {
        "retries": channel.retries,
        "policy": dict(channel.policy),
        "buffered": channel.buffered,
    }


def in_words(channel: Channel) -> list[tuple[str, str]]:
    """The same for people."""
    rules = ", ".join(f"{kind}: {action}" for kind, action in channel.policy.items())
    return [
        ("retries", "" if channel.retries is None else str(channel.retries)),
        ("after failures", rules),
        ("streams", "are read whole, then replayed" if channel.buffered else ""),
    ]
