"""`channel token`: several tokens in one channel, each with a label, shown masked."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.changes import changing
from axonhub_cli.cli.channel import options
from axonhub_cli.cli.channel.arguments import Json, Name
from axonhub_cli.cli.channel.options import find_provider
from axonhub_cli.cli.channel.standing import standing_of
from axonhub_cli.cli.channel.taking_back import take_back
from axonhub_cli.cli.channel.token_input import (
    TokenFlags,
    ask_token,
    check_flags,
    given_token,
)
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import find_channel, find_reference
from axonhub_cli.config.labels import labels_of, shown_reference
from axonhub_cli.config.schema import Channel
from axonhub_cli.errors import ConfigError, UsageError

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


def token(
    ctx: typer.Context,
    name: Name,
    add: Annotated[
        str | None, typer.Option("--add", metavar="LABEL", help="Add a token; asks for it.")
    ] = None,
    remove: Annotated[
        str | None,
        typer.Option("--remove", metavar="LABEL", help="Remove the token so called."),
    ] = None,
    enable: Annotated[
        str | None,
        typer.Option("--enable", metavar="LABEL", help="Use one again that was put aside."),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the tokens (the default).")] = False,
    token_stdin: options.TokenStdin = False,
    token_env: options.TokenEnv = None,
    token_command: options.TokenCommand = None,
    token: options.TokenInArgv = None,
    json: Json = False,
) -> None:
    """List, add or remove a channel's tokens; use one again that was put aside."""
    session = Session.of(ctx)
    secret = TokenFlags(stdin=token_stdin, env=token_env, command=token_command, argv=token)
    check_flags(secret)
    if sum((add is not None, remove is not None, enable is not None, listed)) > 1:
        raise UsageError("--add, --remove, --enable and --list exclude each other")
    if add is None and secret != TokenFlags():
        raise UsageError(
            "a token needs a label", hint=f"`axonhub channel token {name} --add LABEL`"
        )
    channel = find_channel(session.config(), name)
    if add is not None:
        _add(session, channel, add, secret)
    elif remove is not None:
        _remove(session, channel, remove)
    elif enable is not None:
        _enable(session, channel, enable)
    else:
        _list(session, channel, json=json)


def _add(session: Session, channel: Channel, label: str, secret: TokenFlags) -> None:
    provider = find_provider(channel.type)
    if provider.token_form == "none":
        raise UsageError(f"type {provider.type!r} takes no token")
    _check_label(channel, label)
    at_home = not (channel.base_url or channel.endpoints)
    given = given_token(secret, session.environ) or ask_token(
        provider, channel.name, session.secrets(), at_home=at_home
    )
    with changing(session) as change:
        now = find_channel(change.config, channel.name)
        _check_label(now, label)
        kept = given.reference or change.keep_secret(
            f"channel/{channel.name}/{label}", given.value or ""
        )
        if kept in now.tokens:
            raise UsageError(f"channel {channel.name!r} has this token already")
        change.edit.update("channels", channel.name, {"tokens": [*now.tokens, kept]})
    called = labels_of([*now.tokens, kept])[-1]
    # A variable and a program are called by their own names, whatever --add says.
    name = "" if called == label else f"; this one is called {called}"
    output.note(f"Channel {channel.name} has {_counted(len(now.tokens) + 1)}{name}.")


def _remove(session: Session, channel: Channel, label: str) -> None:
    find_reference(channel, label)
    with changing(session) as change:
        now = find_channel(change.config, channel.name)
        reference = find_reference(now, label)
        left = [token for token in now.tokens if token != reference]
        change.drop_secret(reference)
        change.edit.update("channels", channel.name, {"tokens": left or None})
    if left:
        output.note(f"Channel {channel.name} has {_counted(len(left))} left.")
    else:
        output.warn(
            f"channel {channel.name} has no token left",
            hint=f"`axonhub channel token {channel.name} --add LABEL`",
        )


def _enable(session: Session, channel: Channel, label: str) -> None:
    find_reference(channel, label)
    if take_back(session, channel.name, label):
        output.note(f"Token {label} of channel {channel.name} is used again.")
    else:
        output.note(f"Token {label} of channel {channel.name} is not put aside.")


def _list(session: Session, channel: Channel, *, json: bool) -> None:
    from axonhub_cli.cli.routing_view import look

    standing = standing_of(look(session), channel)
    rows, found = [], []
    for label, reference in zip(labels_of(channel.tokens), channel.tokens, strict=True):
        asides = [aside for aside in standing.asides if aside.label == label]
        source, token = shown_reference(reference), _masked(session, reference)
        shown = [aside.as_json() for aside in asides]
        found.append({"label": label, "source": source, "token": token, "aside": shown})
        words = "; ".join(aside.words(standing.now) for aside in asides)
        rows.append([label, source, token or "–", *([words or "–"] if standing.asides else [])])
    if json:
        output.emit_json({"channel": channel.name, "tokens": found})
        return
    columns = ["label", "source", "token", *(["aside"] if standing.asides else [])]
    output.table(columns, rows, empty=f"Channel {channel.name} has no token.")


def _check_label(channel: Channel, label: str) -> None:
    if not _LABEL.fullmatch(label):
        raise UsageError(
            "a label is up to 32 letters, digits, dots, dashes and underscores",
            hint="the token itself is asked for, or comes by --token-stdin",
        )
    if label in labels_of(channel.tokens):
        raise UsageError(
            f"channel {channel.name!r} has a token {label!r} already",
            hint=f"`axonhub channel token {channel.name} --remove {label}` first",
        )


def _counted(number: int) -> str:
    return f"{number} token{'' if number == 1 else 's'}"


def _masked(session: Session, reference: str) -> str | None:
    """The token's end; None for one that is not stored here or cannot be read now."""
    if reference.startswith("command:"):
        return None  # a password manager would ask for its own password
    try:
        return session.secrets().resolve(reference).masked()
    except ConfigError:
        return None
