"""`profile limit`: what a profile may use (channels, models), how it balances, and how much."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

import typer
from msgspec import Struct

from axonhub_cli.cli import output, quota_flags
from axonhub_cli.cli.changes import changing
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import channel_names, completions, find_channel, find_profile, words
from axonhub_cli.cli.profile import Name, activity, limits_in_words
from axonhub_cli.cli.quota_flags import QuotaFlags, change_quotas
from axonhub_cli.config.schema import Config, Profile, Strategy
from axonhub_cli.errors import UsageError

TagsMatch = Literal["any", "all", "none"]
_STRATEGIES: tuple[str, ...] = get_args(Strategy)
_DEFAULT = "default"

Channel = Annotated[
    list[str] | None,
    typer.Option(
        "--channel",
        metavar="C",
        help="Only this channel, repeated: these, in the order for --strategy failover.",
        autocompletion=channel_names,
    ),
]
Tag = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="T",
        help="Only channels with this tag.",
        autocompletion=completions(lambda config: _tags(config)),
    ),
]
Match = Annotated[
    TagsMatch | None,
    typer.Option("--tags-match", help="With any of the tags (the default), all, or none."),
]
Model = Annotated[
    list[str] | None,
    typer.Option(
        "--model", metavar="M", help="Only this model, as clients ask for it; globs (*, ?) too."
    ),
]
StrategyOption = Annotated[
    str | None,
    typer.Option(
        "--strategy",
        metavar="S",
        help=f"How channels are balanced: {', '.join(_STRATEGIES)}; or default.",
        autocompletion=words(*_STRATEGIES, _DEFAULT),
    ),
]
Weight = Annotated[
    list[str] | None,
    typer.Option(
        "--weight", metavar="C=N", help="A channel's weight (0-100) in this profile; C= clears it."
    ),
]
LastResort = Annotated[
    bool | None,
    typer.Option(
        "--last-resort/--no-last-resort",
        help="Use channels of weight 0 when nothing else is left?",
    ),
]
Affinity = Annotated[
    bool | None,
    typer.Option(
        "--affinity/--no-affinity", help="Keep a session with the channel that holds its cache?"
    ),
]
Clear = Annotated[bool, typer.Option("--clear", help="Remove all limits first.")]

_LIMITS = (
    *("models", "channels", "tags", "tags_match", "strategy", "affinity", "weights"),
    *("last_resort", "quotas"),
)


class _Given(Struct, frozen=True):
    """What was given for one profile, its quota apart."""

    channel: list[str] | None
    tag: list[str] | None
    tags_match: TagsMatch | None
    model: list[str] | None
    strategy: str | None
    weight: list[str] | None
    last_resort: bool | None
    affinity: bool | None


def limit(
    ctx: typer.Context,
    name: Name,
    channel: Channel = None,
    tag: Tag = None,
    tags_match: Match = None,
    model: Model = None,
    strategy: StrategyOption = None,
    weight: Weight = None,
    last_resort: LastResort = None,
    affinity: Affinity = None,
    requests: quota_flags.Requests = None,
    tokens: quota_flags.Tokens = None,
    cost: quota_flags.Cost = None,
    per: quota_flags.Per = None,
    sliding: quota_flags.Sliding = False,
    no_quota: quota_flags.NoQuota = False,
    clear: Clear = False,
) -> None:
    """Limit what a profile may use: channels, models, requests, tokens, cost.

    An option given replaces what was there; an empty one ('') clears it.
    """
    session = Session.of(ctx)
    quota = QuotaFlags(requests, tokens, cost, per, sliding, no_quota)
    given = _Given(channel, tag, tags_match, model, strategy, weight, last_resort, affinity)
    nothing = _Given(None, None, None, None, None, None, None, None)
    find_profile(session.config(), name)
    if given == nothing and not quota.given and not clear:
        raise UsageError(
            "no limit was given",
            hint=f"see `axonhub profile limit --help`; `axonhub profile show {name}` shows them",
        )
    with changing(session) as change:
        profile = find_profile(change.config, name)
        if clear:
            profile = Profile(profile.name, profile.mappings)
        changes = dict.fromkeys(_LIMITS) if clear else {}
        changes |= _changes(given, profile, change.config)
        quotas = change_quotas(profile.quotas, quota)
        if quota.given:
            changes["quotas"] = [quota_flags.as_plain(q) for q in quotas] or None
        change.edit.update("profiles", name, changes)
    config = session.config()
    changed = find_profile(config, name)
    output.note(f"Profile {name}, {activity(config, name)}:")
    for label, value in limits_in_words(changed) or [("limits", "none")]:
        output.note(f"  {label}: {value}")
    _warn_of_effect(config, changed)


def _changes(given: _Given, profile: Profile, config: Config) -> dict[str, Any]:
    """The options as values of the file; None removes a value. Raises `UsageError`."""
    changes: dict[str, Any] = {}
    if given.channel is not None:
        wanted = _each(given.channel)
        changes["channels"] = [find_channel(config, name).name for name in wanted] or None
    if given.tag is not None:
        changes["tags"] = _known_tags(given.tag, config) or None
    if given.tags_match is not None:
        changes["tags_match"] = given.tags_match if given.tags_match != "any" else None
        if not changes.get("tags", profile.tags):
            raise UsageError("--tags-match without a tag", hint="add --tag T")
    if given.model is not None:
        changes["models"] = _each(given.model) or None
    if given.strategy is not None:
        changes["strategy"] = _strategy(given.strategy)
    if given.weight is not None:
        changes["weights"] = _weights(given.weight, profile.weights, config) or None
    if given.last_resort is not None:
        changes["last_resort"] = given.last_resort or None
    if given.affinity is not None:
        changes["affinity"] = given.affinity
    return changes


def _each(given: Iterable[str]) -> list[str]:
    """Repeated or separated by commas; each once."""
    found = (word.strip() for text in given for word in text.split(","))
    return list(dict.fromkeys(word for word in found if word))


def _tags(config: Config) -> list[str]:
    return list(dict.fromkeys(tag for channel in config.channels for tag in channel.tags))


def _known_tags(given: list[str], config: Config) -> list[str]:
    from axonhub_cli.config.nearest import did_you_mean

    known, wanted = _tags(config), _each(given)
    for tag in wanted:
        if tag not in known:
            raise UsageError(
                f"--tag: no channel has the tag {tag!r}{did_you_mean(tag, known)}",
                hint=f"`axonhub channel edit NAME --tag {tag}` gives it to one",
            )
    return wanted


def _strategy(given: str) -> str | None:
    name = given.strip().lower()
    if name in ("", _DEFAULT):
        return None
    if name not in _STRATEGIES:
        from axonhub_cli.config.nearest import did_you_mean

        known = did_you_mean(name, [*_STRATEGIES, _DEFAULT])
        raise UsageError(f"--strategy: unknown strategy {given!r}{known}")
    return name


def _weights(given: list[str], before: dict[str, int], config: Config) -> dict[str, int]:
    from axonhub_cli.config.rules import check_weight

    weights = dict(before) if any(text.strip() for text in given) else {}
    for text in _each(given):
        name, equals, number = text.partition("=")
        if not equals:
            raise UsageError(f"--weight: {text!r} is not CHANNEL=WEIGHT", hint="--weight main=50")
        channel = find_channel(config, name.strip()).name
        if not number.strip():
            weights.pop(channel, None)
            continue
        if not number.strip().isdecimal():
            raise UsageError(f"--weight: {number!r} is no whole number from 0 to 100")
        if (fault := check_weight(int(number))) is not None:
            raise UsageError(f"--weight: {fault}")
        weights[channel] = int(number)
    return weights


def _warn_of_effect(config: Config, profile: Profile) -> None:
    """Say where the limits leave nothing to be used."""
    from axonhub_cli.routing.listing import is_usable, usable_channels
    from axonhub_cli.routing.models import is_glob

    if not any(channel.enabled for channel in config.channels):
        return
    if not usable_channels(config, profile):
        output.warn(
            f"no channel is left for profile {profile.name}",
            hint=f"`axonhub profile limit {profile.name} --clear` removes all limits",
        )
        return
    for model in profile.models:
        if not is_glob(model) and not is_usable(config, profile, model):
            output.warn(
                f"no channel of profile {profile.name} serves {model!r}",
                hint="--model takes the names that clients ask for, before they are mapped",
            )
