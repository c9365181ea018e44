"""`axonhub profile`: which model a client's model name becomes, and for which key."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.changes import Change, changing
from axonhub_cli.cli.commands import noun
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import (
    check_new_name,
    find_key,
    find_profile,
    key_names,
    profile_names,
)
from axonhub_cli.config.schema import Config, Mapping, Profile
from axonhub_cli.errors import ConfigError, UsageError

app = noun("Profiles: rules that turn the model a client asks for into another.")

DEFAULT_KEY = "default"
"""The key of `axonhub env` and `axonhub run`."""
DEFAULT_PROFILE = "default"

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The profile.", autocompletion=profile_names)
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="P",
        help="The profile to change; default: the active one of the key `default`.",
        autocompletion=profile_names,
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key", metavar="K", help="The key; default: `default`.", autocompletion=key_names
    ),
]
From = Annotated[
    str,
    typer.Argument(
        metavar="FROM",
        help="The model a client asks for: exact, or a regular expression for the whole name.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command()
def create(
    ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")]
) -> None:
    """Create a profile without rules."""
    with changing(Session.of(ctx)) as change:
        _create(change, name)
    output.note(f"Profile {name} is created; give it rules:")
    output.note(f"  axonhub profile map FROM TO --profile {name}")


@app.command("list")
def list_profiles(ctx: typer.Context, json: Json = False) -> None:
    """List the profiles."""
    config = Session.of(ctx).config()
    if json:
        output.emit_json([as_json(config, profile) for profile in config.profiles])
        return
    output.table(
        ("name", "rules", "active for"),
        [
            (profile.name, str(len(profile.mappings)), ", ".join(active_for(config, profile.name)))
            for profile in config.profiles
        ],
        empty="No profiles yet. `axonhub profile map FROM TO` makes one at need.",
    )


@app.command()
def show(ctx: typer.Context, name: Name, json: Json = False) -> None:
    """Show a profile's rules, in the order in which they are tried."""
    from axonhub_cli.cli import quota_left

    config = Session.of(ctx).config()
    profile = find_profile(config, name)
    limits = quota_left.limits_of(Session.of(ctx).paths, [profile]).get(name, [])
    if json:
        quotas = [quota_left.as_json(limit) for limit in limits]
        output.emit_json({**as_json(config, profile), "quotas": quotas})
        return
    output.note(f"Profile {name}, {_activity(config, name)}.")
    output.table(
        ("#", "from", "to"),
        [(str(i), rule.source, rule.target) for i, rule in enumerate(profile.mappings, start=1)],
        empty="It has no rules: every model goes to a channel that serves it by that name.",
    )
    for limit in limits:
        output.line(f"quota of {quota_left.in_words(limit)}")


@app.command("map")
def map_model(
    ctx: typer.Context,
    source: From,
    target: Annotated[str, typer.Argument(metavar="TO", help="The model that is asked instead.")],
    profile: ProfileOption = None,
    position: Annotated[
        int | None,
        typer.Option("--position", metavar="N", min=1, help="Its place; the first match wins."),
    ] = None,
) -> None:
    """Turn one model into another."""
    session = Session.of(ctx)
    source, target = source.strip(), target.strip()
    if not target:
        raise UsageError("TO is empty", hint=f"`axonhub profile unmap {source}` removes a rule")
    _check_source(source)
    with changing(session) as change:
        if profile is None:
            # A profile has an effect through a key only: that of `axonhub env`.
            change.ensure_key(DEFAULT_KEY)
        name = _target_profile(change, profile)
        rules = _with_rule(find_profile(change.config, name).mappings, source, target, position)
        change.edit.update("profiles", name, {"mappings": _plain(rules)})
    config = session.config()
    output.note(f"{source} → {target} in profile {name}, {_activity(config, name)}.")
    if not active_for(config, name):
        output.note(f"It takes effect with: axonhub profile use {name}")
    _warn_of_effect(config, find_profile(config, name), source, target)


@app.command()
def unmap(ctx: typer.Context, source: From, profile: ProfileOption = None) -> None:
    """Remove the rule for FROM."""
    session = Session.of(ctx)
    with changing(session) as change:
        name = profile or _active_profile(change.config)
        rules = find_profile(change.config, name).mappings
        left = tuple(rule for rule in rules if rule.source != source)
        if len(left) == len(rules):
            from axonhub_cli.config.nearest import did_you_mean

            known = did_you_mean(source, [rule.source for rule in rules])
            raise UsageError(
                f"profile {name!r} has no rule for {source!r}{known}",
                hint=f"`axonhub profile show {name}`",
            )
        change.edit.update("profiles", name, {"mappings": _plain(left) or None})
    output.note(
        f"{source} is mapped no more in profile {name}, {_activity(session.config(), name)}."
    )


