"""What the automata share: a failure that says where, and a strict reading of SSE."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


class BadGrammar(AssertionError):
    """Something that a real client or server of the protocol would refuse."""


def bad(where: str, problem: object) -> NoReturn:
    raise BadGrammar(f"{where}: {problem}")


def need(condition: bool, where: str, problem: object) -> None:
    if not condition:
        bad(where, problem)


def need_keys(value: Any, where: str, required: set[str], optional: set[str] | None = None) -> None:
    """An object with these keys; with `optional` given, with no others."""
    need(isinstance(value, dict), where, f"{value!r} is no object")
    need(required <= value.keys(), where, f"lacks {sorted(required - value.keys())}")
    if optional is not None:
        unknown = value.keys() - required - optional
        need(not unknown, where, f"does not know {sorted(unknown)}")


def need_text(value: Any, where: str) -> None:
    need(isinstance(value, str) and value != "", where, f"{value!r} is no text")


def need_count(value: Any, where: str) -> None:
    need(type(value) is int and value >= 0, where, f"{value!r} is no count")


def strict_events(data: bytes) -> list[tuple[str, bytes]]:
    """(name, data) of each event, of SSE as strict clients read it: LF, one data line, no rest."""
    need(data.endswith(b"\n\n") or not data, "stream", f"ends with {data[-20:]!r}")
    events = []
    for piece in data.split(b"\n\n")[:-1]:
        name, payload = b"", None
        for line in piece.split(b"\n"):
            field, _, value = line.partition(b": ")
            if field == b"event":
                name = value
            elif field == b"data":
                need(payload is None, "stream", f"two data lines in {piece!r}")
                payload = value
            else:
                need(line.startswith(b":"), "stream", f"odd line {line!r}")
        if payload is not None:
            events.append((name.decode(), payload))
    return events


def decode(payload: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(payload)
    except ValueError as error:
        bad(where, error)
    need(isinstance(value, dict), where, "is no object")
    found: dict[str, Any] = value
    return found
