"""`profile map` and `unmap`: a profile's rules, with the conditions under which they hold."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.changes import Change, changing
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import find_key, find_profile, profile_names, words
from axonhub_cli.cli.profile import DEFAULT_KEY, activate, active_for, activity, create_profile
from axonhub_cli.config.schema import Config, Mapping, Profile
from axonhub_cli.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from axonhub_cli.config.schema import When

DEFAULT_PROFILE = "default"

ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="P",
        help="The profile to change; default: the active one of the key `default`.",
        autocompletion=profile_names,
    ),
]
From = Annotated[
    str,
    typer.Argument(
        metavar="FROM",
        help="The model a client asks for: exact, or a regular expression for the whole name.",
    ),
]
_CONDITIONS = (
    "background, thinking, images, web-search, subagent (or not-…), long-context, "
    "'tokens>60000', client=codex, time=22:00-06:00"
)
WhenOption = Annotated[
    list[str] | None,
    typer.Option(
        "--when",
        metavar="CONDITION",
        help=f"Only for such requests; repeated, all must hold: {_CONDITIONS}.",
        autocompletion=words(
            *("background", "thinking", "images", "web-search", "subagent", "long-context"),
            *("not-background", "not-thinking", "client=", "time=", "tokens>"),
        ),
    ),
]


def map_model(
    ctx: typer.Context,
    source: From,
    target: Annotated[str, typer.Argument(metavar="TO", help="The model that is asked instead.")],
    profile: ProfileOption = None,
    position: Annotated[
        int | None,
        typer.Option("--position", metavar="N", min=1, help="Its place; the first match wins."),
    ] = None,
    when: WhenOption = None,
) -> None:
    """Turn one model into another.

    One FROM may have several rules, each with conditions of its own. A new rule comes last, and one
    with conditions before the rule for the same FROM that has none.
    """
    session = Session.of(ctx)
    source, target = source.strip(), target.strip()
    if not target:
        raise UsageError("TO is empty", hint=f"`axonhub profile unmap {source}` removes a rule")
    _check_source(source)
    _check_not_empty(when)
    rule = Mapping(source, target, read_when(when))
    with changing(session) as change:
        if profile is None:
            # A profile has an effect through a key only: that of `axonhub env`.
            change.ensure_key(DEFAULT_KEY)
        name = _target_profile(change, profile)
        rules = with_rule(find_profile(change.config, name).mappings, rule, position)
        change.edit.update("profiles", name, {"mappings": _plain(rules)})
    config = session.config()
    output.note(f"{_told(rule)} in profile {name}, {activity(config, name)}.")
    if not active_for(config, name):
        output.note(f"It takes effect with: axonhub profile use {name}")
    _warn_of_effect(config, find_profile(config, name), rule)


def unmap(
    ctx: typer.Context, source: From, profile: ProfileOption = None, when: WhenOption = None
) -> None:
    """Remove the rules for FROM, or with --when the one with just these conditions."""
    session = Session.of(ctx)
    _check_not_empty(when)
    conditions = read_when(when)
    with changing(session) as change:
        name = profile or _active_profile(change.config)
        rules = find_profile(change.config, name).mappings
        gone = [r for r in rules if r.source == source and (not when or r.when == conditions)]
        if not gone:
            raise _no_rule(name, rules, source, conditions)
        left = tuple(rule for rule in rules if rule not in gone)
        change.edit.update("profiles", name, {"mappings": _plain(left) or None})
    whose = f"in profile {name}, {activity(session.config(), name)}"
    if len(gone) > 1:
        output.note(f"{source} is mapped no more ({len(gone)} rules are removed) {whose}.")
    elif any(rule.source == source for rule in left):
        output.note(f"{_told(gone[0])} is removed {whose}; {source} has another rule.")
    else:
        output.note(f"{source} is mapped no more {whose}.")


def read_when(given: list[str] | None) -> When | None:
    """Conditions from the command line. Raises `UsageError`."""
    if not given:
        return None
    from axonhub_cli.routing.conditions import parse

    try:
        return parse(given)
    except ConfigError as error:
        raise UsageError(f"--when: {error.message}", hint=error.hint) from error


def with_rule(
    rules: tuple[Mapping, ...], rule: Mapping, position: int | None
) -> tuple[Mapping, ...]:
    """The rules with this one: at `position` (from 1), else in the place of one for the same FROM
    and conditions, else before one for the same FROM that would hide it, else at the end."""

    def same(other: Mapping) -> bool:
        return other.source == rule.source and other.when == rule.when

    others = tuple(r for r in rules if not same(r))
    if position is None and len(others) < len(rules):
        return tuple(rule if same(r) else r for r in rules)
    if position is None:
        hiding = (i for i, r in enumerate(rules) if r.source == rule.source and r.when is None)
        position = 1 + (next(hiding, len(rules)) if rule.when is not None else len(rules))
    return (*others[: position - 1], rule, *others[position - 1 :])


def _check_not_empty(when: list[str] | None) -> None:
    """A script's unset variable must not turn a rule for some requests into one for all."""
    if not all(map(str.strip, when or ())):
        raise UsageError("--when: the condition is empty", hint=f"there are {_CONDITIONS}")


