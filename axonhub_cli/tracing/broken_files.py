"""Damaged trace files: moved aside, a few of them kept, and the sums of use and cost taken over.

traces.db ──▶ traces.db.broken-20261124T101500Z      with its -wal and -shm
table `usage`, as far as it can be read ──▶ the new traces.db, so that quotas and reports go on
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from axonhub_cli.tracing.transaction import transaction

MOST = 3
"""So many are kept; of more, the smallest of the earlier ones goes."""

_SUFFIXES = ("", "-wal", "-shm")

logger = logging.getLogger("axonhub")


class BrokenFile(Struct, frozen=True):
    """One that was set aside. `size`: bytes, of its log too."""

    path: Path
    size: int


def find_broken(path: Path) -> list[BrokenFile]:
    """Those of a trace file, the latest first."""
    found: list[Path] = []
    with suppress(OSError):
        found = [
            each
            for each in path.parent.glob(f"{path.name}.broken-*")
            if not each.name.endswith(_SUFFIXES[1:])
        ]
    return [
        BrokenFile(each, sum(_size(each, suffix) for suffix in _SUFFIXES))
        for each in sorted(found, reverse=True)
    ]


def move_aside(path: Path) -> Path:
    """Where the file is now; raises `OSError`."""
    broken = _free_name(path)
    for suffix in _SUFFIXES:
        with suppress(FileNotFoundError):
            os.replace(f"{path}{suffix}", f"{broken}{suffix}")
    _keep_few([file for file in find_broken(path) if file.path != broken])
    return broken


def take_over_usage(broken: Path, db: sqlite3.Connection) -> int:
    """Copy what can be read of a damaged file's sums; how many rows. Raises `sqlite3.Error` for a
    fault of the new file alone."""
    columns = [name for _, name, *_ in db.execute("PRAGMA table_info(usage)")]
    put = f"INSERT OR IGNORE INTO usage VALUES ({', '.join('?' * len(columns))})"
    with transaction(db):
        taken = db.executemany(put, _usage_rows(broken, columns)).rowcount
    return max(0, taken)


def _usage_rows(broken: Path, columns: list[str]) -> Iterator[tuple[object, ...]]:
    """From both ends, up to where it is damaged; with its log and, should that be at fault,
    without. The file is left as it is."""
    modes = ("", "&immutable=1") if _size(broken, "-wal") else ("&immutable=1",)
    for mode in modes:
        for order in ("", " DESC"):
            with (
                suppress(sqlite3.Error),
                closing(sqlite3.connect(f"{broken.as_uri()}?mode=ro{mode}", uri=True)) as db,
            ):
                query = f"SELECT {', '.join(columns)} FROM usage ORDER BY quarter{order}"
                yield from filter(_is_sound, db.execute(query))
                return


def _is_sound(row: tuple[object, ...]) -> bool:
    """A quarter of an hour, five names, and sums."""
    quarter, names, sums = row[0], row[1:6], row[6:]
    return (
        isinstance(quarter, int)
        and all(isinstance(name, str) for name in names)
        and all(isinstance(each, int) and each >= 0 for each in sums)
    )


def _free_name(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    number = 1
    while (free := Path(f"{path}.broken-{stamp}{f'-{number}' * (number > 1)}")).exists():
        number += 1
    return free


def _keep_few(others: list[BrokenFile]) -> None:
    """A disk that fails would be filled with them. The smallest holds the least."""
    by_size = sorted(others, key=lambda file: file.size, reverse=True)
    for file in by_size[MOST - 1 :]:
        logger.warning("the damaged trace file %s is deleted: there are too many", file.path.name)
        for suffix in _SUFFIXES:
            with suppress(OSError):
                os.unlink(f"{file.path}{suffix}")


def _size(path: Path, suffix: str) -> int:
    with suppress(OSError):
        return os.stat(f"{path}{suffix}").st_size
    return 0
