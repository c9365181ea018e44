"""`axonhub config`: the configuration file, its settings, and an editor that cannot break it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.changes import changing
from axonhub_cli.cli.commands import noun
from axonhub_cli.cli.context import Session
from axonhub_cli.config.schema import Config
from axonhub_cli.errors import ConfigError, UsageError

app = noun("The configuration file.", bare="show")

_ENTRIES = {"channels": "channel", "profiles": "profile", "keys": "key"}


def settings(incomplete: str) -> list[str]:
    from axonhub_cli.config.settings import DEFAULTS

    return [name for name in DEFAULTS if name.startswith(incomplete)]


KeyName = Annotated[
    str,
    typer.Argument(metavar="KEY", help="A setting, such as server.port.", autocompletion=settings),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command()
def path(ctx: typer.Context, json: Json = False) -> None:
    """Print where the configuration file is (with --json: all files)."""
    paths = Session.of(ctx).paths
    if json:
        output.emit_json(
            {
                "config": str(paths.config_file),
                "secrets": str(paths.secrets_file),
                "traces": str(paths.trace_db),
                "state": str(paths.state_file),
                "log": str(paths.log_file),
                "cache": str(paths.cache_dir),
            }
        )
        return
    output.line(str(paths.config_file))


@app.command()
def show(ctx: typer.Context, json: Json = False) -> None:
    """Show the configuration as it applies.

    That is the file, the defaults and AXONHUB_* variables.
    """
    config = Session.of(ctx).config()
    document = as_document(config)
    if json:
        output.emit_json(document)
        return
    import tomli_w

    output.line(tomli_w.dumps(_without_none(document), multiline_strings=False).rstrip())


@app.command()
def check(ctx: typer.Context, json: Json = False) -> None:
    """Check the configuration file; exit code 2 when it is wrong."""
    session = Session.of(ctx)
    file = str(session.paths.config_file)
    try:
        config = session.config()
        _check_files(config)
    except ConfigError as error:
        if json:
            output.emit_json({"ok": False, "path": file, "error": error.message})
        raise
    if json:
        output.emit_json({"ok": True, "path": file, "error": None})
        return
    there = "is valid" if session.paths.config_file.exists() else "does not exist: defaults apply"
    output.note(f"{file} {there} ({_counted(config)}).")


def _check_files(config: Config) -> None:
    """What loading leaves to the channels: are the files there that they name?"""
    from axonhub_cli.config.rules_network import check_ca_file

    if (file := config.telemetry.ca_file) is not None and (
        fault := check_ca_file(file)
    ) is not None:
        raise ConfigError(f"telemetry.ca_file: {fault}")
    for index, channel in enumerate(config.channels):
        fault = check_ca_file(channel.ca_file) if channel.ca_file is not None else None
        if fault is not None:
            raise ConfigError(
                f"channels[{index}].ca_file: {fault}",
                hint=f"`axonhub channel edit {channel.name} --ca-file FILE` names another",
            )


@app.command()
def get(ctx: typer.Context, key: KeyName, json: Json = False) -> None:
    """Print one setting as it applies."""
    from axonhub_cli.config.settings import read_settings, require_setting

    _refuse_entries(key)
    found = read_settings(Session.of(ctx).config())
    sections = {name: value for name, value in found.items() if name.startswith(f"{key}.")}
    if sections:
        if json:
            output.emit_json(sections)
            return
        output.fields([(name, _as_text(value)) for name, value in sections.items()])
        return
    require_setting(key)
    if json:
        output.emit_json(found[key])
    else:
        output.line(_as_text(found[key]))


@app.command("set")
def set_value(
    ctx: typer.Context,
    key: KeyName,
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="Lists with commas; '' restores the default.")
    ],
) -> None:
    """Change one setting."""
    from axonhub_cli.config.settings import DEFAULTS, read_overrides, read_settings, require_setting

    _refuse_entries(key)
    require_setting(key)
    session = Session.of(ctx)
    with changing(session) as change:
        change.edit.set_value(key, value if value.strip() else None)
    now = read_settings(session.config())[key]
    default = " (the default)" if now == DEFAULTS[key] else ""
    output.note(f"{key} = {_as_text(now) or '(nothing)'}{default}")
    overriding = read_overrides(session.environ).get(key)
    if overriding is not None:
        output.warn(f"the variable {overriding[0]} overrides this setting here")


@app.command()
def edit(ctx: typer.Context) -> None:
    """Open the file in $VISUAL or $EDITOR.

    Only a valid result is written.
    """
    from axonhub_cli.cli.edit_file import edit_copy

    session = Session.of(ctx)
    outcome = edit_copy(session.paths, session.environ)
    output.note(outcome)


def as_document(config: Config) -> dict[str, Any]:
    """The configuration as plain data, without what may hold a secret."""
    import msgspec

    from axonhub_cli.config.labels import shown_reference
    from axonhub_cli.config.userinfo import hide_userinfo

    document: dict[str, Any] = msgspec.to_builtins(config)
    for channel in document["channels"]:
        channel["tokens"] = [shown_reference(reference) for reference in channel["tokens"]]
        channel["proxy"] = channel["proxy"] and hide_userinfo(channel["proxy"])
    for key in document["keys"]:
        key["secret"] = shown_reference(key["secret"]) if key["secret"] else None
    return document


def _without_none(value: Any) -> Any:
    """TOML has no null: what is not set is not shown."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def _counted(config: Config) -> str:
    counts = {
        "channel": len(config.channels),
        "profile": len(config.profiles),
        "key": len(config.keys),
    }
    return ", ".join(f"{n} {noun}{'' if n == 1 else 's'}" for noun, n in counts.items())


def _refuse_entries(key: str) -> None:
    section = key.split(".")[0]
    noun = _ENTRIES.get(section)
    if noun is not None:
        raise UsageError(
            f"{section} are no settings: they have commands of their own",
            hint=f"`axonhub {noun} --help`",
        )
