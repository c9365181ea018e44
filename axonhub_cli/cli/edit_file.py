"""Editing the configuration file by hand: on a copy, checked, written only when it is valid."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from axonhub_cli.cli import output
from axonhub_cli.config.files import locked, read_text, replace_private
from axonhub_cli.config.load import parse
from axonhub_cli.config.paths import Paths
from axonhub_cli.errors import CommandFailed, ConfigError, UsageError

_START = """\
# axonhub's configuration. `axonhub config show` lists every setting with its value.
#
# [server]
# port = 8090
"""


def edit_copy(paths: Paths, environ: Mapping[str, str]) -> str:
    """Let the user's editor change a copy until it is valid; returns what came of it.

    Raises `ConfigError` for a result that stays invalid, `CommandFailed` when no editor runs or
    another command changed the file meanwhile. The file is as it was then.
    """
    before = read_text(paths.config_file)
    with tempfile.TemporaryDirectory(prefix="axonhub-") as folder:
        copy = Path(folder, paths.config_file.name)
        copy.write_bytes((before if before is not None else _START).encode())
        copy.chmod(0o600)
        while True:
            _run_editor(copy, environ)
            text = read_text(copy)
            if text is None or text == (before if before is not None else _START):
                return "Nothing was changed."
            try:
                # Without the overrides: they must not hide what is wrong in the file.
                parse(text, source=str(paths.config_file), environ={})
                break
            except ConfigError as error:
                _offer_again(error)
        _write(paths, before, text)
    return f"{paths.config_file} is changed."


def _run_editor(copy: Path, environ: Mapping[str, str]) -> None:
    import subprocess

    chosen = environ.get("VISUAL") or environ.get("EDITOR")
    if not (chosen or output.is_terminal()):
        raise UsageError(
            "an editor needs a terminal",
            hint="set EDITOR to a command that needs none, or use `axonhub config set`",
        )
    command = chosen or ("notepad" if sys.platform == "win32" else "vi")
    try:
        words = [command] if sys.platform == "win32" else shlex.split(command)
        code = subprocess.run([*words, str(copy)], env=dict(environ), check=False).returncode
    except (OSError, ValueError) as error:  # ValueError: quotes that do not close
        reason = error.strerror if isinstance(error, OSError) else str(error).lower()
        raise CommandFailed(
            f"cannot start the editor {command!r}: {reason}",
            hint="set EDITOR to the command of your editor",
        ) from error
    if code != 0:
        raise CommandFailed(f"the editor {command!r} ended with code {code}; nothing was changed")


def _offer_again(error: ConfigError) -> None:
    """Say what is wrong and ask; raises the error when the user gives up or cannot be asked."""
    refused = ConfigError(error.message, hint="the file is as it was")
    if not output.is_terminal():
        raise refused from error
    output.error(ConfigError(error.message))
    if not output.agree("Edit it again?", default=True):
        raise CommandFailed("given up; the file is as it was") from error


def _write(paths: Paths, before: str | None, text: str) -> None:
    file = paths.config_file
    with locked(file):
        if read_text(file) != before:
            rescued = file.with_name(f"{file.name}.edited")
            replace_private(rescued, text)
            raise CommandFailed(
                f"another command changed {file} meanwhile",
                hint=f"your version is in {rescued}: compare them, then edit again",
            )
        backup = file.with_name(f"{file.name}.bak") if os.path.lexists(file) else None
        replace_private(file, text, backup=backup)
