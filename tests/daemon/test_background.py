import errno
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from axonhub_cli.daemon.background import start_background, stop
from axonhub_cli.daemon.state import read_state, write_state
from axonhub_cli.errors import AxonHubError, CommandFailed
from tests.support.certificate import make_certificate
from tests.support.health import healthy, listener, running
from tests.support.home import Home, channel


@pytest.fixture
def stopped_after(home: Home) -> Iterator[Home]:
    """A configured home whose daemon, if there is one, is stopped in the end."""
    home.configure(channel("http://127.0.0.1:9"))
    try:
        yield home
    finally:
        stop(home.paths, 10)


def test_a_daemon_is_started_found_and_stopped(stopped_after: Home) -> None:
    home = stopped_after
    state = start_background(home.paths, home.environ, ["--port=0"])
    assert read_state(home.paths) == state
    assert start_background(home.paths, home.environ, ["--port=0"]) == state
    assert stop(home.paths, 10)
    assert read_state(home.paths) is None
    assert not stop(home.paths, 10)


@pytest.mark.skipif(sys.platform != "linux", reason="nothing to take away")
@pytest.mark.parametrize("linux", [True, False])
def test_a_daemon_is_stopped_where_no_process_can_be_held(
    stopped_after: Home, monkeypatch: pytest.MonkeyPatch, linux: bool
) -> None:
    if linux:

        def pidfd_open(pid: int) -> int:
            raise OSError(errno.ENOSYS, "not before Linux 5.3")

        monkeypatch.setattr(os, "pidfd_open", pidfd_open)
    else:
        monkeypatch.delattr(os, "pidfd_open")
    home = stopped_after
    state = start_background(home.paths, home.environ, ["--port=0"])
    assert stop(home.paths, 10)
    with pytest.raises(ProcessLookupError):
        os.kill(state.pid, 0)


def test_a_daemon_with_tls_is_found_too(stopped_after: Home) -> None:
    home = stopped_after
    cert, key = make_certificate(home.path)
    state = start_background(
        home.paths, home.environ, ["--port=0", f"--tls-cert={cert}", f"--tls-key={key}"]
    )
    assert state.url.startswith("https://localhost:")
    assert state.tls_cert == str(cert)


def test_the_log_is_private_and_has_what_the_daemon_says(stopped_after: Home) -> None:
    home = stopped_after
    state = start_background(home.paths, home.environ, ["--port=0"])
    assert stat.S_IMODE(home.paths.log_file.stat().st_mode) == 0o600
    assert state.url in home.paths.log_file.read_text()


def test_a_relative_home_is_the_same_home_for_the_daemon(
    stopped_after: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = stopped_after
    monkeypatch.chdir(home.path)
    environ = home.environ | {"AXONHUB_HOME": "axonhub"}
    state = start_background(home.paths, environ, ["--port=0"])
    assert read_state(home.paths) == state


def test_modules_in_the_working_directory_are_not_imported(
    stopped_after: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = stopped_after
    (home.paths.state_dir).mkdir(parents=True)
    (home.paths.state_dir / "msgspec.py").write_text("raise SystemExit(99)\n")
    assert start_background(home.paths, home.environ, ["--port=0"]).port


def test_what_the_daemon_warns_of_is_told(home: Home) -> None:
    home.configure()
    told: list[str] = []
    try:
        start_background(home.paths, home.environ, ["--port=0"], tell=told.append)
    finally:
        stop(home.paths, 10)
    assert len(told) == 1
    assert "channel add" in told[0]


def test_a_daemon_that_dies_is_reported_in_its_own_words(stopped_after: Home) -> None:
    home = stopped_after
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandFailed, match=f"the daemon did not start: .*{port}") as caught:
            start_background(home.paths, home.environ, [f"--port={port}"])
    assert caught.value.hint
    assert read_state(home.paths) is None


def test_an_earlier_error_in_the_log_is_not_repeated(stopped_after: Home) -> None:
    home = stopped_after
    home.paths.state_dir.mkdir(parents=True)
    home.paths.log_file.write_text("error: an old story\n")
    home.paths.config_file.write_text("[server]\nprot = 1\n")
    with pytest.raises(CommandFailed, match="prot") as caught:
        start_background(home.paths, home.environ, ["--port=0"])
    assert "old story" not in caught.value.message


def test_a_large_log_is_set_aside(stopped_after: Home) -> None:
    home = stopped_after
    home.paths.state_dir.mkdir(parents=True)
    with open(home.paths.log_file, "wb") as file:
        file.truncate(5 * 1024 * 1024)
    start_background(home.paths, home.environ, ["--port=0"])
    assert home.paths.log_file.stat().st_size < 1024 * 1024
    assert home.paths.log_file.with_name("daemon.log.1").exists()


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_folder_that_cannot_be_written_is_named(home: Home) -> None:
    home.path.chmod(0o500)
    with pytest.raises(AxonHubError, match=str(home.path)):
        start_background(home.paths, home.environ, [])


def test_a_log_that_cannot_be_opened_is_named(home: Home) -> None:
    home.paths.log_file.mkdir(parents=True)
    with pytest.raises(CommandFailed, match="daemon.log"):
        start_background(home.paths, home.environ, [])


def test_a_process_that_did_not_prove_itself_is_left_alone(home: Home) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with running(home.paths) as state, listener(healthy("another secret")) as port:
            stale = msgspec.structs.replace(state, pid=bystander.pid, port=port)
            write_state(home.paths, stale)
            assert not stop(home.paths, 5)
        assert bystander.poll() is None
    finally:
        bystander.communicate(b"\n")


def test_a_daemon_that_does_not_end_in_time_is_not_killed(home: Home) -> None:
    """It may be finishing somebody's answer; a second `stop` waits on."""
    # Ignores SIGTERM; its state and its health are played by this test.
    script = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); input()"
    )
    stubborn = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert stubborn.stdout is not None
        stubborn.stdout.readline()
        with running(home.paths) as state:
            write_state(home.paths, msgspec.structs.replace(state, pid=stubborn.pid))
            told: list[str] = []
            with pytest.raises(CommandFailed, match="still finishing"):
                stop(home.paths, 0.05, tell=told.append)
            assert told == ["waiting for running requests to end, at most 0 s"]
        assert stubborn.poll() is None
    finally:
        stubborn.communicate(b"\n")
