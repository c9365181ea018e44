"""From the text of `config.toml` to a `Config`, or to an error that names file, line and path."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from axonhub_cli.config.files import read_text
from axonhub_cli.config.paths import Paths
from axonhub_cli.config.rules import find_faults
from axonhub_cli.config.schema import Config
from axonhub_cli.config.settings import read_overrides
from axonhub_cli.errors import ConfigError

# msgspec's own words for where a value stands: "… - at `$.channels[1].weight`".
_AT = re.compile(r"(?P<what>.*) - at `\$\.?(?P<path>.*)`", re.DOTALL)
_EDIT = "`axonhub config edit` opens the file"
_SYNTAX_AT = re.compile(r"(?P<what>.*) \(at line (?P<line>\d+), column \d+\)", re.DOTALL)


def load(paths: Paths, environ: Mapping[str, str]) -> Config:
    """Read the configuration file; a missing one means the defaults. Raises `ConfigError`."""
    text = read_text(paths.config_file)
    return parse(text or "", source=str(paths.config_file), environ=environ)


def parse(text: str, *, source: str, environ: Mapping[str, str]) -> Config:
    """Read a configuration; `AXONHUB_<SECTION>_<NAME>` variables win over the text.

    Raises `ConfigError`: `source, line 7: channels[1].weight: 300 is not between 0 and 100`. An
    empty `source` stands for a text that is in no file yet: no place in it is named.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(error, text, source) from error
    except RecursionError as error:
        raise ConfigError(f"{source}: brackets are nested too deep", hint=_EDIT) from error
    overrides = read_overrides(environ)
    for name, (_, value) in overrides.items():
        _put(data, name, value)
    try:
        config = msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        where, what = _explain(error, data)
    else:
        fault = next(find_faults(config), None)
        if fault is None:
            return config
        where, what = fault
    variable, _ = overrides.get(where, (None, None))
    if variable is not None:
        raise ConfigError(f"{variable}: {what}")
    raise ConfigError(f"{_place(source, text, where)}: {what}", hint=_EDIT if source else None)


def _put(data: dict[str, Any], name: str, value: Any) -> None:
    *sections, last = name.split(".")
    for section in sections:
        data = data.setdefault(section, {})
        if not isinstance(data, dict):
            return  # the conversion tells what is wrong there
    data[last] = list(value) if isinstance(value, tuple) else value


def _place(source: str, text: str, path: str) -> str:
    if not (path and source):
        return path or source
    from axonhub_cli.config.position import find_line

    line = find_line(text, path)
    return f"{source}, line {line}: {path}" if line else f"{source}: {path}"


def _syntax_error(error: tomllib.TOMLDecodeError, text: str, source: str) -> ConfigError:
    found = _SYNTAX_AT.fullmatch(str(error))
    # The parser names no line for what is missing at the end.
    line = found["line"] if found else text.count("\n") + 1
    what = found["what"] if found else str(error).removesuffix(" (at end of document)")
    return ConfigError(
        f"{source}, line {line}: not valid TOML: {what[:1].lower()}{what[1:]}",
        hint=_EDIT,
    )


def _explain(error: msgspec.ValidationError, data: dict[str, Any]) -> tuple[str, str]:
    """Where and what, in words of ours."""
    unknown = _find_unknown(data, msgspec.inspect.type_info(Config), "")
    if unknown is not None:
        return unknown
    found = _AT.fullmatch(str(error))
    where, what = (found["path"], found["what"]) if found else ("", str(error))
    if missing := re.search(r"missing required field `(\w+)`", what):
        return where, f"{missing[1]!r} is missing"
    if wrong := re.search(r"Expected `(.+)`, got `(.+)`", what):
        return (
            where,
            f"must be {_KINDS.get(wrong[1], wrong[1])}, not {_KINDS.get(wrong[2], wrong[2])}",
        )
    if wrong := re.search(r"Invalid enum value '(.*)'", what, re.DOTALL):
        from axonhub_cli.config.nearest import did_you_mean

        return where, f"unknown value {wrong[1]!r}{did_you_mean(wrong[1], _known_values(where))}"
    return where, what[:1].lower() + what[1:]


_KINDS = {
    "str": "a string",
    "str | null": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "array | null": "a list",
    "object": "a table",
}


def _known_values(path: str) -> list[str]:
    """What the schema allows at a path such as `channels[0].auth`."""
    kind: msgspec.inspect.Type = msgspec.inspect.type_info(Config)
    for name in re.findall(r"[^.\[\]]+", path):
        if isinstance(kind, msgspec.inspect.VarTupleType):
            kind = kind.item_type
        elif isinstance(kind, msgspec.inspect.StructType):
            kind = next(field.type for field in kind.fields if field.encode_name == name)
    kinds = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    return [
        str(value)
        for one in kinds
        if isinstance(one, msgspec.inspect.LiteralType)
        for value in one.values
    ]


def _find_unknown(value: Any, kind: msgspec.inspect.Type, path: str) -> tuple[str, str] | None:
    """The first key that the schema does not know, and the known one that is nearest to it."""
    match kind:
        case msgspec.inspect.StructType() if isinstance(value, dict):
            fields = {field.encode_name: field.type for field in kind.fields}
            for key, item in value.items():
                where = f"{path}.{key}" if path else key
                if key not in fields:
                    from axonhub_cli.config.nearest import did_you_mean

                    return where, f"unknown key {key!r}{did_you_mean(key, fields)}"
                if found := _find_unknown(item, fields[key], where):
                    return found
        case msgspec.inspect.UnionType():
            choices = (_find_unknown(value, choice, path) for choice in kind.types)
            return next(filter(None, choices), None)
        case msgspec.inspect.VarTupleType() if isinstance(value, list):
            for index, item in enumerate(value):
                if found := _find_unknown(item, kind.item_type, f"{path}[{index}]"):
                    return found
    return None
