"""`channel override`: edits of the body and the headers that go to a channel's provider."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.changes import changing
from axonhub_cli.cli.channel.arguments import Json, Name, Yes
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.lookup import find_channel
from axonhub_cli.config.schema import Channel, Override
from axonhub_cli.config.schema.overrides import Operation
from axonhub_cli.errors import UsageError

_OPERATIONS: tuple[str, ...] = get_args(Operation)
_SHOWN = ", ".join(name.replace("_", "-") for name in _OPERATIONS)
_WORDS = {"rename": ("PATH", "NEW"), "copy": ("PATH", "NEW"), "delete": ("PATH",)}
"""What follows an operation; PATH and VALUE where nothing else is said."""
_Edit = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[OPERATION PATH [VALUE]]",
        help=f"The edit to add: {_SHOWN}. VALUE is JSON, or else a text; "
        "{{request.model}} and the like are put in.",
    ),
]
_Header = Annotated[bool, typer.Option("--header", help="PATH is the name of a header.")]
_When = Annotated[
    list[str] | None,
    typer.Option(
        "--when",
        metavar="VARIABLE=VALUE",
        help="Only where this holds; * and ? stand for any characters, != for the contrary.",
    ),
]
_Index = Annotated[
    int | None, typer.Option("--index", metavar="N", help="Of array-insert and array-remove.")
]
_Match = Annotated[
    list[str] | None,
    typer.Option("--match", metavar="PATH=VALUE", help="Of array-remove: which items."),
]
_Number = Annotated[
    int | None, typer.Option("--remove", metavar="N", help="Remove the edit of that number.")
]
_File = Annotated[
    Path | None,
    typer.Option("--file", metavar="FILE", help="Take them all from a JSON or TOML file."),
]


def override(
    ctx: typer.Context,
    name: Name,
    edit: _Edit = None,
    header: _Header = False,
    when: _When = None,
    index: _Index = None,
    match: _Match = None,
    remove: _Number = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove them all.")] = False,
    file: _File = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """List what is edited in requests to a channel, or add, replace or remove edits.

    axonhub channel override work set temperature 0.2 --when 'request.model=claude-*'
    """
    session = Session.of(ctx)
    channel = find_channel(session.config(), name)
    if sum((bool(edit), remove is not None, clear, file is not None)) > 1:
        raise UsageError("an edit, --remove, --clear and --file exclude each other")
    if edit:
        made = _read_edit(edit, header=header, when=when, index=index, match=match)
        _save(session, name, [*channel.overrides, made])
        output.note(f"Requests to {name}: {_sentence(made)}.")
    elif header or when or index is not None or match:
        raise UsageError("what is to be edited?", hint=f"OPERATION is one of {_SHOWN}")
    elif remove is not None:
        _remove(session, channel, remove)
    elif clear:
        output.confirm(f"Remove all {len(channel.overrides)} edits of {name}?", yes=yes)
        _save(session, name, [])
        output.note(f"Requests to {name} are not edited any more.")
    elif file is not None:
        _save(session, name, read_file(file))
        output.note(f"Requests to {name} have the edits of {file}.")
    else:
        _list(channel, json=json)


def as_json(override: Override) -> dict[str, Any]:
    """As the configuration file has it."""
    given: dict[str, Any] = msgspec.to_builtins(override)
    left_out: tuple[object, ...] = (None, {})
    return {
        name: value
        for name, value in given.items()
        if value not in left_out and (name, value) != ("in", "body")
    }


def read_file(file: Path) -> list[Override]:
    """All that a file says. Raises `UsageError`."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"--file: {file} cannot be read: {reason}") from error
    given = _decode(file, text)
    listed = given.get("overrides") if isinstance(given, dict) else given
    if not isinstance(listed, list):
        raise UsageError(
            f"--file: {file} holds no list of edits",
            hint='`[{"op": "set", "path": "temperature", "value": 0.2}]`, or as `overrides`',
        )
    found = []
    for number, entry in enumerate(listed, 1):
        if isinstance(entry, dict) and "from" in entry and "path" not in entry:
            # What others call the path of `rename` and `copy`.
            entry = {"path" if key == "from" else key: value for key, value in entry.items()}
        operation = entry.get("op") if isinstance(entry, dict) else None
        if isinstance(operation, str) and operation not in _OPERATIONS:
            known = ", ".join(_OPERATIONS)
            raise UsageError(f"--file: edit {number}: op: no {operation!r}: known are {known}")
        found.append(_convert(entry, f"--file: edit {number}: "))
    return found


def _decode(file: Path, text: str) -> Any:
    import tomllib
    from json import JSONDecodeError, loads

    try:
        return loads(text) if text.lstrip()[:1] in "[{" and not _is_toml(text) else _toml(text)
    except (JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"--file: {file} is neither JSON nor TOML: {error}") from error


def _is_toml(text: str) -> bool:
    return text.lstrip().startswith("[[overrides]]")


def _toml(text: str) -> Any:
    import tomllib

    return tomllib.loads(text)


