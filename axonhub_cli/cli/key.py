"""`axonhub key`: what clients show to axonhub; the file has hashes, the secret backend the keys."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from axonhub_cli.cli import output, quota_flags
from axonhub_cli.cli.changes import changing
from axonhub_cli.cli.commands import noun
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import (
    check_new_name,
    find_key,
    find_profile,
    key_names,
    profile_names,
)
from axonhub_cli.config.schema import Key
from axonhub_cli.errors import UsageError

app = noun("Keys that clients show to axonhub.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The key.", autocompletion=key_names)]
Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            metavar="P",
            help="A profile it may use; the first one is active.",
            autocompletion=profile_names,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Create a key and print it."""
    from axonhub_cli.config.keys import create_key

    session = Session.of(ctx)
    config = session.config()
    hint = f"`axonhub key rotate {name}` replaces its text"
    check_new_name(name, "key", config.key(name), hint=hint)
    bound = [find_profile(config, wanted).name for wanted in profile or []]
    profiles = list(dict.fromkeys(bound))
    key = create_key(session.store, session.secrets(), name=name, profiles=profiles)
    session.reload()
    _print_key(find_key(session.config(), name), key, json=json)
    output.note(f"Key {name} is created. To use it: eval $(axonhub env --key {name})")


@app.command("list")
def list_keys(ctx: typer.Context, json: Json = False) -> None:
    """List the keys, never their text."""
    config = Session.of(ctx).config()
    if json:
        output.emit_json([as_json(key) for key in config.keys])
        return
    output.table(
        ("name", "enabled", "active profile", "profiles"),
        [
            (
                key.name,
                "yes" if key.enabled else "no",
                key.active_profile or "–",
                ", ".join(key.profiles) or "–",
            )
            for key in config.keys
        ],
        empty="No keys yet. `axonhub env` makes the key `default`.",
    )


@app.command()
def show(
    ctx: typer.Context,
    name: Name,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the key itself.")] = False,
    json: Json = False,
) -> None:
    """Show a key."""
    session = Session.of(ctx)
    key = find_key(session.config(), name)
    text = None
    if reveal:
        from axonhub_cli.config.keys import reveal_key

        text = reveal_key(key, session.secrets())
    from axonhub_cli.cli import quota_left

    limits = quota_left.limits_of(session.paths, [key]).get(key.name, [])
    if json:
        quotas = [quota_left.as_json(limit) for limit in limits]
        output.emit_json({**as_json(key), "quotas": quotas, "key": text})
        return
    output.fields(
        [
            ("name", key.name),
            ("enabled", "yes" if key.enabled else "no"),
            ("active profile", key.active_profile or "–"),
            ("profiles", ", ".join(key.profiles) or "–"),
            *[("quota", quota_left.in_words(limit)) for limit in limits],
            ("key", text or "hidden; --reveal shows it"),
        ]
    )


@app.command()
def bind(
    ctx: typer.Context,
    name: Name,
    profile: Annotated[
        str, typer.Argument(metavar="PROFILE", autocompletion=profile_names, help="The profile.")
    ],
) -> None:
    """Let a key use a profile; its first one becomes active."""
    with changing(Session.of(ctx)) as change:
        key = find_key(change.config, name)
        find_profile(change.config, profile)
        active = key.active_profile or profile
        bound = list(dict.fromkeys([*key.profiles, profile]))
        change.edit.update("keys", name, {"profiles": bound, "active_profile": active})
    output.note(f"Key {name} may use profile {profile}; active is {active}.")
    if active != profile:
        output.note(f"To switch: axonhub profile use {profile} --key {name}")


@app.command()
def rotate(ctx: typer.Context, name: Name, json: Json = False) -> None:
    """Replace a key by a new one, and print it.

    The old one is invalid at once.
    """
    from axonhub_cli.config.keys import rotate_key

    session = Session.of(ctx)
    find_key(session.config(), name)
    key = rotate_key(session.store, session.secrets(), name=name)
    session.reload()
    _print_key(find_key(session.config(), name), key, json=json)
    output.note(f"Key {name} is replaced; clients with the old one are refused from now on.")


@app.command()
def limit(
    ctx: typer.Context,
    name: Name,
    requests: quota_flags.Requests = None,
    tokens: quota_flags.Tokens = None,
    cost: quota_flags.Cost = None,
    per: quota_flags.Per = None,
    sliding: quota_flags.Sliding = False,
    no_quota: quota_flags.NoQuota = False,
    clear: Annotated[bool, typer.Option("--clear", help="Remove all limits first.")] = False,
) -> None:
    """Limit how much a key may use, whichever profile is active.

    Each period has a limit of its own; the amounts of a period that are not given stay.
    """
    session = Session.of(ctx)
    flags = quota_flags.QuotaFlags(requests, tokens, cost, per, sliding, no_quota)
    find_key(session.config(), name)
    if not flags.given and not clear:
        raise UsageError(
            "no limit was given", hint="for example --cost 5 --per day; see `--help` for the rest"
        )
    with changing(session) as change:
        before = () if clear else find_key(change.config, name).quotas
        quotas = quota_flags.change_quotas(before, flags)
        plain = [quota_flags.as_plain(quota) for quota in quotas]
        change.edit.update("keys", name, {"quotas": plain or None})
    told = "; ".join(quota_flags.in_words(quota) for quota in quotas)
    output.note(f"Key {name} has {f'a limit: {told}' if told else 'no limit'}.")


@app.command()
def enable(ctx: typer.Context, name: Name) -> None:
    """Accept a key (again)."""
    _switch(ctx, name, enabled=True)


@app.command()
def disable(ctx: typer.Context, name: Name) -> None:
    """Refuse a key from its next request on."""
    _switch(ctx, name, enabled=False)


@app.command()
def remove(
    ctx: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a key; clients that show it are refused."""
    from axonhub_cli.config.keys import remove_key

    session = Session.of(ctx)
    find_key(session.config(), name)
    output.confirm(f"Remove key {name}? Clients that show it are refused then.", yes=yes)
    remove_key(session.store, session.secrets(), name=name)
    output.note(f"Key {name} is removed.")


def as_json(key: Key) -> dict[str, Any]:
    return {
        "name": key.name,
        "enabled": key.enabled,
        "profiles": list(key.profiles),
        "active_profile": key.active_profile,
    }


def _print_key(key: Key, text: str, *, json: bool) -> None:
    if json:
        output.emit_json({**as_json(key), "key": text})
    else:
        output.line(text)


def _switch(ctx: typer.Context, name: str, *, enabled: bool) -> None:
    with changing(Session.of(ctx)) as change:
        find_key(change.config, name)
        change.edit.update("keys", name, {"enabled": enabled})
    output.note(f"Key {name} is {'enabled' if enabled else 'disabled'}.")
