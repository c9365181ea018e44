"""Asking a password manager: the reference `command:CMD`, run by the shell."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping

from axonhub_cli.errors import SecretError

LIMIT = 30.0
"""Seconds; a password manager may first ask for a fingerprint."""
_REASON_LENGTH = 200


def run_secret_command(command: str, environ: Mapping[str, str], *, limit: float = LIMIT) -> str:
    """The one line that `command` prints, without its line end. Raises `SecretError`.

    The shell runs it, as the commands that password managers document need one (`op read op://…`,
    `pass show x | head -n 1`). Neither the command, which may name an account, nor what it prints
    goes into an error.
    """
    # Its own session: no terminal it could wait at, and a limit that reaches the shell's children.
    child = subprocess.Popen(
        command,
        shell=True,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        output, complaint = child.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        raise SecretError(
            f"the command for a secret was not done within {limit:g} s",
            hint="run it in a terminal: it may be waiting for you to log in",
        ) from None
    finally:
        if child.returncode is None:
            _kill(child)
    if child.returncode != 0:
        raise SecretError(
            f"the command for a secret failed with exit code {child.returncode}"
            f"{_reason(complaint, output)}",
            hint="run it in a terminal: it may need you to log in",
        )
    return _only_line(output)


def _only_line(output: bytes) -> str:
    try:
        lines = output.decode().splitlines()
    except UnicodeDecodeError:
        raise SecretError("the command for a secret printed what is no text") from None
    if not lines or not lines[0].strip():
        raise SecretError("the command for a secret printed nothing")
    if len(lines) > 1:
        raise SecretError(
            f"the command for a secret printed {len(lines)} lines",
            hint="add `| head -n 1` if the first line is the secret",
        )
    return lines[0]


def _reason(complaint: bytes, output: bytes) -> str:
    """The last line of what the command complained, unless it repeats what it printed."""
    lines = complaint.decode(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    printed = output.decode(errors="replace").split()
    if not last or any(word in last for word in printed):
        return ""
    shown = "".join(sign if sign.isprintable() else " " for sign in last)
    return f": {shown[:_REASON_LENGTH]}"


def _kill(child: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        child.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        # Not read to their end: a daemon that the command left behind may hold them for hours.
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
    child.wait()