def _read_edit(
    words: list[str],
    *,
    header: bool,
    when: list[str] | None,
    index: int | None,
    match: list[str] | None,
) -> Override:
    operation = words[0].replace("-", "_")
    if operation not in _OPERATIONS:
        from axonhub_cli.config.nearest import did_you_mean

        near = did_you_mean(words[0], [name.replace("_", "-") for name in _OPERATIONS])
        raise UsageError(f"no such operation: {words[0]}{near}")
    named = _WORDS.get(operation, ("PATH", "VALUE"))
    # What is removed from an array may be said by --index or --match instead.
    least = len(named) - (operation == "array_remove")
    if not least <= len(words) - 1 <= len(named):
        shown = " ".join(named)
        raise UsageError(
            f"{words[0]} takes {shown}", hint="a VALUE of several words stands in quotes"
        )
    given: dict[str, Any] = dict(zip(("path", "value"), words[1:], strict=False))
    if operation in ("rename", "copy"):
        given["to"] = given.pop("value")
    elif "value" in given:
        given["value"] = read_value(given["value"])
    given |= {"op": operation, "in": "headers" if header else "body", "index": index}
    given |= {"when": _conditions(when, "--when"), "match": _conditions(match, "--match")}
    return _convert(given, "")


def read_value(text: str) -> Any:
    """JSON where it is that, else the text itself. Raises `UsageError` for what was to be JSON."""
    from json import JSONDecodeError, loads

    try:
        return loads(text)
    except JSONDecodeError as error:
        if not text.startswith(("{", "[")) or text.startswith("{{"):
            return text
        raise UsageError(
            f"VALUE begins like JSON and is none: {error}",
            hint='a variable stands in quotes, {"a": "{{body.n}}"}, and becomes what it is; '
            "a text that begins so stands in quotes as well",
        ) from error


def _conditions(given: list[str] | None, flag: str) -> dict[str, Any]:
    """`a=b` twice for one name means: one of both."""
    found: dict[str, list[str]] = {}
    contrary: dict[str, list[str]] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals or not name.rstrip("!"):
            raise UsageError(f"{flag}: {text!r} is not NAME=VALUE")
        into = contrary if name.endswith("!") else found
        into.setdefault(name.rstrip("!"), []).append(value)
    if both := set(found) & set(contrary):
        raise UsageError(f"{flag}: {min(both)} is asked for with = and with !=")
    conditions: dict[str, Any] = {name: _one_or_many(values) for name, values in found.items()}
    return conditions | {name: {"not": _one_or_many(v)} for name, v in contrary.items()}


def _one_or_many(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _convert(given: Any, where: str) -> Override:
    from axonhub_cli.config.rules_overrides import override_faults

    try:
        made = msgspec.convert(given, Override)
    except msgspec.ValidationError as error:
        raise UsageError(f"{where}{error}") from error
    for place, what in override_faults(made):
        raise UsageError(f"{where}{place}: {what}")
    return made


def _save(session: Session, name: str, overrides: list[Override]) -> None:
    with changing(session) as change:
        find_channel(change.config, name)
        entries = [as_json(override) for override in overrides]
        change.edit.update("channels", name, {"overrides": entries or None})


def _remove(session: Session, channel: Channel, number: int) -> None:
    count = len(channel.overrides)
    if not 1 <= number <= count:
        hint = f"`axonhub channel override {channel.name}` lists them"
        raise UsageError(f"--remove: there is no edit {number}, only {count}", hint=hint)
    kept = [*channel.overrides]
    gone = kept.pop(number - 1)
    _save(session, channel.name, kept)
    output.note(f"Not done any more: {_sentence(gone)}.")


def _list(channel: Channel, *, json: bool) -> None:
    if json:
        output.emit_json([as_json(override) for override in channel.overrides])
        return
    rows = [
        (str(number), _sentence(each), _shown_conditions(each.when))
        for number, each in enumerate(channel.overrides, 1)
    ]
    output.table(
        ("number", "edit", "when"),
        rows,
        empty=f"Requests to {channel.name} are not edited. "
        f"axonhub channel override {channel.name} --help",
    )


def _sentence(override: Override) -> str:
    """`set temperature 0.2`, as it was said."""
    words = [override.operation.replace("_", "-"), override.path]
    if override.part == "headers":
        words.insert(1, "header")
    words += [override.to] if override.to is not None else []
    words += [_shown(override.value)] if override.value is not None else []
    words += [f"at {override.index}"] if override.index is not None else []
    words += [f"with {_shown_conditions(override.match)}"] if override.match else []
    return " ".join(words)


def _shown_conditions(conditions: dict[str, Any]) -> str:
    parts = []
    for name, wanted in conditions.items():
        sign, value = ("!=", wanted["not"]) if isinstance(wanted, dict) else ("=", wanted)
        values = value if isinstance(value, list) else [value]
        parts.append(f"{name}{sign}{'|'.join(map(_shown, values))}")
    return ", ".join(parts)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
