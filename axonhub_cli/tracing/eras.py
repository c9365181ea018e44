"""Eras of the trace file: how it is known, without counting, that nobody refers to a part any more.

    era 7: requests 1–40        era 8: requests 41–90       era 9: from request 91 on
    part p: used = 7            part q: used = 9

A part knows the last era in which a request referred to it. Once all requests of an era and of
those before it are gone, so may be the parts last used in them. An era ends after an hour, and
sooner when it has brought a fiftieth of what the file holds: so much more than it must is given up
at most by a file that grew too large. An hour's work marks a part once, not each of its requests.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from axonhub_cli.tracing.blobs import read_numbers, split_addresses

SECONDS_AN_HOUR = 3600
ROW_BYTES = 800
"""About what a request, its attempt and their places in indexes take, besides its bodies."""
SHARE = 50
SMALLEST = 4 * 1024 * 1024
"""Bytes that an era brings at least, but in a file whose limit is small: with each new one, all
parts of the sessions that go on are marked again."""


def largest_era(used: int, limit: int | None) -> int:
    """Bytes after which an era ends in a file of so many, of which so many may be."""
    most = max(SMALLEST, used // SHARE)
    return most if limit is None else min(most, limit // SHARE)


class Eras:
    """The era in which requests are written, for one transaction; it may end with any of them.

    `next_request`: the number of the request that is written next. `hour`: of now, since 1970.
    """

    def __init__(
        self, db: sqlite3.Connection, next_request: int, hour: int, largest: Callable[[], int]
    ) -> None:
        newest = "SELECT number, hour, bytes FROM eras ORDER BY number DESC LIMIT 1"
        found = db.execute(newest).fetchone() or (_last_used(db), None, 0)
        self.number: int = found[0]
        self._size: int = found[2]
        self._db = db
        self._hour = hour
        self._largest = largest
        self._most: int | None = None
        if found[1] != hour or self._is_full():
            self._begin(next_request)

    def add(self, size: int, next_request: int) -> None:
        """A request brought so many bytes."""
        self._size += size
        if self._is_full():
            self._begin(next_request)

    def save(self) -> None:
        """To be called at the end."""
        statement = "UPDATE eras SET bytes = ? WHERE number = ?"
        self._db.execute(statement, (self._size, self.number))

    def _is_full(self) -> bool:
        if self._size < SMALLEST // SHARE:
            return False
        if self._most is None:
            self._most = self._largest()
        return self._size >= self._most

    def _begin(self, next_request: int) -> None:
        self.save()
        self.number, self._size = self.number + 1, 0
        begin = "INSERT INTO eras (number, first, hour, bytes) VALUES (?, ?, ?, 0)"
        self._db.execute(begin, (self.number, next_request, self._hour))


def oldest_era(db: sqlite3.Connection) -> int | None:
    """The first era that is still needed by a request that has ended; None if that is not known.

    Parts of requests that are running are to be kept by `keep_running`.
    """
    oldest = oldest_request(db)
    if oldest is None:
        return _last_used(db) + 1
    query = "SELECT max(number) FROM eras WHERE first <= ?"
    (number,) = db.execute(query, (oldest,)).fetchone()
    return None if number is None else int(number)


def oldest_request(db: sqlite3.Connection) -> int | None:
    """Of those that have ended, the one that was written first."""
    query = "SELECT seq FROM requests WHERE status <> 'running' ORDER BY seq LIMIT 1"
    found = db.execute(query).fetchone()
    return None if found is None else int(found[0])


def next_begin(db: sqlite3.Connection, request: int) -> int | None:
    """The first request of the era after this request's; None if there is no later one."""
    query = "SELECT min(first) FROM eras WHERE first > ?"
    (first,) = db.execute(query, (request,)).fetchone()
    return None if first is None else int(first)


def forget_before(db: sqlite3.Connection, era: int) -> None:
    """No part was last used in an earlier era."""
    db.execute(
        "DELETE FROM eras WHERE number < ? AND number < (SELECT max(number) FROM eras)", (era,)
    )


def keep_running(db: sqlite3.Connection, era: int, unpack: Callable[[bytes], bytes]) -> None:
    """Parts of requests that are running count as used in this era at least."""
    rows = db.execute(
        """SELECT headers, decision, blobs, parts FROM requests
            LEFT JOIN bodies ON bodies.request = requests.seq WHERE status = 'running'"""
    ).fetchall()
    for headers, decision, numbers, parts in rows:
        names = [name for name in (headers, decision) if name is not None]
        names += split_addresses(parts or b"")
        _use(db, "hash", names, era)
        if numbers is not None:
            _use(db, "seq", read_numbers(unpack(numbers)), era)


def _use(db: sqlite3.Connection, column: str, names: list[bytes] | list[int], era: int) -> None:
    statement = f"UPDATE blobs SET used = ? WHERE {column} = ? AND used < ?"
    db.executemany(statement, [(era, name, era) for name in names])


def _last_used(db: sqlite3.Connection) -> int:
    """No part was used in a later era than that, and none has begun."""
    query = """SELECT max(coalesce((SELECT max(number) FROM eras), 0),
                          coalesce((SELECT max(used) FROM blobs), 0))"""
    return int(db.execute(query).fetchone()[0])
