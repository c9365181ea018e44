from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from axonhub_cli.config.secret_command import run_secret_command
from axonhub_cli.errors import SecretError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="commands of a POSIX shell")
ENVIRON = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "VALUE": "one two"}


def fault(command: str, *, limit: float = 10) -> SecretError:
    with pytest.raises(SecretError) as caught:
        run_secret_command(command, ENVIRON, limit=limit)
    return caught.value


@pytest.mark.parametrize(
    "command",
    [
        'echo "$VALUE"',
        "printf 'one two'",
        "printf 'one two\\r\\n'",
        "printf 'one two\\nb' | head -n 1",
    ],
)
def test_a_shell_runs_the_command_and_its_line_is_the_secret(command: str) -> None:
    assert run_secret_command(command, ENVIRON) == "one two"


def test_a_failure_is_told_by_its_last_line() -> None:
    error = fault("echo first >&2; printf 'not \\033logged in\\n\\n' >&2; exit 3")
    assert error.message == "the command for a secret failed with exit code 3: not  logged in"
    assert "run it in a terminal" in str(error.hint)


def test_a_reason_is_short() -> None:
    assert len(fault("head -c 5000 /dev/zero | tr '\\0' x >&2; exit 1").message) < 300


def test_what_was_printed_is_in_no_error() -> None:
    error = fault("echo half-a-token; echo got half-a-token >&2; exit 1")
    assert error.message == "the command for a secret failed with exit code 1"
    assert "half-a-token" not in fault("echo half-a-token; echo more").message


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("true", "printed nothing"),
        ("echo ' '", "printed nothing"),
        ("echo a; echo b", "printed 2 lines"),
        ("printf '\\377'", "printed what is no text"),
        ("no-such-program-anywhere", "exit code 127"),
    ],
)
def test_an_answer_of_another_kind_is_an_error(command: str, reason: str) -> None:
    assert reason in fault(command).message


def test_a_command_that_hangs_is_stopped_with_all_its_children(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        error = fault(f"sleep 60 > {pipe} & wait", limit=0.5)
        assert error.message == "the command for a secret was not done within 0.5 s"
        # The pipe ends when the last one who holds it does.
        os.set_blocking(reader, True)
        assert os.read(reader, 1) == b""
    finally:
        os.close(reader)


@pytest.mark.skipif(shutil.which("setsid") is None, reason="no setsid")
def test_a_daemon_that_the_command_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    # It ends when the pipe has been written to: not before the command has been given up.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    error = fault(f"setsid cat {pipe} & echo token", limit=0.5)
    assert error.message == "the command for a secret was not done within 0.5 s"
    os.close(os.open(pipe, os.O_WRONLY))


def test_a_command_has_no_input_to_wait_for() -> None:
    assert "printed nothing" in fault("cat").message
