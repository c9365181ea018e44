"""The `blobs` table as the writer uses it: a part is looked up, packed and stored at most once.

Which parts are in the table is remembered, in two generations of bounded size: what was asked for
lately stays, the rest is asked of the table again. A rolled-back transaction forgets all of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

from axonhub_cli.tracing.blobs import address
from axonhub_cli.tracing.known_contents import KnownContents
from axonhub_cli.tracing.last_bodies import LastBodies
from axonhub_cli.tracing.packer import Packer

Redact = Callable[[bytes], bytes]
_Stored = tuple[int, int]
"""A row's number, and the era in which it was last used."""

GENERATION = 4096
"""Parts; one takes some 150 bytes of memory, and a long session has a few hundred."""


class BlobTable:
    """Keeps parts under their hash, and the last era in which each was used (see `eras.py`)."""

    def __init__(self, generation: int = GENERATION) -> None:
        self.packer = Packer()
        self.bodies = LastBodies()
        """Bodies whose parts are all in the table."""
        self.added = 0
        """Bytes of all parts that this one has stored."""
        self._generation = generation
        self._redact: Redact | None = None
        self._addresses = KnownContents()
        self._young: dict[bytes, _Stored] = {}
        self._old: dict[bytes, _Stored] = {}

    def use(self, redact: Redact) -> None:
        """How parts are cleaned from now on: what was cleaned by other rules is looked at again."""
        if redact != self._redact:
            self.forget()
            self._redact = redact
            self._addresses = KnownContents()

    def keep(self, db: sqlite3.Connection, part: bytes, era: int, redact: Redact) -> bytes:
        """The part's address; it is in the table afterwards, cleaned, and marked as used."""
        name = address(redact(part))
        self._stored(db, name, part, era, redact)
        return name

    def number(
        self,
        db: sqlite3.Connection,
        part: bytes | memoryview,
        era: int,
        redact: Redact,
    ) -> int:
        """The same, and the row's number: the short name of a part that a body has many of."""
        name = self._addresses.find(part, lambda data: address(redact(data)))
        return self._stored(db, name, part, era, redact)

    def mark(self, db: sqlite3.Connection, numbers: Iterable[int | None], era: int) -> None:
        """Parts that are in the table, under these numbers, are used in this era."""
        update = "UPDATE blobs SET used = ?1 WHERE seq = ?2 AND used < ?1"
        db.executemany(update, [(era, number) for number in numbers if number])

    def forget(self) -> None:
        """What is remembered may not be in the table any more."""
        self._young, self._old = {}, {}
        self.bodies.forget()

    def _stored(
        self,
        db: sqlite3.Connection,
        name: bytes,
        part: bytes | memoryview,
        era: int,
        redact: Redact,
    ) -> int:
        known = self._young.get(name)
        if known is None:
            known = self._old.get(name)
            if known is None:
                known = self._find_or_add(db, name, part, era, redact)
            self._remember(name, known)
        number, used = known
        if used < era:
            db.execute("UPDATE blobs SET used = ? WHERE seq = ?", (era, number))
            self._young[name] = number, era
        return number

    def _find_or_add(
        self,
        db: sqlite3.Connection,
        name: bytes,
        part: bytes | memoryview,
        era: int,
        redact: Redact,
    ) -> _Stored:
        row = db.execute("SELECT seq, used FROM blobs WHERE hash = ?", (name,)).fetchone()
        if row is not None:
            return int(row[0]), int(row[1])
        data = self.packer.pack(redact(bytes(part)))
        made = db.execute(
            "INSERT INTO blobs (hash, used, size, data) VALUES (?, ?, ?, ?)",
            (name, era, len(part), data),
        )
        assert made.lastrowid is not None
        self.added += len(data)
        return made.lastrowid, era

    def _remember(self, name: bytes, known: _Stored) -> None:
        if len(self._young) >= self._generation:
            self._young, self._old = {}, self._young
        self._young[name] = known
