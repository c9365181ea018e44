"""What a channel's overrides must obey, so that none of them surprises when it applies."""

from __future__ import annotations

from collections.abc import Iterator

from axonhub_cli.config.nearest import did_you_mean
from axonhub_cli.config.schema import Override
from axonhub_cli.overrides import conditions, headers, variables
from axonhub_cli.overrides.paths import EACH, Path, WrongPath, parse, split

Fault = tuple[str, str]
"""Where (`path`) and what."""

_NEEDS_VALUE = frozenset("set set_if_absent array_append array_prepend array_insert".split())
_NEEDS_TO = frozenset({"rename", "copy"})
_LISTS = frozenset("array_append array_prepend array_insert array_remove".split())
_OURS = {
    "model": "the model is chosen by mappings: `axonhub channel edit NAME --map FROM=TO`",
    "stream": "whether an answer is streamed is the client's to say: axonhub reads it so",
}
"""Members of a body that the gateway itself depends on."""


def override_faults(override: Override) -> Iterator[Fault]:
    """Every breach of a rule in one of them."""
    if override.part == "body":
        yield from _path_faults(override)
    else:
        yield from _header_faults(override)
    yield from _member_faults(override)
    yield from _variable_faults("value", variables.placeholders(override.value))
    for text in _texts(override.value):
        if text.count("{{") != text.count("}}"):
            yield "value", f"a {{{{ and a }}}} belong together: {text!r}"
    for name, wanted in override.when.items():
        yield from _variable_faults(f"when.{name}", [name])
        if (fault := conditions.check(wanted)) is not None:
            yield f"when.{name}", fault


def _path_faults(override: Override) -> Iterator[Fault]:
    try:
        path = parse(override.path)
    except WrongPath as error:
        yield "path", str(error)
        return
    # What is only read may be anything.
    if override.operation != "copy" and path[0] in _OURS:
        yield "path", _OURS[str(path[0])]
    if override.to is not None and override.operation in _NEEDS_TO:
        yield from _target_faults(path, override.to)
    for inner, wanted in override.match.items():
        try:
            if EACH in parse(inner):
                yield f"match.{inner}", "[*] cannot stand here"
        except WrongPath as error:
            yield f"match.{inner}", str(error)
        if (fault := conditions.check(wanted)) is not None:
            yield f"match.{inner}", fault


def _target_faults(path: Path, text: str) -> Iterator[Fault]:
    try:
        to = parse(text)
    except WrongPath as error:
        yield "to", str(error)
        return
    if to[0] in _OURS:
        yield "to", _OURS[str(to[0])]
    if to == path:
        yield "to", "the same as the path"
    if split(path)[0] != split(to)[0]:
        yield "to", "up to the last [*] both paths are the same: each item is changed in itself"
    elif not (split(path)[1] and split(to)[1]):
        yield "to", "a name is needed behind the last [*]"


def _header_faults(override: Override) -> Iterator[Fault]:
    if (fault := headers.check_name(override.path)) is not None:
        yield "path", fault
    if override.to is not None and (fault := headers.check_name(override.to)) is not None:
        yield "to", fault
    if override.match:
        yield "match", "a header's list holds words: name them by `value`"
    given = override.value
    listed = given if isinstance(given, list) and override.operation in _LISTS else [given]
    for each in listed:
        if isinstance(each, dict | list):
            yield "value", "a header is a text"
        elif isinstance(each, str) and (fault := headers.check_text(each)) is not None:
            yield "value", fault


def _member_faults(override: Override) -> Iterator[Fault]:
    """Is all there that the operation needs, and nothing else?"""
    operation = override.operation
    if operation in _NEEDS_VALUE and override.value is None:
        yield "value", f"{operation} needs a value"
    if operation in _NEEDS_TO and override.to is None:
        yield "to", f"{operation} needs the new name"
    if operation == "array_insert" and override.index is None:
        yield "index", "array_insert needs a position; array_append adds at the end"
    if operation == "array_remove":
        given = [override.value is not None, override.index is not None, bool(override.match)]
        if sum(given) != 1:
            yield "value", "array_remove needs one of `value`, `index` and `match`"
    for name, allowed in _FOR.items():
        if getattr(override, name) not in (None, {}) and operation not in allowed:
            yield name, f"{operation} takes none"


_FOR = {
    "value": _NEEDS_VALUE | {"array_remove"},
    "to": _NEEDS_TO,
    "index": frozenset({"array_insert", "array_remove"}),
    "match": frozenset({"array_remove"}),
}


def _variable_faults(where: str, names: Iterator[str] | list[str]) -> Iterator[Fault]:
    for name in names:
        fault = variables.check(name)
        if fault is not None:
            near = did_you_mean(name, variables.NAMES) if fault.startswith("there is no") else ""
            yield where, fault + near


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
