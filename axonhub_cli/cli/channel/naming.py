"""The options of a channel for what it serves: names of its models, and conditions."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.channel.options import Readers
from axonhub_cli.cli.profile_rules import WhenOption, read_when
from axonhub_cli.config.schema import Channel
from axonhub_cli.errors import UsageError

Prefix = Annotated[
    str | None,
    typer.Option("--prefix", metavar="P", help="Serve every model under P/model too."),
]
TrimPrefix = Annotated[
    list[str] | None,
    typer.Option("--trim-prefix", metavar="P", help="Serve a model named P/model under model too."),
]
LowerCase = Annotated[
    bool | None,
    typer.Option(
        "--lower-case/--no-lower-case", help="Compare and list names of models in lower case?"
    ),
]
HideOriginals = Annotated[
    bool | None,
    typer.Option(
        "--hide-originals/--show-originals",
        help="Serve only the names made by --map, --prefix and --trim-prefix?",
    ),
]
HideAliases = Annotated[
    bool | None,
    typer.Option(
        "--hide-aliases/--show-aliases", help="Leave those names out of lists? They are served."
    ),
]
When = WhenOption


def _prefix(flag: str, text: str) -> str | None:
    from axonhub_cli.config.rules_profiles import check_prefix

    given = text.strip().strip("/")
    fault = check_prefix(given) if given else None
    if fault is not None:
        raise UsageError(f"{flag}: {fault}")
    return given or None


def _prefixes(given: list[str]) -> list[str] | None:
    words = [word for text in given for word in text.split(",")]
    found = [prefix for word in words if (prefix := _prefix("--trim-prefix", word))]
    return list(dict.fromkeys(found)) or None


def _when(given: list[str]) -> dict[str, Any] | None:
    when = read_when(given)
    if when is None:
        return None
    from axonhub_cli.routing.conditions import as_plain

    return as_plain(when)


def _flag(given: bool) -> bool | None:
    return given or None


READERS: Readers = {
    "prefix": ("prefix", partial(_prefix, "--prefix")),
    "trim_prefix": ("trimmed_prefixes", _prefixes),
    "lower_case": ("lower_case", _flag),
    "hide_originals": ("hide_originals", _flag),
    "hide_aliases": ("hide_aliases", _flag),
    "when": ("when", _when),
}


def naming_of(channel: Channel) -> dict[str, Any]:
    """What `channel show --json` tells of it."""
    from axonhub_cli.routing.conditions import as_plain

    return {
        "prefix": channel.prefix,
        "trimmed_prefixes": list(channel.trimmed_prefixes),
        "lower_case": channel.lower_case,
        "hide_originals": channel.hide_originals,
        "hide_aliases": channel.hide_aliases,
        "when": as_plain(channel.when) if channel.when is not None else None,
    }


def in_words(channel: Channel) -> list[tuple[str, str]]:
    """The same for people; nothing where nothing was said."""
    from axonhub_cli.routing.conditions import explain

    hidden = "originals" if channel.hide_originals else "aliases" if channel.hide_aliases else ""
    pairs = [
        ("serves only", explain(channel.when) if channel.when is not None else ""),
        ("prefix", channel.prefix or ""),
        ("trimmed prefixes", ", ".join(channel.trimmed_prefixes)),
        ("names", "in lower case" if channel.lower_case else ""),
        ("hidden", hidden),
    ]
    return [(label, value) for label, value in pairs if value]


def warn_of_mappings(channel: Channel) -> None:
    """A model's own name comes before a mapping of it, which then does nothing."""
    from axonhub_cli.routing.mapping import is_pattern
    from axonhub_cli.routing.models import upstream_model

    for mapping in channel.mappings:
        sent = upstream_model(channel, mapping.source)
        if not is_pattern(mapping.source) and sent not in (None, mapping.target):
            output.warn(
                f"{mapping.source} → {mapping.target} has no effect: channel {channel.name} serves "
                f"{mapping.source} itself" + (f", as {sent}" if sent != mapping.source else ""),
                hint=f"take it out of the models (`axonhub channel models {channel.name} "
                f"--remove {mapping.source}`), or use `axonhub profile map`",
            )
