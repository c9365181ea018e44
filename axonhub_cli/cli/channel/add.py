"""`channel add`: a new channel, its token stored, tested, then enabled."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.changes import changing
from axonhub_cli.cli.channel import options
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
from axonhub_cli.config.schema import Config
from axonhub_cli.errors import UsageError
from axonhub_cli.providers import Provider

FIRST_LABEL = "1"


@takes_flags
def add(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Its name; default: the type's.")
    ] = None,
    *,
    flags: Flags,
    token_stdin: options.TokenStdin = False,
    token_env: options.TokenEnv = None,
    token_command: options.TokenCommand = None,
    token: options.TokenInArgv = None,
    no_test: options.NoTest = False,
) -> None:
    """Add a channel: asks for its token, tests it, and enables it when the test passes."""
    session = Session.of(ctx)
    secret = TokenFlags(stdin=token_stdin, env=token_env, command=token_command, argv=token)
    check_flags(secret)
    if flags.type is None:
        raise UsageError(
            "--type is missing: what is behind the channel?",
            hint="`axonhub channel types` lists them; `--type claude-code` for a Claude plan",
        )
    provider = find_provider(flags.type)
    values = _new_channel(name or provider.type, provider, flags)
    _check_name(session.config(), values["name"])
    _say_where(provider, values)
    chosen = _choose_token(session, provider, secret, values)
    _write(session, values, chosen, enabled=no_test)
    warn_of_mappings(find_channel(session.config(), values["name"]))
    if no_test:
        output.note(f"Channel {values['name']} is added and enabled, without a test.")
        return
    try_new(session, values["name"])


def try_new(session: Session, name: str) -> None:
    """Test a channel that is disabled as yet; enable it, or raise `CommandFailed`."""
    channel = find_channel(session.config(), name)
    output.note(f"Testing {name} …")
    try:
        result = probe(session, channel, model=None, stream=False)
    except BaseException:  # Ctrl-C too: say what is left behind
        output.note(f"Channel {name} is kept, but disabled; to go on:")
        output.note(f"  axonhub channel test {name} && axonhub channel enable {name}")
        raise
    fail_on_error(result, kept_disabled=True)
    with changing(session) as change:
        change.edit.update("channels", name, {"enabled": None})
    output.note(f"Channel {name} works: {result.model} answered in {result.ms} ms. It is enabled.")


def warn_of_destination(provider: Provider, urls: list[str]) -> None:
    """One line for each address that will see the token and is not the provider's own."""
    from urllib.parse import urlsplit

    from axonhub_cli.routing.endpoints import is_loopback

    own = {urlsplit(url).hostname for url in provider.endpoints.values()}
    for url in dict.fromkeys(urls):
        parts = urlsplit(url)
        if parts.hostname in own or is_loopback(parts.hostname or ""):
            continue
        open_text = ", unencrypted" if parts.scheme == "http" else ""
        output.note(f"The token will be sent to {parts.scheme}://{parts.netloc}{open_text}.")


def _new_channel(name: str, provider: Provider, flags: Flags) -> dict[str, Any]:
    given = {key: value for key, value in read_changes(flags).items() if value is not None}
    if not (provider.endpoints or "base_url" in given or "endpoints" in given):
        raise UsageError(
            f"type {provider.type!r} has no address of its own",
            hint="add --base-url https://…",
        )
    return {"name": name, **given}


def _check_name(config: Config, name: str) -> None:
    hint = f"`axonhub channel edit {name} …` changes it; or give the new one a name of its own"
    check_new_name(name, "channel", config.channel(name), hint=hint)


def _say_where(provider: Provider, values: dict[str, Any]) -> None:
    if provider.terms is not None:
        output.note(provider.terms)
    if provider.token_form != "none":
        base_url = values.get("base_url")
        urls = [base_url] if base_url else []
        warn_of_destination(provider, [*urls, *values.get("endpoints", {}).values()])


def _choose_token(
    session: Session, provider: Provider, secret: TokenFlags, values: dict[str, Any]
) -> Token | None:
    given = given_token(secret, session.environ)
    if provider.token_form == "none":
        if given is not None:
            raise UsageError(f"type {provider.type!r} takes no token")
        return None
    if given is None and provider.token_optional:
        return None
    at_home = not (values.get("base_url") or values.get("endpoints"))
    return given or ask_token(provider, values["name"], session.secrets(), at_home=at_home)


def _write(session: Session, values: dict[str, Any], token: Token | None, *, enabled: bool) -> None:
    name = values["name"]
    with changing(session) as change:
        _check_name(change.config, name)  # another command may have added it meanwhile
        entry = dict(values)
        if not enabled:
            entry["enabled"] = False
        if token is not None:
            entry["tokens"] = [
                token.reference
                or change.keep_secret(f"channel/{name}/{FIRST_LABEL}", token.value or "")
            ]
        change.edit.append("channels", entry)
