"""Runs the real Claude Code, from npm, through a daemon.

The client is pinned by `package.json` beside this file. `AXONHUB_TEST_CLIENTS` names the folder in
which it is installed; without it, it is looked for here, where `npm ci` puts it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.support.daemon import Daemon

CLIENTS = Path(os.environ.get("AXONHUB_TEST_CLIENTS") or Path(__file__).parent)
VERSIONS = ("2.1.197", "2.1.330")
"""The newest, and the one that npm gives a Node 20."""

# The client speaks to us alone: no telemetry, no updates, no start-up calls to its vendor.
QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_AUTOUPDATER": "1",
}

Claude = Callable[..., str]


def claude_code(version: str, daemon: Daemon) -> Claude:
    """`claude` in a home of its own, with the environment that `axonhub env` prints."""
    program = CLIENTS / "node_modules" / f"claude-code-{version}" / "bin" / "claude.exe"
    assert program.exists(), f"install the clients first: npm ci --prefix {CLIENTS}"
    home = daemon.home
    user_home = Path(home.environ["HOME"])
    ours = {name: value for name, value in home.json("env").items() if value}
    assert ours["ANTHROPIC_BASE_URL"] == f"{daemon.url}/anthropic"
    base = {
        "PATH": os.environ["PATH"],
        "HOME": str(user_home),
        "CLAUDE_CONFIG_DIR": str(user_home / ".claude"),
        **QUIET,
        **ours,
    }

    def run(*args: str, **more: str) -> str:
        done = subprocess.run(
            [program, *args],
            env={name: value for name, value in (base | more).items() if value},
            cwd=user_home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, f"claude {args}: {done.stdout} {done.stderr}"
        return done.stdout.strip()

    return run