@app.command()
def use(ctx: typer.Context, name: Name, key: KeyOption = None) -> None:
    """Make a profile a key's active one, from its next request on."""
    session = Session.of(ctx)
    find_profile(session.config(), name)
    key_name = key or DEFAULT_KEY
    with changing(session) as change:
        if key_name == DEFAULT_KEY:
            change.ensure_key(DEFAULT_KEY)
        _activate(change, key_name, name)
    output.note(f"Profile {name} is active for key {key_name}.")


@app.command()
def remove(
    ctx: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a profile; keys that use it have none then."""
    session = Session.of(ctx)
    find_profile(session.config(), name)
    output.confirm(f"Remove profile {name}, {_activity(session.config(), name)}?", yes=yes)
    lost = active_for(session.config(), name)
    with changing(session) as change:
        for key in change.config.keys:
            if name in key.profiles:
                active = None if key.active_profile == name else key.active_profile
                bound = [bound for bound in key.profiles if bound != name]
                changes = {"profiles": bound or None, "active_profile": active}
                change.edit.update("keys", key.name, changes)
        change.edit.remove("profiles", name)
    output.note(f"Profile {name} is removed.")
    for key_name in lost:
        output.note(f"Key {key_name} has no active profile now.")


def as_json(config: Config, profile: Profile) -> dict[str, Any]:
    return {
        "name": profile.name,
        "mappings": [{"from": rule.source, "to": rule.target} for rule in profile.mappings],
        "active_for": active_for(config, profile.name),
        "keys": [key.name for key in config.keys if profile.name in key.profiles],
    }


def active_for(config: Config, name: str) -> list[str]:
    """The keys whose active profile it is."""
    return [key.name for key in config.keys if key.active_profile == name]


def _activity(config: Config, name: str) -> str:
    keys = active_for(config, name)
    if not keys:
        return "not active for any key"
    return f"active for key{'s' if len(keys) > 1 else ''} {', '.join(keys)}"


def _check_source(source: str) -> None:
    from axonhub_cli.routing.mapping import check_pattern

    try:
        warning = check_pattern(source)
    except ConfigError as error:
        raise UsageError(error.message, hint=error.hint) from error
    if warning is not None:
        output.warn(warning)


def _create(change: Change, name: str) -> None:
    taken = change.config.profile(name)
    check_new_name(name, "profile", taken, hint=f"`axonhub profile show {name}`")
    change.edit.append("profiles", {"name": name})


def _target_profile(change: Change, given: str | None) -> str:
    """The profile named, else the active one of the default key, made at need."""
    if given is not None:
        return find_profile(change.config, given).name
    active = find_key(change.config, DEFAULT_KEY).active_profile
    if active is not None:
        return active
    if change.config.profile(DEFAULT_PROFILE) is None:
        _create(change, DEFAULT_PROFILE)
    _activate(change, DEFAULT_KEY, DEFAULT_PROFILE)
    return DEFAULT_PROFILE


def _active_profile(config: Config) -> str:
    key = config.key(DEFAULT_KEY)
    if key is None or key.active_profile is None:
        raise UsageError(
            "the key `default` has no active profile",
            hint="name one with --profile; `axonhub profile list` lists them",
        )
    return key.active_profile


def _activate(change: Change, key_name: str, profile: str) -> None:
    key = find_key(change.config, key_name)
    bound = list(dict.fromkeys([*key.profiles, profile]))
    change.edit.update("keys", key_name, {"profiles": bound, "active_profile": profile})


def _with_rule(
    rules: tuple[Mapping, ...], source: str, target: str, position: int | None
) -> tuple[Mapping, ...]:
    """The rules with this one: in its old place, at the end, or at `position` (from 1)."""
    rule = Mapping(source, target)
    sources = [r.source for r in rules]
    if position is None:
        if source in sources:
            return tuple(rule if r.source == source else r for r in rules)
        return (*rules, rule)
    others = [r for r in rules if r.source != source]
    return (*others[: position - 1], rule, *others[position - 1 :])


def _plain(rules: tuple[Mapping, ...]) -> list[dict[str, str]]:
    return [{"from": rule.source, "to": rule.target} for rule in rules]


def _warn_of_effect(config: Config, profile: Profile, source: str, target: str) -> None:
    """Say where the rule cannot do what it was made for."""
    from axonhub_cli.routing.mapping import is_pattern, resolve
    from axonhub_cli.routing.models import served_models, serves

    first = resolve(profile, source)
    if not is_pattern(source) and first.rule not in (None, f"{source} → {target}"):
        output.warn(
            f"an earlier rule wins for {source}: {first.rule}",
            hint=f"`axonhub profile map {source} {target} --profile {profile.name} --position 1`",
        )
    if config.channels and not any(serves(channel, target) for channel in config.channels):
        from axonhub_cli.config.nearest import did_you_mean

        known = dict.fromkeys(m for channel in config.channels for m in served_models(channel))
        output.warn(
            f"no channel serves {target!r}{did_you_mean(target, known)}",
            hint="`axonhub channel models NAME` lists what a channel serves",
        )
