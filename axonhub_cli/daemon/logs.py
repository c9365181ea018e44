"""The daemon's log on stderr: lines for people, or an object a line for programs.

With objects, everything is one: what it begins and ends with, Python's warnings, exceptions that
nobody caught. A log file that has grown large is set aside as `daemon.log.1`.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TextIO

from axonhub_cli.config.files import read_text
from axonhub_cli.config.paths import Paths
from axonhub_cli.config.schema import Server
from axonhub_cli.config.userinfo import hide_userinfo
from axonhub_cli.daemon.log_lines import LARGEST_LOG, Line, level_of, write_line
from axonhub_cli.errors import AxonHubError
from axonhub_cli.tracing.hidden_names import hide_in_text

_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), "�") | {9: " ", 10: " ", 13: " "}

Format = Literal["text", "json"]


def configure_logging(server: Server, log_file: Path | None = None) -> None:
    """Our own words at the chosen level, uvicorn's only when something is wrong. May be called
    again while the daemon runs. `log_file`: set aside when it is large, if it is stderr's."""
    _HANDLER.log_file = log_file
    _HANDLER.setFormatter(
        JsonFormatter()
        if server.log_format == "json"
        else TextFormatter("%(asctime)s %(levelname)s %(message)s")
    )
    for name, level in (("axonhub", server.log_level.upper()), ("uvicorn", "WARNING")):
        logger = logging.getLogger(name)
        logger.handlers[:] = [_HANDLER]
        logger.propagate = False
        logger.setLevel(level)


@contextmanager
def whole_process() -> Iterator[None]:
    """Whatever else would be written to stderr goes through the log: for a process that is nothing
    but the daemon, as long as it is."""
    root, warned = logging.getLogger(), warnings.showwarning
    before = root.handlers[:], root.level, sys.excepthook, sys.unraisablehook, threading.excepthook
    root.handlers[:] = [_HANDLER]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = lambda *caught: _uncaught(caught, "it ended")
    sys.unraisablehook = lambda told: _uncaught(_caught(told), told.err_msg or "something ignored")
    threading.excepthook = lambda told: _uncaught(_caught(told), "a thread ended")
    try:
        yield
    finally:
        logging.captureWarnings(False)
        warnings.showwarning = warned
        root.handlers[:], level, sys.excepthook, sys.unraisablehook, threading.excepthook = before
        root.setLevel(level)


def format_before_config(paths: Paths, environ: Mapping[str, str]) -> Format:
    """Which form the log has as far as can be told of a configuration that may be broken."""
    told: object = environ.get("AXONHUB_SERVER_LOG_FORMAT")
    if not told:
        with suppress(AxonHubError, ValueError, RecursionError):
            server = tomllib.loads(read_text(paths.config_file) or "").get("server")
            told = server.get("log_format") if isinstance(server, dict) else None
    return "json" if told == "json" else "text"


def announce(line: Line) -> None:
    """Write it whatever the level is: a daemon's first and last words."""
    number = logging.getLevelName(line.level.upper())
    told = {"name": "axonhub", "levelname": line.level.upper(), "levelno": number}
    _HANDLER.handle(logging.makeLogRecord(told | {"msg": line.message, "hint": line.hint}))


def announce_end(error: Exception) -> None:
    """What ended the daemon, as its last word."""
    if isinstance(error, AxonHubError):
        announce(Line(error.message, "error", error.hint))
    else:
        _uncaught((type(error), error, error.__traceback__), "it ended")


class TextFormatter(logging.Formatter):
    """A line stays one, no upstream's words can command a terminal, and no credential is told."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return _without_credentials(super().formatMessage(record)).translate(_CONTROLS)

    def formatException(self, caught: Any) -> str:
        return _without_credentials(super().formatException(caught))


class JsonFormatter(logging.Formatter):
    """`{"at": …, "level": …, "message": …}`, with `hint` and `exception` where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = Line(
            _without_credentials(record.getMessage()),
            level_of(record.levelname),
            getattr(record, "hint", None),
            at,
            record.name,
            _without_credentials(self.formatException(record.exc_info))
            if record.exc_info
            else None,
            getattr(record, "fields", {}),
        )
        # Any other encoding writes what it has no letter for in a way that is no JSON.
        encoding = (getattr(sys.stderr, "encoding", None) or "").lower()
        return write_line(line, ascii=encoding not in ("utf-8", "utf8"))


class _Stderr(logging.StreamHandler[TextIO]):
    """Whatever `sys.stderr` is at the moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.log_file: Path | None = None

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if self.log_file is not None:
            with suppress(OSError):
                _set_aside(self.log_file)


def _without_credentials(text: str) -> str:
    """What an exception of some library's says may hold a URL or a header."""
    return hide_userinfo(hide_in_text(text))


def _set_aside(log_file: Path) -> None:
    """Begin a new file, if stderr goes to this one and it has become large. Raises `OSError`."""
    written = os.fstat(2)
    if written.st_size <= LARGEST_LOG or not os.path.samestat(written, os.stat(log_file)):
        return
    both = os.path.samestat(written, os.fstat(1))
    os.replace(log_file, f"{log_file}.1")
    fresh = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for descriptor in (1, 2) if both else (2,):
            os.dup2(fresh, descriptor)
    finally:
        os.close(fresh)


def _caught(told: sys.UnraisableHookArgs | threading.ExceptHookArgs) -> Any:
    return told.exc_type, told.exc_value, told.exc_traceback


def _uncaught(caught: Any, what: str) -> None:
    logging.getLogger("axonhub").error("%s by an error of axonhub's own", what, exc_info=caught)


_HANDLER = _Stderr()
