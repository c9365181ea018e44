"""`axonhub profile`: which model a client's model name becomes, and for which key."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.changes import Change, changing
from axonhub_cli.cli.commands import Table, noun
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import (
    check_new_name,
    find_key,
    find_profile,
    key_names,
    profile_names,
)
from axonhub_cli.config.schema import Config, Profile

_HERE = "axonhub_cli.cli.profile"
_VERBS: Table = {
    "create": (f"{_HERE}:create", "Create a profile without rules."),
    "list": (f"{_HERE}:list_profiles", "List the profiles."),
    "show": (f"{_HERE}:show", "Show a profile's rules and limits."),
    "map": (f"{_HERE}_rules:map_model", "Turn one model into another."),
    "unmap": (f"{_HERE}_rules:unmap", "Remove the rules for FROM."),
    "use": (f"{_HERE}:use", "Make a profile a key's active one."),
    "limit": (f"{_HERE}_limits:limit", "Limit what a profile may use."),
    "remove": (f"{_HERE}:remove", "Remove a profile."),
}

app = noun("Profiles: rules that turn the model a client asks for into another.", verbs=_VERBS)

DEFAULT_KEY = "default"
"""The key of `axonhub env` and `axonhub run`."""

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The profile.", autocompletion=profile_names)
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key", metavar="K", help="The key; default: `default`.", autocompletion=key_names
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def create(
    ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")]
) -> None:
    """Create a profile without rules."""
    with changing(Session.of(ctx)) as change:
        create_profile(change, name)
    output.note(f"Profile {name} is created; give it rules:")
    output.note(f"  axonhub profile map FROM TO --profile {name}")


def list_profiles(ctx: typer.Context, json: Json = False) -> None:
    """List the profiles."""
    config = Session.of(ctx).config()
    if json:
        output.emit_json([as_json(config, profile) for profile in config.profiles])
        return
    output.table(
        ("name", "rules", "active for", "limits"),
        [
            (
                profile.name,
                str(len(profile.mappings)),
                ", ".join(active_for(config, profile.name)) or "–",
                "; ".join(f"{label}: {value}" for label, value in limits_in_words(profile)),
            )
            for profile in config.profiles
        ],
        empty="No profiles yet. `axonhub profile map FROM TO` makes one at need.",
    )


def show(ctx: typer.Context, name: Name, json: Json = False) -> None:
    """Show a profile's rules, in the order in which they are tried, and its limits."""
    from axonhub_cli.cli import quota_left
    from axonhub_cli.routing.conditions import words_of

    config = Session.of(ctx).config()
    profile = find_profile(config, name)
    limits = quota_left.limits_of(Session.of(ctx).paths, [profile]).get(name, [])
    if json:
        quotas = [quota_left.as_json(limit) for limit in limits]
        output.emit_json({**as_json(config, profile), "quotas": quotas})
        return
    output.note(f"Profile {name}, {activity(config, name)}.")
    output.table(
        ("#", "from", "to", "when"),
        [
            (str(i), rule.source, rule.target, ", ".join(words_of(rule.when)))
            for i, rule in enumerate(profile.mappings, start=1)
        ],
        empty="It has no rules: every model goes to a channel that serves it by that name.",
    )
    if (about := limits_in_words(profile, with_quotas=False)) and profile.mappings:
        output.line()
    output.fields(about)
    for limit in limits:
        output.line(f"quota of {quota_left.in_words(limit)}")


def use(ctx: typer.Context, name: Name, key: KeyOption = None) -> None:
    """Make a profile a key's active one, from its next request on."""
    session = Session.of(ctx)
    find_profile(session.config(), name)
    key_name = key or DEFAULT_KEY
    with changing(session) as change:
        if key_name == DEFAULT_KEY:
            change.ensure_key(DEFAULT_KEY)
        activate(change, key_name, name)
    output.note(f"Profile {name} is active for key {key_name}.")


def remove(
    ctx: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a profile; keys that use it have none then."""
    session = Session.of(ctx)
    find_profile(session.config(), name)
    output.confirm(f"Remove profile {name}, {activity(session.config(), name)}?", yes=yes)
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
    from axonhub_cli.cli.profile_rules import as_plain

    return {
        "name": profile.name,
        "mappings": [as_plain(rule) for rule in profile.mappings],
        "active_for": active_for(config, profile.name),
        "keys": [key.name for key in config.keys if profile.name in key.profiles],
        "models": list(profile.models),
        "channels": list(profile.channels),
        "tags": list(profile.tags),
        "tags_match": profile.tags_match,
        "strategy": profile.strategy,
        "affinity": profile.affinity,
        "weights": profile.weights,
        "last_resort": profile.last_resort,
    }


def limits_in_words(profile: Profile, *, with_quotas: bool = True) -> list[tuple[str, str]]:
    """What is limited, and to what; nothing where there are no limits."""
    pairs = [
        ("models", ", ".join(profile.models)),
        ("channels", ", ".join(profile.channels)),
        (_TAGS[profile.tags_match], ", ".join(profile.tags)),
        ("strategy", profile.strategy or ""),
        ("weights", ", ".join(f"{name}={n}" for name, n in profile.weights.items())),
        ("last resort", "channels of weight 0" if profile.last_resort else ""),
        ("affinity", "" if profile.affinity is None else "on" if profile.affinity else "off"),
    ]
    if with_quotas:
        from axonhub_cli.cli.quota_flags import in_words

        pairs += [("quota", in_words(quota)) for quota in profile.quotas]
    return [(label, value) for label, value in pairs if value]


_TAGS = {"any": "any of the tags", "all": "all of the tags", "none": "none of the tags"}


def active_for(config: Config, name: str) -> list[str]:
    """The keys whose active profile it is."""
    return [key.name for key in config.keys if key.active_profile == name]


def activity(config: Config, name: str) -> str:
    """For which keys it is active, in words."""
    keys = active_for(config, name)
    if not keys:
        return "not active for any key"
    return f"active for key{'s' if len(keys) > 1 else ''} {', '.join(keys)}"


def create_profile(change: Change, name: str) -> None:
    """A profile without rules. Raises `UsageError` for a name that is none, or taken."""
    taken = change.config.profile(name)
    check_new_name(name, "profile", taken, hint=f"`axonhub profile show {name}`")
    change.edit.append("profiles", {"name": name})


def activate(change: Change, key_name: str, profile: str) -> None:
    """Make a profile the active one of a key, and bind it to the key."""
    key = find_key(change.config, key_name)
    bound = list(dict.fromkeys([*key.profiles, profile]))
    change.edit.update("keys", key_name, {"profiles": bound, "active_profile": profile})
