"""The file with the list of prices: made by `extract.py` once for each version of `genai-prices`.

It lies in the cache folder. Its first line says which installed package it was made from; another
one, or a day passed where updates are asked for, and it is made anew. When that fails, the old one
is used on.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import msgspec
from msgspec import Struct

from axonhub_cli.pricing.extract import Head
from axonhub_cli.pricing.table import Table

_FORM = 2
"""Of the file: another one is made anew, though the package is the same."""
_PATIENCE_S = 60.0
_UPDATE_EVERY_S = 24 * 3600.0
_AGAIN_AFTER_S = 600.0
"""After a failure, no second attempt for so long."""

logger = logging.getLogger("axonhub")


class Listed(Struct, frozen=True):
    version: str
    table: Table


class _Origin(Struct, frozen=True):
    """What a file was made from, before what `extract.py` wrote."""

    package: str
    updated: bool


class Listing:
    """`file` need not exist. Everything here may block; nothing raises."""

    def __init__(self, file: Path, *, updates: Callable[[], bool] = lambda: False) -> None:
        """`updates`: are prices to be fetched from the package's own address, once a day?"""
        self._file = file
        self._updates = updates
        self._made_at = 0.0
        self._failed_at = -_AGAIN_AFTER_S
        self._lock = threading.Lock()

    def outdated(self) -> bool:
        """Is what `read` gave last to be read anew?"""
        if not self._made_at or not self._updates():
            return False
        return time.time() - self._made_at > _UPDATE_EVERY_S and not self._resting()

    def read(self) -> Listed | None:
        """The list, made at need; None when there is none and none can be made."""
        with self._lock:  # two threads that make it would write the same draft
            return self._read()

    def _read(self) -> Listed | None:
        package = _package()
        origin, listed = self._load()
        if origin is None or origin.package != package or self._due(origin):
            if not self._resting() and self._make(package):
                origin, listed = self._load()
        return listed

    def _due(self, origin: _Origin) -> bool:
        if not self._updates():
            return origin.updated
        return not origin.updated or time.time() - self._made_at > _UPDATE_EVERY_S

    def _resting(self) -> bool:
        return time.monotonic() < self._failed_at + _AGAIN_AFTER_S

    def _load(self) -> tuple[_Origin | None, Listed | None]:
        try:
            first, head, rest = self._file.read_bytes().split(b"\n", 2)
            self._made_at = self._file.stat().st_mtime
            origin = msgspec.json.decode(first, type=_Origin)
            return origin, Listed(msgspec.json.decode(head, type=Head).version, Table(rest))
        except (OSError, ValueError, msgspec.DecodeError):
            return None, None

    def _make(self, package: str) -> bool:
        options = ["--update"] if self._updates() else []
        try:
            made = _extract(options)
            self._write(msgspec.json.encode(_Origin(package, bool(options))) + b"\n" + made)
        except (OSError, subprocess.SubprocessError) as error:
            self._failed_at = time.monotonic()
            logger.warning("the list of prices could not be made: %s", type(error).__name__)
            # Without the network, the prices that are installed are better than none.
            return bool(options) and self._load()[0] is None and self._make_installed(package)
        return True

    def _make_installed(self, package: str) -> bool:
        with suppress(OSError, subprocess.SubprocessError):
            self._write(msgspec.json.encode(_Origin(package, False)) + b"\n" + _extract([]))
            return True
        return False

    def _write(self, data: bytes) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._file.with_suffix(f".{os.getpid()}")
        draft.write_bytes(data)
        draft.replace(self._file)


def _extract(options: list[str]) -> bytes:
    """Run `extract.py`. Raises `OSError`, `SubprocessError`."""
    # -P: nothing of the folder that the daemon was started in is imported.
    command = [sys.executable, "-P", "-m", "axonhub_cli.pricing.extract", *options]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_PATIENCE_S,
        check=True,
    )
    return done.stdout


def _package() -> str:
    """Which `genai-prices` is installed, without importing it: where, and since when."""
    found = find_spec("genai_prices")
    if found is None or found.origin is None:
        return ""
    data = Path(found.origin).with_name("data.py")
    with suppress(OSError):
        state = data.stat()
        return f"{_FORM}:{data}:{state.st_size}:{state.st_mtime_ns}"
    return f"{_FORM}:{data}"