def _check_source(source: str) -> None:
    from axonhub_cli.routing.mapping import check_pattern

    try:
        warning = check_pattern(source)
    except ConfigError as error:
        raise UsageError(error.message, hint=error.hint) from error
    if warning is not None:
        output.warn(warning)


def _no_rule(name: str, rules: tuple[Mapping, ...], source: str, when: When | None) -> UsageError:
    from axonhub_cli.config.nearest import did_you_mean

    known = [rule for rule in rules if rule.source == source]
    if known:
        there = "; ".join(_told(rule) for rule in known)
        said = f"profile {name!r} has no rule for {source!r} with these conditions: {there}"
    else:
        nearest = did_you_mean(source, [rule.source for rule in rules])
        said = f"profile {name!r} has no rule for {source!r}{nearest}"
    return UsageError(said, hint=f"`axonhub profile show {name}`")


def _target_profile(change: Change, given: str | None) -> str:
    """The profile named, else the active one of the default key, made at need."""
    if given is not None:
        return find_profile(change.config, given).name
    active = find_key(change.config, DEFAULT_KEY).active_profile
    if active is not None:
        return active
    if change.config.profile(DEFAULT_PROFILE) is None:
        create_profile(change, DEFAULT_PROFILE)
    activate(change, DEFAULT_KEY, DEFAULT_PROFILE)
    return DEFAULT_PROFILE


def _active_profile(config: Config) -> str:
    key = config.key(DEFAULT_KEY)
    if key is None or key.active_profile is None:
        raise UsageError(
            "the key `default` has no active profile",
            hint="name one with --profile; `axonhub profile list` lists them",
        )
    return key.active_profile


def as_plain(rule: Mapping) -> dict[str, Any]:
    """A rule as it stands in the file, and in `--json`."""
    plain: dict[str, Any] = {"from": rule.source, "to": rule.target}
    if rule.when is not None:
        from axonhub_cli.routing import conditions

        plain["when"] = conditions.as_plain(rule.when)
    return plain


def _plain(rules: tuple[Mapping, ...]) -> list[dict[str, Any]]:
    return [as_plain(rule) for rule in rules]


def _told(rule: Mapping) -> str:
    from axonhub_cli.routing.mapping import tell

    return tell(rule)


def _warn_of_effect(config: Config, profile: Profile, rule: Mapping) -> None:
    """Say where the rule cannot do what it was made for."""
    from axonhub_cli.routing.mapping import is_pattern, matching

    reached = matching(profile.mappings, rule.source)
    if not is_pattern(rule.source) and rule not in reached:
        when = "".join(f" --when {shlex.quote(word)}" for word in _words(rule))
        output.warn(
            f"an earlier rule wins for {rule.source}: {_told(reached[-1])}",
            hint=f"`axonhub profile map {rule.source} {rule.target}{when} "
            f"--profile {profile.name} --position 1`",
        )
    _warn_of_target(config, profile, rule.target)


def _words(rule: Mapping) -> tuple[str, ...]:
    from axonhub_cli.routing.conditions import words_of

    return words_of(rule.when)


def _warn_of_target(config: Config, profile: Profile, target: str) -> None:
    from axonhub_cli.routing.models import served_models, serves
    from axonhub_cli.routing.scope import excluded

    serving = [channel for channel in config.channels if serves(channel, target)]
    if serving and all(excluded(channel, profile) for channel in serving):
        output.warn(
            f"no channel of profile {profile.name} serves {target!r}: "
            f"{serving[0].name} {excluded(serving[0], profile)}"
        )
    if config.channels and not serving:
        from axonhub_cli.config.nearest import did_you_mean

        known = dict.fromkeys(m for channel in config.channels for m in served_models(channel))
        output.warn(
            f"no channel serves {target!r}{did_you_mean(target, known)}",
            hint="`axonhub channel models NAME` lists what a channel serves",
        )
