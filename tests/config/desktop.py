"""A real Secret Service for a test: gnome-keyring on a session bus of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_TOOLS = ("dbus-run-session", "gnome-keyring-daemon")

# The daemon leaves with its session bus; the exit code is the command's.
_SESSION = """\
printf 'password' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 || exit 99
exec "$@"
"""

_ENTRIES = """\
import json, secretstorage
collection = secretstorage.get_default_collection(secretstorage.dbus_init())
print(json.dumps([item.get_secret().decode() for item in collection.get_all_items()]))
"""


class Desktop:
    """A user with a home and an unlocked keyring below `path`."""

    def __init__(self, path: Path) -> None:
        if missing := [tool for tool in _TOOLS if shutil.which(tool) is None]:
            pytest.fail(f"not installed: {', '.join(missing)} (gnome-keyring, dbus)")
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(path / "user"),
            "XDG_DATA_HOME": str(path / "user" / "data"),
            "XDG_RUNTIME_DIR": str(path / "run"),
            "AXONHUB_HOME": str(path / "home"),
        }
        for folder in ("user", "run"):
            (path / folder).mkdir(mode=0o700)

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command with the keyring at hand; each call has a bus and a daemon of its own."""
        session = ["dbus-run-session", "--", "sh", "-c", _SESSION, "sh", *command]
        done = subprocess.run(
            session, env=self.environ, input=stdin, capture_output=True, text=True, timeout=60
        )
        assert done.returncode != 99, "gnome-keyring-daemon did not start"
        return done

    def python(self, script: str) -> str:
        """What a Python script prints."""
        done = self.run(sys.executable, "-c", script)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def axonhub(self, *args: str, stdin: str = "") -> str:
        """What a command line prints."""
        done = self.run(sys.executable, "-m", "axonhub_cli", *args, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *args: str) -> Any:
        return json.loads(self.axonhub(*args, "--json"))

    def entries(self) -> set[str]:
        """Every value in the keyring, whoever put it there."""
        return set(json.loads(self.python(_ENTRIES)))

    def stored(self) -> bytes:
        """Everything that the home's own files hold."""
        home = Path(self.environ["AXONHUB_HOME"])
        return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
