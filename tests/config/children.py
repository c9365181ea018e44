"""Edits made by processes of their own, and the ways such a process can be stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

EDIT = """\
import os, sys
from axonhub_cli.config import document
from axonhub_cli.config.paths import find_paths
from axonhub_cli.config.store import ConfigStore
from axonhub_cli.errors import AxonHubError
import tomlkit, tomli_w

def add(name, times=1):
    store = ConfigStore(find_paths(os.environ), os.environ)
    for number in range(times):
        with store.edit() as edit:
            edit.append("profiles", {"name": f"{name}-{number}"})

def report(step):
    try:
        step()
    except AxonHubError as error:
        sys.exit(f"error: {error.message}\\nhint: {error.hint}")
"""

# The n-th call of an operating system function is the last thing that the process does.
KILLED = """
import signal

def kill_at(function, call):
    real = getattr(os, function)
    calls = iter(range(1, 100))
    def fatal(*args, **kwargs):
        if next(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    setattr(os, function, fatal)
"""

# Root is denied nothing, so it stops being root; all imports are done by then.
AS_NOBODY = """
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""


def start(script: str, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start `script` behind `EDIT` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", EDIT + script],
        env={"PATH": os.environ.get("PATH", ""), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(script: str, environ: Mapping[str, str]) -> tuple[int, str]:
    """Exit code and stderr of `script`."""
    with start(script, environ) as child:
        _, complaint = child.communicate(timeout=15)
    return child.returncode, complaint
