"""When an override applies: each variable it names has one of the values it asks for.

"request.model" = "claude-*"            a text, in which * and ? stand for any characters
"request.effort" = ["high", "max"]      one of these
"request.stream" = true                 a truth value or a number
"request.headers.x-team" = { not = "lab" }    anything else, or nothing at all
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from axonhub_cli.jsonio import Json
from axonhub_cli.overrides.variables import Facts, as_text, look_up

NOT = "not"


def holds(when: Mapping[str, Json], facts: Facts, body: bytes) -> bool:
    """All of them."""
    return all(matches(look_up(name, facts, body), wanted) for name, wanted in when.items())


def matches(value: Json, wanted: Json) -> bool:
    """`value` is None where there is none."""
    if isinstance(wanted, dict):
        return not matches(value, wanted.get(NOT))
    if isinstance(wanted, list | tuple):
        return any(matches(value, each) for each in wanted)
    if value is None:
        return False
    if isinstance(wanted, str):
        # Names of models have brackets (`claude-sonnet-4-5[1m]`), which mean themselves.
        return fnmatchcase(as_text(value), wanted.replace("[", "[[]"))
    return as_text(value) == as_text(wanted)


def check(wanted: Json) -> str | None:
    """What is wrong with what a condition asks for, as a clause."""
    if isinstance(wanted, dict):
        if set(wanted) != {NOT}:
            return f"{{ {NOT} = VALUE }} is the only table that can stand here"
        wanted = wanted[NOT]
        if isinstance(wanted, dict):
            return f"{NOT} takes a value or a list of them"
    for each in wanted if isinstance(wanted, list | tuple) else [wanted]:
        if not isinstance(each, str | bool | int | float):
            return "a value is a text, a number, true or false"
    return None
