import json
import os
import subprocess
import sys

import pytest

from axonhub_cli import __version__
from tests.support.health import running
from tests.support.home import Home

HEAVY = {
    "typer",
    "click",
    "rich",
    "pydantic",
    "httpx",
    "aiohttp",
    "starlette",
    "uvicorn",
    "sqlite3",
    "asyncio",
    "keyring",
    "tomlkit",
    "argparse",
}

# Runs the entry point as the installed script does, then tells what it imported.
PROBE = """
import sys
from axonhub_cli.__main__ import main
sys.argv[0] = "axonhub"
code = main()
import json
sys.stderr.write("MODULES" + json.dumps([code, sorted(sys.modules)]))
"""


def probe(home: Home, *args: str) -> tuple[int, set[str], str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *args],
        env=home.environ,
        cwd=home.path,
        capture_output=True,
        text=True,
        timeout=15,
        check=True,
    )
    code, modules = json.loads(done.stderr.partition("MODULES")[2])
    return code, set(modules), done.stdout


def test_the_version_imports_next_to_nothing(home: Home) -> None:
    code, modules, out = probe(home, "--version")
    assert (code, out) == (0, f"axonhub {__version__}\n")
    assert not modules & (HEAVY | {"msgspec", "pathlib", "typing"})


def test_env_imports_nothing_heavy(home: Home) -> None:
    home.configure()
    with running(home.paths):
        code, modules, out = probe(home, "env")
    assert code == 0
    assert "ANTHROPIC_BASE_URL" in out
    assert not modules & HEAVY


def test_the_status_line_imports_next_to_nothing(home: Home) -> None:
    home.configure()
    with running(home.paths):
        code, modules, out = probe(home, "statusline")
    assert code == 0
    assert out.startswith("axonhub ")
    assert not modules & (HEAVY | {"msgspec", "typing", "pathlib", "contextlib", "ssl"})


def test_env_without_a_daemon_opens_no_socket(home: Home) -> None:
    home.configure()
    code, modules, _ = probe(home, "env", "--json")
    assert code == 0
    assert not modules & (HEAVY | {"socket", "ssl"})


def test_other_commands_take_the_full_way(home: Home) -> None:
    code, modules, out = probe(home, "--help")
    assert code == 0
    assert "Commands" in out
    assert "typer" in modules
    assert not modules & {"httpx", "starlette", "uvicorn", "keyring", "sqlite3", "pydantic"}


@pytest.mark.parametrize("args", [["env"], ["--version"], ["status"]])
def test_a_reader_that_left_is_no_traceback(home: Home, args: list[str]) -> None:
    home.configure()
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "axonhub_cli", *args],
        env=home.environ,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=15,
    )
    os.close(writing)
    assert "Traceback" not in done.stderr
    assert "BrokenPipeError" not in done.stderr


@pytest.mark.parametrize("args", ["env", "--version", "status"])
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_output_is_no_traceback(home: Home, args: str, closed: str) -> None:
    home.configure()
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m axonhub_cli {args} {closed}"],
        env=home.environ,
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback_of_env_too(home: Home) -> None:
    home.environ["AXONHUB_DEBUG"] = "1"
    done = home.axonhub("env", "--key", "nobody", check=False)
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "error: " in done.stderr
