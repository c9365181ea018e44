"""A daemon without a terminal: spawn it detached, wait until it answers, stop it again.

Nothing is signalled that did not prove itself to be this home's daemon (`state.verify`).
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep

from axonhub_cli.config.paths import Paths, make_private_dir
from axonhub_cli.daemon.log_lines import LARGEST_LOG, Line, read_line
from axonhub_cli.daemon.state import DaemonState, find_daemon, verify
from axonhub_cli.errors import CommandFailed

START_TIMEOUT = 20.0
"""Seconds until a daemon must answer; a cold start on a slow disk takes some."""

_PACE = 0.05
_QUIET = 1.0
"""Seconds that a stop may take without a word."""


def start_background(
    paths: Paths,
    environ: Mapping[str, str],
    arguments: Sequence[str],
    *,
    tell: Callable[[str], None] | None = None,
) -> DaemonState:
    """Start `axonhub serve ARGUMENTS` detached; returns once it answers.

    `tell` gets the warnings and hints it begins with. A daemon that runs already is returned as it
    is. Raises `CommandFailed` with the daemon's own
    last words when it does not come up, `ConfigError` where no log can be written.
    """
    running = find_daemon(paths)
    if running is not None:
        return running
    log, begin = _open_log(paths)
    try:
        child = _spawn(paths, environ, arguments, log)
    finally:
        os.close(log)
    try:
        state = _wait_until_ready(paths, child)
    except BaseException:
        # Ctrl-C: nobody would know of the daemon that is left behind.
        child.kill()
        child.wait()
        raise
    if state is not None:
        # It outlives us on purpose: keep Popen from reporting a child left behind.
        child.returncode = 0
        if tell is not None:
            _tell_warnings(_said(paths.log_file, begin), tell)
        return state
    if child.poll() is None:
        child.kill()
        child.wait()
        raise CommandFailed(
            f"the daemon did not answer within {START_TIMEOUT:.0f} s",
            hint=f"its log: {paths.log_file}",
        )
    raise _died(paths.log_file, begin, child.returncode)


def stop(paths: Paths, timeout: float, *, tell: Callable[[str], None] | None = None) -> bool:
    """Ask this home's daemon to finish; returns once it is gone. False: none was running.

    It lets running streams end first; `tell` is called when that takes a while. Raises
    `CommandFailed` after `timeout` seconds.
    """
    state = find_daemon(paths)
    if state is None:
        return False
    try:
        gone = _terminate(state, timeout, tell or (lambda text: None))
    except ProcessLookupError:
        return True
    except PermissionError:
        raise CommandFailed(
            f"the daemon (pid {state.pid}) belongs to another user", hint="stop it as that user"
        ) from None
    if not gone:
        raise CommandFailed(
            f"the daemon (pid {state.pid}) is still finishing requests after {timeout:.0f} s",
            hint="it ends by itself when they are done; `axonhub stop` again waits on",
        )
    return True


def _open_log(paths: Paths) -> tuple[int, int]:
    """The log, opened for appending (0600), and where the new daemon's part will begin."""
    make_private_dir(paths.state_dir)
    try:
        if paths.log_file.exists() and paths.log_file.stat().st_size > LARGEST_LOG:
            os.replace(paths.log_file, f"{paths.log_file}.1")
        log = os.open(paths.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise CommandFailed(
            f"cannot write the log {paths.log_file}: {error.strerror}",
            hint="set AXONHUB_HOME to a folder that you can write to",
        ) from error
    return log, os.fstat(log).st_size


def _spawn(
    paths: Paths, environ: Mapping[str, str], arguments: Sequence[str], log: int
) -> subprocess.Popen[bytes]:
    # -P: what lies in the working directory must not shadow our modules.
    command = [sys.executable, "-P", "-m", "axonhub_cli", "serve", *arguments]
    absolute = {"AXONHUB_CONFIG": str(paths.config_file)}
    if environ.get("AXONHUB_HOME"):
        absolute["AXONHUB_HOME"] = os.path.abspath(os.path.expanduser(environ["AXONHUB_HOME"]))
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        # A daemon keeps no folder busy that somebody may want to unmount.
        cwd=paths.state_dir,
        env={**environ, **absolute},
        start_new_session=True,
        creationflags=flags,
    )


def _wait_until_ready(paths: Paths, child: subprocess.Popen[bytes]) -> DaemonState | None:
    """The daemon that answers for this home: the child, or one that won the race against it."""
    deadline = monotonic() + START_TIMEOUT
    while monotonic() < deadline:
        try:
            child.wait(_PACE)
        except subprocess.TimeoutExpired:
            state = find_daemon(paths)
            if state is not None:
                return state
        else:
            return find_daemon(paths)
    return None


def _died(log_file: Path, begin: int, code: int) -> CommandFailed:
    """What the daemon said last, as this command's error."""
    said = _said(log_file, begin)
    reason = next((line for line in reversed(said) if line.level == "error"), None)
    hint = next((line.message for line in reversed(said) if line.level == "hint"), None)
    if reason is not None:
        message = f"the daemon did not start: {reason.message}"
        return CommandFailed(message, hint=reason.hint or hint)
    last = f": {said[-1].message}" if said else ""
    return CommandFailed(
        f"the daemon ended with code {code} before it was ready{last}", hint=f"its log: {log_file}"
    )


def _tell_warnings(said: list[Line], tell: Callable[[str], None]) -> None:
    for line in said:
        if line.level in ("warning", "hint") or line.hint:
            tell(line.as_text)


def _said(log_file: Path, begin: int) -> list[Line]:
    with open(log_file, encoding="utf-8", errors="replace") as file:
        file.seek(begin)
        return [read_line(line.strip()) for line in file if line.strip()]


def _terminate(state: DaemonState, timeout: float, tell: Callable[[str], None]) -> bool:
    """SIGTERM, then wait; says whether the process is gone."""
    patience = min(_QUIET, timeout)
    waiting = f"waiting for running requests to end, at most {timeout:.0f} s"
    process = _hold(state.pid)
    if sys.platform != "linux" or process is None:
        os.kill(state.pid, signal.SIGTERM)
        if _wait_until_silent(state, patience):
            return True
        tell(waiting)
        return _wait_until_silent(state, timeout - patience)
    import select

    try:
        # The pid may have passed to another process since; from here on the number is held.
        if not verify(state):
            return True
        signal.pidfd_send_signal(process, signal.SIGTERM)
        if select.select([process], [], [], patience)[0]:
            return True
        tell(waiting)
        return bool(select.select([process], [], [], timeout - patience)[0])
    finally:
        os.close(process)


def _hold(pid: int) -> int | None:
    """A descriptor of the process; None where there is no such thing (but on Linux 5.3 and up)."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        if error.errno == errno.ENOSYS:
            return None
        raise


def _wait_until_silent(state: DaemonState, timeout: float) -> bool:
    """Where no process can be waited for: until its pid is free, or it answers no more."""
    deadline = monotonic() + timeout
    while monotonic() < deadline:
        if not _exists(state):
            return True
        sleep(_PACE)
    return False


def _exists(state: DaemonState) -> bool:
    if sys.platform == "win32":  # there, signal 0 would end the process
        return verify(state)
    try:
        # A child of this very process (`axonhub demo`) keeps its pid until it is asked for.
        if os.waitpid(state.pid, os.WNOHANG)[0]:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(state.pid, 0)
    except ProcessLookupError:
        return False
    return True
