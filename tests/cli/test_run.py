import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from axonhub_cli.cli.run import check_ready, find_program, with_profile
from axonhub_cli.config.load import load
from axonhub_cli.daemon.background import stop
from axonhub_cli.daemon.state import read_state
from axonhub_cli.errors import CommandFailed, UsageError
from tests.support.health import running
from tests.support.home import KEY, Home, channel

CLIENT = f"""#!{sys.executable}
import json, os, signal, sys
print(json.dumps({{"argv": sys.argv, "env": dict(os.environ), "pid": os.getpid()}}), flush=True)
if "--wait" in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    print("waiting", flush=True)
    signal.pause()
sys.exit(3)
"""


@pytest.fixture
def ready(home: Home) -> Home:
    """A home with a channel, and a `claude` on PATH that prints what it was given, then exits 3."""
    home.configure(channel("http://127.0.0.1:9"))
    folder = home.path / "bin"
    folder.mkdir()
    program = folder / "claude"
    program.write_text(CLIENT)
    program.chmod(0o755)
    home.environ["PATH"] = f"{folder}:{home.environ['PATH']}"
    return home


@pytest.fixture
def daemonless(ready: Home) -> Iterator[Home]:
    """The same without a daemon; one that the test starts is stopped in the end."""
    try:
        yield ready
    finally:
        stop(ready.paths, 10)


def test_the_client_gets_the_environment_the_arguments_and_its_own_exit_code(ready: Home) -> None:
    ready.environ |= {"ANTHROPIC_API_KEY": "x", "NO_PROXY": "corp"}
    with running(ready.paths) as state:
        done = ready.axonhub("run", "claude", "--", "-p", "say  pong", "--key", check=False)
    assert done.returncode == 3
    assert done.stderr == ""
    seen = json.loads(done.stdout)
    assert seen["argv"][1:] == ["-p", "say  pong", "--key"]
    assert seen["env"]["ANTHROPIC_BASE_URL"] == f"{state.url}/anthropic"
    assert seen["env"]["ANTHROPIC_AUTH_TOKEN"] == KEY
    assert seen["env"]["NO_PROXY"] == "corp,localhost,127.0.0.1,::1"
    assert "ANTHROPIC_API_KEY" not in seen["env"]
    assert "ANTHROPIC_CUSTOM_HEADERS" not in seen["env"]


def test_arguments_need_no_dashes_where_they_are_not_ours(ready: Home) -> None:
    with running(ready.paths):
        done = ready.axonhub("run", "claude", "-p", "hi", "--model", "opus", check=False)
    assert json.loads(done.stdout)["argv"][1:] == ["-p", "hi", "--model", "opus"]


def test_a_profile_for_this_run_goes_along_as_a_header(ready: Home) -> None:
    ready.environ["ANTHROPIC_CUSTOM_HEADERS"] = "X-Mine: 1\nah-profile: old"
    before = ready.paths.config_file.read_bytes()
    with running(ready.paths):
        done = ready.axonhub("run", "claude", "--profile", "default", check=False)
    sent = json.loads(done.stdout)["env"]["ANTHROPIC_CUSTOM_HEADERS"]
    assert sent == "X-Mine: 1\nAH-Profile: default"
    assert ready.paths.config_file.read_bytes() == before


def test_signals_reach_the_client_itself(ready: Home) -> None:
    with running(ready.paths):
        process = subprocess.Popen(
            [sys.executable, "-m", "axonhub_cli", "run", "claude", "--", "--wait"],
            env=ready.environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        seen = json.loads(process.stdout.readline())
        assert seen["pid"] == process.pid
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=15)
    assert process.returncode == 7


def test_the_daemon_is_started_at_need(daemonless: Home) -> None:
    daemonless.environ["AXONHUB_SERVER_PORT"] = "0"
    done = daemonless.axonhub("run", "claude", check=False)
    assert done.returncode == 3
    state = read_state(daemonless.paths)
    assert state is not None
    assert len(done.stderr.splitlines()) == 1
    assert state.url in done.stderr
    assert json.loads(done.stdout)["env"]["ANTHROPIC_BASE_URL"] == f"{state.url}/anthropic"


def test_a_missing_client_is_an_error_that_says_how_to_get_it(home: Home) -> None:
    with pytest.raises(CommandFailed, match="claude is not installed") as caught:
        find_program("claude", {"PATH": str(home.path)})
    assert "npm install" in (caught.value.hint or "")


@pytest.mark.parametrize("tool", ["codex", "vim"])
def test_an_unsupported_tool_is_a_usage_error(home: Home, tool: str) -> None:
    done = home.axonhub("run", tool, check=False)
    assert done.returncode == 2
    assert tool in done.stderr


@pytest.mark.parametrize("channels", [[], [channel("http://127.0.0.1:9", enabled=False)]])
def test_without_a_channel_the_client_is_not_even_started(
    home: Home, channels: list[dict[str, object]]
) -> None:
    home.configure(*channels)
    with pytest.raises(CommandFailed, match="no channel is enabled") as caught:
        check_ready(load(home.paths, home.environ), key=None, profile=None)
    assert "axonhub channel" in (caught.value.hint or "")


def test_a_profile_must_exist_and_be_allowed_to_the_key(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"))
    config = load(home.paths, home.environ)
    with pytest.raises(UsageError, match="there is no profile 'cheap'"):
        check_ready(config, key=None, profile="cheap")
    with pytest.raises(UsageError, match="may not use") as caught:
        check_ready(config, key="work", profile="default")
    assert caught.value.hint == "`axonhub key bind work default`"
    check_ready(config, key=None, profile="default")


def test_own_headers_of_the_user_stay() -> None:
    assert with_profile("", "p") == "AH-Profile: p"
    assert with_profile("A: 1\n\nB: 2", "p") == "A: 1\nB: 2\nAH-Profile: p"


def test_a_program_that_cannot_run_is_an_error(ready: Home) -> None:
    program = Path(ready.environ["PATH"].split(":")[0], "claude")
    program.write_text("#!/no/such/interpreter\n")
    with running(ready.paths):
        done = ready.axonhub("run", "claude", check=False)
    assert done.returncode == 1
    assert "cannot run" in done.stderr
