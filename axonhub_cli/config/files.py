"""Private files that are replaced whole or not at all, one writer at a time."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from axonhub_cli.config.paths import make_private_dir
from axonhub_cli.errors import ConfigError

LOCK_LIMIT = 30.0
"""Seconds to wait for another writer; it may itself be waiting for a keyring's dialog."""
_POLL = 0.01

_HINTS = {
    errno.ENOSPC: "free some space and repeat the command; nothing was changed",
    errno.EDQUOT: "free some space and repeat the command; nothing was changed",
    errno.EFBIG: "raise the file size limit and repeat the command; nothing was changed",
    errno.EROFS: "set AXONHUB_HOME to a folder that you can write to",
    errno.EACCES: "set AXONHUB_HOME to a folder that you can write to",
    errno.EPERM: "set AXONHUB_HOME to a folder that you can write to",
    # A file that is a mount point of its own (a container's volume) cannot be replaced.
    errno.EBUSY: "mount the folder of the file, not the file alone",
}


def read_text(path: Path) -> str | None:
    """The file's text; None when there is none. Raises `ConfigError`."""
    try:
        return path.read_bytes().decode("utf-8-sig")  # Windows editors put a byte order mark there
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        hint = None
        if isinstance(error, PermissionError):
            hint = "it belongs to another user: set AXONHUB_HOME to a folder of yours"
        raise ConfigError(f"cannot read {path}: {error.strerror}", hint=hint) from error


def replace_private(path: Path, text: str, *, backup: Path | None = None) -> None:
    """Make `text` the content of `path`, 0600; the old content goes to `backup`.

    Whatever happens in between (a crash, a full disk), `path` holds the old content or the new
    one. A symbolic link stays one: its target is replaced. Call it under `locked(path)`. Raises
    `ConfigError`.
    """
    target = Path(os.path.realpath(path))
    try:
        draft = _write_draft(target, text.encode(), like=target)
        if backup is not None and target.exists():
            os.replace(_write_draft(backup, target.read_bytes(), like=target), backup)
        os.replace(draft, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise _cannot("write", path, error) from error


@contextlib.contextmanager
def locked(path: Path, *, limit: float = LOCK_LIMIT) -> Iterator[None]:
    """Hold the lock on `path` among processes and threads; its folder is created at need.

    The lock file stays: removing it would let two processes lock different files of one name.
    Raises `ConfigError` when it cannot be had within `limit` seconds.
    """
    target = Path(os.path.realpath(path))
    make_private_dir(target.parent)
    lock = target.with_name(f".{target.name}.lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _cannot("write", path, error) from error
    try:
        try:
            _wait_for(handle, path, limit)
        except OSError as error:
            raise _cannot("lock", path, error) from error
        yield
    finally:
        os.close(handle)  # this gives the lock back


def _write_draft(path: Path, data: bytes, *, like: Path) -> Path:
    # The lock makes the fixed name ours, so what a killed process left there is overwritten.
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:
            _keep_owner(file.fileno(), like)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    return draft


def _keep_owner(handle: int, like: Path) -> None:
    """Root who edits a user's file (`sudo axonhub …`) must not lock the user out of it."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return
    with contextlib.suppress(FileNotFoundError):
        owner = os.stat(like)
        os.fchown(handle, owner.st_uid, owner.st_gid)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where folders can be opened."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot: the rename has happened all the same.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def _wait_for(handle: int, path: Path, limit: float) -> None:
    deadline = time.monotonic() + limit
    while not _try_lock(handle):
        if time.monotonic() >= deadline:
            raise ConfigError(
                f"another axonhub command has been changing {path} for {limit:.0f} s",
                hint="let it finish or stop it, then repeat the command",
            )
        time.sleep(_POLL)


def _cannot(verb: str, path: Path, error: OSError) -> ConfigError:
    reason = error.strerror or type(error).__name__
    return ConfigError(f"cannot {verb} {path}: {reason}", hint=_HINTS.get(error.errno or 0))


if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
