"""The `blobs` table as the writer uses it: a part is looked up, packed and stored at most once.

Which parts are in the table is remembered, in two generations of bounded size: what was asked for
lately stays, the rest is asked of the table again. A rolled-back transaction forgets all of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from axonhub_cli.tracing.blobs import Packer
from axonhub_cli.tracing.known_contents import KnownContents

GENERATION = 4096
"""Parts; one takes some 150 bytes of memory, and a long session has a few hundred."""


class BlobTable:
    """Keeps parts under their hash, and the last day (since 1970) on which each was used."""

    def __init__(self, generation: int = GENERATION) -> None:
        self.packer = Packer()
        self._generation = generation
        self._addresses = KnownContents()
        self._young: dict[bytes, int] = {}
        self._old: dict[bytes, int] = {}

    def keep(
        self,
        db: sqlite3.Connection,
        part: bytes | memoryview,
        day: int,
        redact: Callable[[bytes], bytes],
    ) -> bytes:
        """The part's address; it is in the table afterwards, cleaned, and marked as used."""
        name = self._addresses.find(part)
        known = self._young.get(name)
        if known is None:
            known = self._old.get(name)
            if known is None:
                known = self._find_or_add(db, name, part, day, redact)
            self._remember(name, known)
        if known < day:
            db.execute("UPDATE blobs SET used = ? WHERE hash = ?", (day, name))
            self._young[name] = day
        return name

    def forget(self) -> None:
        """What is remembered may not be in the table any more."""
        self._young, self._old = {}, {}

    def _find_or_add(
        self,
        db: sqlite3.Connection,
        name: bytes,
        part: bytes | memoryview,
        day: int,
        redact: Callable[[bytes], bytes],
    ) -> int:
        row = db.execute("SELECT used FROM blobs WHERE hash = ?", (name,)).fetchone()
        if row is not None:
            return int(row[0])
        data = self.packer.pack(redact(bytes(part)))
        db.execute(
            "INSERT INTO blobs (hash, used, size, data) VALUES (?, ?, ?, ?)",
            (name, day, len(part), data),
        )
        return day

    def _remember(self, name: bytes, day: int) -> None:
        if len(self._young) >= self._generation:
            self._young, self._old = {}, self._young
        self._young[name] = day
