"""`channel edit`, `enable`, `disable`, `remove` and `rename`: changes to a channel there is."""

from __future__ import annotations

from typing import Annotated

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.changes import Change, changing
from axonhub_cli.cli.channel import options
from axonhub_cli.cli.channel.add import FIRST_LABEL, try_new, warn_of_destination
from axonhub_cli.cli.channel.arguments import Name, Yes
from axonhub_cli.cli.channel.flags import Flags, read_changes, takes_flags
from axonhub_cli.cli.channel.naming import warn_of_mappings
from axonhub_cli.cli.channel.options import find_provider
from axonhub_cli.cli.channel.probe import fail_on_error, probe
from axonhub_cli.cli.channel.token_input import (
    Token,
    TokenFlags,
    ask_token,
    check_flags,
    given_token,
)
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import check_new_name, find_channel
from axonhub_cli.config.labels import label_of
from axonhub_cli.config.schema import Channel, Profile
from axonhub_cli.errors import UsageError

# A change of one of these can break what worked, so the channel is tested again.
_TESTED = frozenset({"type", "base_url", "protocol", "endpoints", "auth", "proxy", "ca_file"})

_NAMING = frozenset({"models", "mappings", "trimmed_prefixes", "lower_case", "hide_originals"})


@takes_flags
def edit(
    ctx: typer.Context,
    name: Name,
    *,
    flags: Flags,
    ask: Annotated[
        bool, typer.Option("--ask-token", help="Ask for a new token with a hidden prompt.")
    ] = False,
    token_stdin: options.TokenStdin = False,
    token_env: options.TokenEnv = None,
    token_command: options.TokenCommand = None,
    token: options.TokenInArgv = None,
    no_test: options.NoTest = False,
) -> None:
    """Change a channel. An option given replaces the value; an empty one ('') clears it.

    A new address or token is tested; a disabled channel is enabled when that passes.
    """
    session = Session.of(ctx)
    secret = TokenFlags(stdin=token_stdin, env=token_env, command=token_command, argv=token)
    check_flags(secret)
    channel = find_channel(session.config(), name)
    changes = read_changes(flags)
    chosen = _choose_token(session, channel, changes.get("type", channel.type), secret, ask=ask)
    if not changes and chosen is None:
        raise UsageError("nothing to change was given", hint="see `axonhub channel edit --help`")
    with changing(session) as change:
        tokens = _replace_token(change, name, chosen) if chosen is not None else {}
        change.edit.update("channels", name, {**changes, **tokens})
    edited = find_channel(session.config(), name)
    _say_where(edited, moved=bool(changes.keys() & {"type", "base_url", "endpoints"}))
    output.note(f"Channel {name} is changed.")
    if changes.keys() & _NAMING:
        warn_of_mappings(edited)
    if not no_test and (chosen is not None or changes.keys() & _TESTED):
        _test_again(session, edited)


def enable(ctx: typer.Context, name: Name) -> None:
    """Let requests go to a channel (again)."""
    _switch(ctx, name, enabled=True)


def disable(ctx: typer.Context, name: Name) -> None:
    """Send no more requests to a channel; it keeps its settings and tokens."""
    _switch(ctx, name, enabled=False)


def remove(ctx: typer.Context, name: Name, yes: Yes = False) -> None:
    """Remove a channel and its tokens."""
    session = Session.of(ctx)
    find_channel(session.config(), name)
    output.confirm(f"Remove channel {name} and its tokens?", yes=yes)
    with changing(session) as change:
        config = change.config
        for reference in find_channel(config, name).tokens:
            change.drop_secret(reference)
        for profile in config.profiles:
            _forget(change, profile, name)
        change.edit.remove("channels", name)
    output.note(f"Channel {name} is removed.")


def rename(
    ctx: typer.Context,
    name: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
) -> None:
    """Give a channel another name; its tokens stay."""
    session = Session.of(ctx)
    with changing(session) as change:
        config = change.config
        find_channel(config, name)
        check_new_name(new, "channel", config.channel(new), hint="`axonhub channel list`")
        change.edit.update("channels", name, {"name": new})
        for profile in config.profiles:
            if name in profile.channels:
                channels = [new if other == name else other for other in profile.channels]
                change.edit.update("profiles", profile.name, {"channels": channels})
            if name in profile.weights:
                weights = {new if n == name else n: w for n, w in profile.weights.items()}
                change.edit.update("profiles", profile.name, {"weights": weights})
    output.note(f"Channel {name} is now called {new}.")
    if any(price.channel == name for price in config.prices):
        output.warn(
            f"prices of yours are for {name!r}, and hold no longer",
            hint=f"`axonhub config edit`: set their channel to {new!r}",
        )


def _forget(change: Change, profile: Profile, name: str) -> None:
    """A profile that named a channel names it no more. Raises `UsageError` where it is the only
    one: a profile without channels uses all."""
    if profile.channels == (name,):
        raise UsageError(
            f"{name} is the only channel of profile {profile.name}, which would use all then",
            hint=f"`axonhub profile limit {profile.name} --channel OTHER` first "
            "(--channel '' for all)",
        )
    if name in profile.channels:
        channels = [other for other in profile.channels if other != name]
        change.edit.update("profiles", profile.name, {"channels": channels})
    if name in profile.weights:
        weights = {other: w for other, w in profile.weights.items() if other != name}
        change.edit.update("profiles", profile.name, {"weights": weights or None})


def _choose_token(
    session: Session, channel: Channel, type_name: str, secret: TokenFlags, *, ask: bool
) -> Token | None:
    if len(channel.tokens) > 1 and (ask or secret != TokenFlags()):
        raise UsageError(
            f"channel {channel.name!r} has {len(channel.tokens)} tokens: which one?",
            hint=f"`axonhub channel token {channel.name}` lists, adds and removes them",
        )
    given = given_token(secret, session.environ)
    if given is None and ask:
        at_home = not (channel.base_url or channel.endpoints)
        provider = find_provider(type_name)
        given = ask_token(provider, channel.name, session.secrets(), at_home=at_home)
    return given


def _replace_token(change: Change, name: str, token: Token) -> dict[str, list[str]]:
    old = find_channel(change.config, name).tokens
    for reference in old:
        change.drop_secret(reference)
    label = label_of(old[0]) if old and token.value is not None else FIRST_LABEL
    kept = token.reference or change.keep_secret(f"channel/{name}/{label}", token.value or "")
    return {"tokens": [kept]}


def _say_where(channel: Channel, *, moved: bool) -> None:
    provider = find_provider(channel.type)
    if not moved or not channel.tokens or provider.token_form == "none":
        return
    base_url = [channel.base_url] if channel.base_url else []
    warn_of_destination(provider, [*base_url, *channel.endpoints.values()])


def _test_again(session: Session, channel: Channel) -> None:
    if not channel.enabled:
        try_new(session, channel.name)
        return
    output.note(f"Testing {channel.name} …")
    result = probe(session, channel, model=None, stream=False)
    fail_on_error(result)
    output.note(f"It works: {result.model} answered.")


def _switch(ctx: typer.Context, name: str, *, enabled: bool) -> None:
    with changing(Session.of(ctx)) as change:
        find_channel(change.config, name)
        change.edit.update("channels", name, {"enabled": enabled})
    output.note(f"Channel {name} is {'enabled' if enabled else 'disabled'}.")
