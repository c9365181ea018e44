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
from axonhub_cli.cli.channel.token_input import TokenFlags, ask_token, check_flags, given_token
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import find_channel
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
    listed: Annotated[bool, typer.Option("--list", help="List the tokens (the default).")] = False,
    token_stdin: options.TokenStdin = False,
    token_env: options.TokenEnv = None,
    token_command: options.TokenCommand = None,
    token: options.TokenInArgv = None,
    json: Json = False,
) -> None:
    """List, add or remove a channel's tokens."""
    session = Session.of(ctx)
    secret = TokenFlags(stdin=token_stdin, env=token_env, command=token_command, argv=token)
    check_flags(secret)
    if sum((add is not None, remove is not None, listed)) > 1:
        raise UsageError("--add, --remove and --list exclude each other")
    if add is None and secret != TokenFlags():
        raise UsageError(
            "a token needs a label", hint=f"`axonhub channel token {name} --add LABEL`"
        )
    channel = find_channel(session.config(), name)
    if add is not None:
        _add(session, channel, add, secret)
    elif remove is not None:
        _remove(session, channel, remove)
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
    output.note(f"Channel {channel.name} has {_counted(len(now.tokens) + 1)}.")


def _remove(session: Session, channel: Channel, label: str) -> None:
    _find(channel, label)
    with changing(session) as change:
        now = find_channel(change.config, channel.name)
        reference = _find(now, label)
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


def _list(session: Session, channel: Channel, *, json: bool) -> None:
    found = [
        {
            "label": label,
            "source": shown_reference(reference),
            "token": _masked(session, reference),
        }
        for label, reference in zip(labels_of(channel.tokens), channel.tokens, strict=True)
    ]
    if json:
        output.emit_json({"channel": channel.name, "tokens": found})
        return
    output.table(
        ("label", "source", "token"),
        [(item["label"] or "", item["source"] or "", item["token"] or "–") for item in found],
        empty=f"Channel {channel.name} has no token.",
    )


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


def _find(channel: Channel, label: str) -> str:
    from axonhub_cli.config.nearest import did_you_mean

    known = labels_of(channel.tokens)
    if label not in known:
        raise UsageError(
            f"channel {channel.name!r} has no token {label!r}{did_you_mean(label, known)}",
            hint=f"`axonhub channel token {channel.name}` lists them",
        )
    return channel.tokens[known.index(label)]


def _masked(session: Session, reference: str) -> str | None:
    """The token's end; None for one that is not stored here or cannot be read now."""
    if reference.startswith("command:"):
        return None  # a password manager would ask for its own password
    try:
        return session.secrets().resolve(reference).masked()
    except ConfigError:
        return None
