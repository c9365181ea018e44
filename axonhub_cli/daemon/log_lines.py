"""One line of the daemon's log: written as an object, and read in any form it has had.

{"at": "2026-11-24T12:00:00.123+00:00", "level": "warning", "logger": "axonhub",
 "message": "…", "hint": "…", "exception": "Traceback …"}        log_format = "json"
2026-11-24 12:00:00,123 WARNING …                               log_format = "text"
error: …  hint: …  warning: …                                   what a daemon begins and ends with
"""

from __future__ import annotations

import json
import re
from typing import Literal

from msgspec import Struct

from axonhub_cli.jsonio import Json

LARGEST_LOG = 4 * 1024 * 1024
"""Bytes of a log file before it is set aside as `daemon.log.1`."""

Level = Literal["debug", "info", "warning", "error", "critical", "hint", ""]

_LEVELS: dict[str, Level] = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "critical": "critical",
    "hint": "hint",
}
# JSON escapes the others itself.
_ESCAPED = {code: f"\\u{code:04x}" for code in (*range(127, 160), 0x2028, 0x2029)}

_TEXT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} ([A-Z]+) (.*)", re.DOTALL)
_SAID = re.compile(r"(error|warning|hint): (.*)", re.DOTALL)


_NAMES = ("at", "level", "logger", "message", "hint", "exception")


class Line(Struct, frozen=True):
    """What was said, how grave it is, and when; an unknown form is a message without a level."""

    message: str
    level: Level = ""
    hint: str | None = None
    at: str | None = None
    """ISO 8601 with its offset; the text format's has none and is local."""
    logger: str | None = None
    exception: str | None = None
    fields: dict[str, Json] = {}
    """What else is told of an event, by names that are none of the others."""

    @property
    def as_text(self) -> str:
        """As it stands in a terminal, without a time."""
        if self.level == "info" and self.hint:
            return f"hint: {self.message}: {self.hint}"
        start = f"{self.level}: " if self.level not in ("info", "") else ""
        return f"{start}{self.message}" + (f" (try: {self.hint})" if self.hint else "")

    def as_object(self) -> dict[str, Json]:
        """Its members in the order of the example; without those that it has not."""
        told = {name: value for name in _NAMES if (value := getattr(self, name)) not in (None, "")}
        return told | {name: value for name, value in self.fields.items() if name not in told}


def write_line(line: Line, *, ascii: bool = False) -> str:
    """JSON without the line's end, nor anything that a terminal would obey."""
    written = json.dumps(line.as_object() | {"message": line.message}, ensure_ascii=ascii)
    return written.translate(_ESCAPED)


def read_line(text: str) -> Line:
    """A line of a log, without its end."""
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, dict) and isinstance(found.get("message"), str):
            known = {name: found.pop(name) for name in _NAMES if _is_text(found, name)}
            level = level_of(str(known.pop("level", "")))
            return Line(**known, level=level, fields=found)
    if (stamped := _TEXT.fullmatch(text)) is not None:
        at = stamped[1].replace(" ", "T")
        return Line(stamped[3], level_of(stamped[2]), at=at)
    if (said := _SAID.fullmatch(text)) is not None:
        return Line(said[2], level_of(said[1]))
    return Line(text)


def level_of(name: str) -> Level:
    """A level by its name, in whatever letters; "" for an unknown one."""
    return _LEVELS.get(name.lower(), "")


def _is_text(found: dict[str, object], name: str) -> bool:
    return isinstance(found.get(name), str)
