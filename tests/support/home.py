"""A throw-away axonhub home: its configuration, its environment, and the command line in it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import tomli_w

from axonhub_cli.config.paths import Paths, find_paths
from tests.support.command import run_here
from tests.support.price_list import lend

KEY = "ah-" + "0" * 64
"""The client key of every test home."""
TOKEN = "sk-ant-api03-" + "x" * 8
"""What the test channels show upstream."""

# All others are settings of the person or the machine that would change what a test sees.
_INHERITED = (
    *("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "PYTHONPATH", "VIRTUAL_ENV"),
    # As `tests/conftest.py` sets it.
    "SSL_CERT_FILE",
)


# What starts, becomes or ends a process, and what takes the short way through `__main__`.
_OF_A_PROCESS = {
    *("serve", "start", "stop", "restart", "run", "demo", "tail", "env", "statusline"),
    "--version",
}


class Home:
    """A home below `path`, with the `file` secrets backend."""

    def __init__(self, path: Path) -> None:
        self.path = path
        user_home = path / "user"
        user_home.mkdir(parents=True, exist_ok=True)
        self.environ = {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
            "HOME": str(user_home),
            "AXONHUB_HOME": str(path / "axonhub"),
            "AXONHUB_SECRETS_BACKEND": "file",
            "TEST_TOKEN": TOKEN,
            "TEST_KEY": KEY,
        }

    @property
    def paths(self) -> Paths:
        return find_paths(self.environ)

    def configure(
        self,
        *channels: dict[str, Any],
        server: dict[str, Any] | None = None,
        mappings: dict[str, str] | None = None,
        key: dict[str, Any] | None = None,
        routing: dict[str, Any] | None = None,
        profile: dict[str, Any] | None = None,
        prices: list[dict[str, Any]] | None = None,
    ) -> None:
        """Write `config.toml`: these channels, the profile and key `default` with these fields. No
        channel is asked a second time after a failure unless `routing` says so."""
        rules = [{"from": source, "to": target} for source, target in (mappings or {}).items()]
        default_key = {
            "name": "default",
            "hash": "sha256:" + hashlib.sha256(KEY.encode()).hexdigest(),
            "secret": "env:TEST_KEY",
            "profiles": ["default"],
            "active_profile": "default",
        }
        document = {
            "server": server or {},
            "routing": {"retries": 0} | (routing or {}),
            "channels": list(channels),
            "profiles": [{"name": "default", "mappings": rules} | (profile or {})],
            "keys": [default_key | (key or {})],
            "prices": prices or [],
        }
        file = self.paths.config_file
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = file.with_suffix(".draft")
        draft.write_text(tomli_w.dumps(document))
        draft.chmod(0o600)
        draft.replace(file)
        if not self.paths.price_list.exists():
            lend(self.paths.price_list)

    def axonhub(
        self, *args: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run one command line: in this process, unless the command is one of `_OF_A_PROCESS`."""
        if _OF_A_PROCESS.isdisjoint(args):
            done = run_here(args, self.environ, self.path, stdin or "")
        else:
            done = self._process(args, stdin or "")
        assert not check or done.returncode == 0, f"axonhub {args}: {done.stderr}"
        return done

    def _process(self, args: tuple[str, ...], stdin: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "axonhub_cli", *args],
            env=self.environ,
            cwd=self.path,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def json(self, *args: str) -> Any:
        """What a command prints with `--json`."""
        return json.loads(self.axonhub(*args, "--json").stdout)


def channel(url: str, name: str = "main", **fields: Any) -> dict[str, Any]:
    """A `[[channels]]` entry for a scripted upstream at `url`."""
    entry = {"name": name, "type": "anthropic-compatible", "base_url": url}
    return entry | {"models": ["claude-*"], "tokens": ["env:TEST_TOKEN"]} | fields
