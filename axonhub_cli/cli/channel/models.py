"""`channel models`: which models a channel serves, and the provider's own list."""

from __future__ import annotations

from typing import Annotated

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.changes import changing
from axonhub_cli.cli.channel.arguments import Json, Name
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import find_channel
from axonhub_cli.config.schema import Channel
from axonhub_cli.errors import UsageError


def models(
    ctx: typer.Context,
    name: Name,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Ask the provider for its list, and add what is new.")
    ] = False,
    add: Annotated[
        list[str] | None, typer.Option("--add", metavar="M", help="A model or glob to serve.")
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="M", help="One to serve no more.")
    ] = None,
    json: Json = False,
) -> None:
    """List a channel's models, or change the list."""
    session = Session.of(ctx)
    channel = find_channel(session.config(), name)
    wanted = [model.strip() for model in add or [] if model.strip()]
    if fetch:
        from axonhub_cli.proxy.probe import fetch_models

        wanted += fetch_models(session.config(), channel, session.secrets(), session.environ)
    if fetch or add or remove:
        channel = _change(session, name, wanted, remove or [])
    _print(channel, json=json)


def _change(session: Session, name: str, add: list[str], remove: list[str]) -> Channel:
    from axonhub_cli.routing.models import is_glob, models_of

    with changing(session) as change:
        before = list(models_of(find_channel(change.config, name)))
        after = _without([*before, *(m for m in add if m not in before)], remove, name)
        # Names first: what a channel serves by name is listed, patterns are not.
        ordered = [m for m in after if not is_glob(m)] + [m for m in after if is_glob(m)]
        change.edit.update("channels", name, {"models": list(dict.fromkeys(ordered))})
    added, gone = len(set(after) - set(before)), len(set(before) - set(after))
    output.note(f"Channel {name}: {added} added, {gone} removed.")
    return find_channel(session.config(), name)


def _without(models: list[str], remove: list[str], name: str) -> list[str]:
    from axonhub_cli.config.nearest import did_you_mean

    for model in remove:
        if model not in models:
            raise UsageError(
                f"channel {name!r} has no model {model!r} in its list{did_you_mean(model, models)}"
            )
    left = [model for model in models if model not in remove]
    if not left:
        raise UsageError(
            f"channel {name!r} would serve nothing",
            hint=f"`axonhub channel disable {name}`, or give others with --add",
        )
    return left


def _print(channel: Channel, *, json: bool) -> None:
    from axonhub_cli.routing.models import is_glob, models_of, served_models

    names = served_models(channel)
    patterns = [model for model in models_of(channel) if is_glob(model)]
    if json:
        output.emit_json({"channel": channel.name, "models": names, "patterns": patterns})
        return
    for model in names:
        output.line(model)
    if patterns:
        output.note(f"Also every model that matches {' or '.join(patterns)}.")
