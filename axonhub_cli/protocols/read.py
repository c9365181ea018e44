"""Reading decoded JSON with a path for the error: client input strictly, upstream output leniently.

The strict ones raise `ClientError` as the vendors word it (`messages.0.content: …`); the lenient
ones give a default for whatever is of another type.
"""

from __future__ import annotations

from typing import NoReturn

from axonhub_cli.errors import ClientError
from axonhub_cli.jsonio import Json


def fail(path: str, problem: str) -> NoReturn:
    raise ClientError("invalid_request", f"{path}: {problem}")


def need_dict(value: Json, path: str) -> dict[str, Json]:
    return value if isinstance(value, dict) else fail(path, "Input should be an object")


def need_list(value: Json, path: str) -> list[Json]:
    return value if isinstance(value, list) else fail(path, "Input should be an array")


def need_str(value: Json, path: str) -> str:
    return value if isinstance(value, str) else fail(path, "Input should be a string")


def opt_str(value: Json, path: str) -> str | None:
    return None if value is None else need_str(value, path)


def opt_bool(value: Json, path: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    return fail(path, "Input should be true or false")


def opt_int(value: Json, path: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return fail(path, "Input should be a whole number")


def opt_float(value: Json, path: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return fail(path, "Input should be a number")


def as_str(value: Json) -> str:
    return value if isinstance(value, str) else ""


def as_dict(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def as_int(value: Json) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value)


_MOST = 10**9
"""Tokens: a hundred times any model's context. Costs and their sums stay a database's integers."""


def as_count(value: Json, least: int = 0) -> int | None:
    """A count of tokens, `12.0` included; one that no answer can have counts as not told."""
    # A boolean is an `int` in Python.
    if type(value) is not int:
        if type(value) is not float or not value.is_integer():
            return None
        value = int(value)
    return value if least <= value <= _MOST else None


def rest(value: dict[str, Json], known: frozenset[str]) -> dict[str, Json]:
    """The members that a decoder does not know."""
    if value.keys() <= known:
        return {}
    return {name: item for name, item in value.items() if name not in known}
