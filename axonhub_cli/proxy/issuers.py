"""Who issued a signature of reasoning: remembered by hash, in memory and in a file.

A line of the file is a hash in hexadecimal, a space and the issuer's name. Lines are only ever
appended, and the file is written anew when most of it is outdated; what cannot be read of it is
passed over. Losing it costs one refused request for each conversation that changed its provider.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

from axonhub_cli.protocols.anthropic.signatures import find_signatures

_MOST = 20_000
_HASH_BYTES = 16
_LONGEST_LINE = 512
_LONGEST_FILE = 4 * _MOST * 128


class Issuers:
    """Thread-safe; nothing raises. `learn`, `flush` and `close` write to the disk and are not for
    the event loop; `issuer_of` never waits for it."""

    def __init__(self, path: Path, *, most: int = _MOST) -> None:
        """Read `path`, about 20 ms when it is full; no file, an empty or broken one is no fault."""
        self.problem: str | None = None
        """Why the file cannot be read or written; what is learned then lasts until the end."""
        self._path = path
        self._most = most
        # Held for moments only, where the other one may be held as long as a disk takes.
        self._lock = threading.Lock()
        self._issuers: OrderedDict[bytes, str] = OrderedDict()
        self._names: set[str] = set()
        self._pending: list[bytes] = []
        self._closed = False
        self._writing = threading.Lock()
        self._lines = 0
        self._begins_fresh_line = True
        self._load()

    def learn(self, issuer: str, signatures: Iterable[str]) -> None:
        """`issuer` made these; a signature already known stays with whom it was learned of first.

        An upstream that repeats a foreign signature cannot claim it so.
        """
        issuer = " ".join(issuer.split())
        keys = [_hash(signature) for signature in signatures if signature]
        with self._lock:
            if self._closed or not issuer:
                return
            self._names.add(issuer)
            for key in keys:
                if key not in self._issuers:
                    self._issuers[key] = issuer
                    self._pending.append(_line(key, issuer))
            self._shrink()
        self.flush()

    def learn_from(self, issuer: str, answer: Sequence[bytes]) -> None:
        """`learn` all that an answer's chunks hold."""
        self.learn(issuer, find_signatures(b"".join(answer)))

    def issuer_of(self, signature: str) -> str | None:
        """Who issued it; None when that is unknown."""
        key = _hash(signature)
        with self._lock:
            issuer = self._issuers.get(key)
            if issuer is not None:
                self._issuers.move_to_end(key)
            return issuer

    def knows_others(self, issuer: str) -> bool:
        """Has anybody else's signature been seen? Else nothing can be foreign to `issuer`."""
        return len(self._names) > 1 or bool(self._names) and issuer not in self._names

    def foreign_to(self, issuer: str) -> Callable[[str], bool]:
        """A test for signatures that are known to be another issuer's."""
        issuer = " ".join(issuer.split())

        def is_foreign(signature: str) -> bool:
            known = self.issuer_of(signature)
            return known is not None and known != issuer

        return is_foreign

    def flush(self) -> None:
        """Write what is not in the file yet, because a fault of the disk held it back."""
        with self._writing:
            with self._lock:
                pending, self._pending = self._pending, []
            if not pending:
                return
            try:
                self._write(pending)
            except OSError as error:
                self.problem = f"cannot write {self._path}: {error.strerror}"
                with self._lock:
                    # It is in memory all the same, and bounded like that.
                    self._pending = [*pending, *self._pending][-self._most :]
            else:
                self.problem = None

    def close(self) -> None:
        """Write what is left; nothing is learned any more."""
        with self._lock:
            self._closed = True
        self.flush()

    def _load(self) -> None:
        try:
            with open(self._path, "rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _LONGEST_FILE))
                data = file.read()
        except FileNotFoundError:
            return
        except OSError as error:
            self.problem = f"cannot read {self._path}: {error.strerror}"
            return
        self._begins_fresh_line = data.endswith(b"\n") or not data
        lines = data.split(b"\n")
        names: dict[bytes, str] = {}
        for line in lines:
            digits, _, name = line.partition(b" ")
            key = _read_hash(digits)
            if key is None or not name or len(line) > _LONGEST_LINE:
                continue
            issuer = names.setdefault(name, name.decode("utf-8", "replace"))
            self._issuers[key] = issuer
            self._issuers.move_to_end(key)
        self._names.update(names.values())
        self._lines = len(lines)
        self._shrink()

    def _shrink(self) -> None:
        while len(self._issuers) > self._most:
            self._issuers.popitem(last=False)

    def _write(self, lines: list[bytes]) -> None:
        if self._lines + len(lines) > 2 * self._most:
            self._write_anew()
        else:
            # A line that a crash cut off must not swallow the next one.
            start = [] if self._begins_fresh_line else [b"\n"]
            self._begins_fresh_line = False
            _write_private(self._path, b"".join([*start, *lines]), os.O_APPEND)
            self._lines += len(lines)
        self._begins_fresh_line = True

    def _write_anew(self) -> None:
        with self._lock:
            known = list(self._issuers.items())
        draft = self._path.with_name(f".{self._path.name}.new")
        try:
            _write_private(draft, b"".join([_line(*entry) for entry in known]), os.O_TRUNC)
            os.replace(draft, self._path)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
        self._lines = len(known)


def may_hold_signatures(answer: Iterable[bytes]) -> bool:
    """A cheap look: is it worth `learn_from` this answer's chunks?"""
    for chunk in answer:
        if b"signature" in chunk or b"redacted_thinking" in chunk:
            return True
    return False


def _hash(signature: str) -> bytes:
    return blake2b(signature.encode("utf-8", "replace"), digest_size=_HASH_BYTES).digest()


def _line(key: bytes, issuer: str) -> bytes:
    name = issuer.encode("utf-8", "replace")[: _LONGEST_LINE - 2 * _HASH_BYTES - 1]
    return b"%b %b\n" % (key.hex().encode(), name)


def _read_hash(digits: bytes) -> bytes | None:
    if len(digits) != 2 * _HASH_BYTES:
        return None
    try:
        return bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return None


def _write_private(path: Path, data: bytes, mode: int) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    binary = getattr(os, "O_BINARY", 0)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | binary | mode, 0o600)
    with open(handle, "wb") as file:
        file.write(data)
