"""The settings: values with a dotted name (`server.port`), and how text becomes one.

Channels, profiles and keys are entries, not settings: they have commands of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from axonhub_cli.config.schema import Config
from axonhub_cli.errors import ConfigError

Setting = str | int | bool | tuple[str, ...] | None

_TRUTH = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}


def read_settings(config: Config) -> dict[str, Setting]:
    """Every setting by its dotted name, in the order of the schema."""
    return dict(_walk(config, ""))


def require_setting(name: str) -> None:
    """Raise `ConfigError` with the nearest known name when there is no such setting."""
    if name in DEFAULTS:
        return
    from axonhub_cli.config.nearest import did_you_mean

    raise ConfigError(
        f"there is no setting {name!r}{did_you_mean(name, DEFAULTS)}",
        hint="`axonhub config show` lists all settings",
    )


def read_value(name: str, text: str) -> Setting:
    """What `text` (typed by a user, or a variable's value) means for the setting `name`.

    Lists are written with commas. Raises `ConfigError` for an unknown name or a wrong text.
    """
    require_setting(name)
    default = DEFAULTS[name]
    if isinstance(default, bool):
        if (truth := _TRUTH.get(text.strip().lower())) is None:
            raise ConfigError(f"{name}: {text!r} is neither true nor false")
        return truth
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise ConfigError(f"{name}: {text!r} is not a whole number") from None
    if isinstance(default, tuple):
        return tuple(item.strip() for item in text.split(",") if item.strip())
    return text


def read_overrides(environ: Mapping[str, str]) -> dict[str, tuple[str, Setting]]:
    """`AXONHUB_SERVER_PORT=9000` as `{"server.port": ("AXONHUB_SERVER_PORT", 9000)}`.

    Variables that name no setting are not ours to judge; empty ones count as unset. Raises
    `ConfigError` naming the variable.
    """
    given = {name: text for name, text in environ.items() if name.startswith("AXONHUB_") and text}
    found: dict[str, tuple[str, Setting]] = {}
    if not given:
        return found
    for name in DEFAULTS:
        variable = "AXONHUB_" + name.replace(".", "_").upper()
        if variable not in given:
            continue
        try:
            found[name] = (variable, read_value(name, given[variable]))
        except ConfigError as error:
            raise ConfigError(f"{variable}: {error.message.partition(': ')[2]}") from None
    return found


def _walk(section: Struct, prefix: str) -> Iterator[tuple[str, Setting]]:
    for field in section.__struct_fields__:
        value: Any = getattr(section, field)
        if isinstance(value, Struct):
            yield from _walk(value, f"{prefix}{field}.")
        elif prefix:
            yield prefix + field, value


DEFAULTS: dict[str, Setting] = read_settings(Config())
