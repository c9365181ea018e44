"""The daemon's log: with `log_format = "json"` every line is an object, whatever happens."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from axonhub_cli.daemon.background import start_background, stop
from axonhub_cli.daemon.log_lines import LARGEST_LOG
from axonhub_cli.daemon.logs import JsonFormatter, TextFormatter, format_before_config
from axonhub_cli.errors import CommandFailed
from tests.support.daemon import DaemonProcess
from tests.support.home import Home, channel
from tests.support.upstream import PATIENCE

JSON = {"log_format": "json"}


def objects(lines: list[str]) -> list[dict[str, Any]]:
    """Every line as an object; one that is none fails the test."""
    found = [json.loads(line) for line in lines]
    assert all({"at", "level", "message"} <= line.keys() for line in found)
    return found


@pytest.fixture
def process(home: Home) -> Iterator[DaemonProcess]:
    home.configure(channel("http://127.0.0.1:9", enabled=False), server=JSON)
    daemon = DaemonProcess(home).start("--host", "0.0.0.0")
    try:
        yield daemon
    finally:
        daemon.stop()


def test_a_line_is_an_object_with_the_traceback_in_it() -> None:
    try:
        raise ValueError("x")
    except ValueError:
        record = logging.LogRecord(
            "axonhub", logging.WARNING, "f", 1, "it %s\n", ("broke",), sys.exc_info()
        )
    line = JsonFormatter().format(record)
    told = json.loads(line)
    assert "\n" not in line
    assert (told["level"], told["logger"], told["message"]) == ("warning", "axonhub", "it broke\n")
    assert "ValueError: x" in told["exception"]
    assert told["at"].endswith("+00:00")


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter("%(message)s")])
def test_what_an_upstream_said_cannot_command_a_terminal(formatter: logging.Formatter) -> None:
    said = "a\x1b[31mb\x9bc\nd\u2028e"
    record = logging.LogRecord("axonhub", logging.INFO, "f", 1, "%s", (said,), None)
    line = formatter.format(record)
    assert not {"\x1b", "\x9b", "\n"} & set(line)
    if isinstance(formatter, JsonFormatter):
        assert json.loads(line)["message"] == said


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter("%(message)s")])
def test_no_line_tells_a_credential(formatter: logging.Formatter) -> None:
    secret = "hunter2hunter2"
    try:
        raise ValueError(f"cannot read https://me:{secret}@host/?api_key={secret}")
    except ValueError:
        said = f"it sent Authorization: Bearer {secret} and sk-ant-{secret}"
        record = logging.LogRecord("axonhub", logging.ERROR, "f", 1, "%s", (said,), sys.exc_info())
    line = formatter.format(record)
    assert "ValueError: cannot read https://***@host/?api_key=***" in line
    assert secret not in line


def test_from_the_first_word_to_the_last_every_line_is_an_object(process: DaemonProcess) -> None:
    assert process.end(signal.SIGTERM) == 0
    ready, hint, warning = objects(process.log)[:3]
    assert (ready["level"], "listens on http" in ready["message"]) == ("info", True)
    assert hint["hint"].startswith("axonhub channel add")
    assert (warning["level"], "0.0.0.0" in warning["message"]) == ("warning", True)


def test_the_settings_of_the_log_are_followed_while_it_runs(
    process: DaemonProcess, home: Home
) -> None:
    for name, server in (
        ("first", JSON | {"log_level": "error"}),
        ("second", {"log_level": "info", "log_format": "text"}),
        ("third", JSON),
    ):
        home.configure(channel("http://127.0.0.1:9", models=[name]), server=server)
        deadline = monotonic() + PATIENCE
        # Under load the file is looked at every few milliseconds.
        while name.encode() not in process.get("/v1/models")[2]:
            assert monotonic() < deadline
    process.stop()
    said = [line for line in process.log if "configuration reloaded" in line]
    assert [line.startswith("{") for line in said] == [False, True]


def test_a_port_that_is_taken_is_told_by_an_object_with_the_hint(home: Home) -> None:
    home.configure(server=JSON)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = home.axonhub("serve", "--port", port, check=False)
        (told,) = objects(refused.stderr.splitlines())
        assert (refused.returncode, told["level"]) == (1, "error")
        assert port in told["message"]
        assert "--port" in told["hint"]
        with pytest.raises(CommandFailed, match=f"the daemon did not start: .*{port}") as caught:
            start_background(home.paths, home.environ, [f"--port={port}"])
    assert "--port" in (caught.value.hint or "")
    objects(home.paths.log_file.read_text().splitlines())


def test_a_broken_configuration_is_told_in_the_form_it_asks_for(home: Home) -> None:
    home.configure()
    home.paths.config_file.write_text('[server]\nlog_format = "json"\nprot = 1\n')
    refused = home.axonhub("serve", "--port", "0", check=False)
    (told,) = objects(refused.stderr.splitlines())
    assert (refused.returncode, "prot" in told["message"]) == (2, True)


def test_options_that_cannot_be_are_told_in_that_form_too(home: Home) -> None:
    home.configure(server=JSON)
    refused = home.axonhub("serve", "--log-level", "loud", check=False)
    (told,) = objects(refused.stderr.splitlines())
    assert (refused.returncode, told["level"]) == (2, "error")
    assert "warning" in told["hint"]


def test_before_the_file_can_be_read_the_environment_counts(home: Home) -> None:
    file, variable = home.paths.config_file, "AXONHUB_SERVER_LOG_FORMAT"
    assert format_before_config(home.paths, {}) == "text"
    file.parent.mkdir(parents=True)
    file.write_text("[server\n")
    assert format_before_config(home.paths, {}) == "text"
    assert format_before_config(home.paths, {variable: "json"}) == "json"
    file.write_text('[server]\nlog_format = "json"\n')
    assert format_before_config(home.paths, {variable: ""}) == "json"
    assert format_before_config(home.paths, {variable: "text"}) == "text"
    file.write_text("server = 1\n")
    assert format_before_config(home.paths, {}) == "text"


def test_what_it_begins_with_is_told_to_who_starts_it(home: Home) -> None:
    home.configure(server=JSON)
    told: list[str] = []
    try:
        start_background(home.paths, home.environ, ["--port=0"], tell=told.append)
    finally:
        stop(home.paths, 10)
    assert told == ["hint: no channel is enabled yet: axonhub channel add --type claude-code"]
    objects(home.paths.log_file.read_text().splitlines())


_FAULTS = """
import asyncio, sys, threading, warnings
from axonhub_cli.config.schema import Server
from axonhub_cli.daemon.logs import configure_logging, whole_process

def fail(text="thread"):
    raise ValueError(text)

async def forgotten():
    await asyncio.wait([asyncio.get_running_loop().create_task(asyncio.to_thread(fail, "task"))])

class Dying:
    def __del__(self):
        fail("unraisable")

configure_logging(Server(log_format="json"))
with whole_process():
    warnings.warn("warned")
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    asyncio.run(forgotten())
    Dying()
    try:
        fail("uncaught")
    except ValueError:
        sys.excepthook(*sys.exc_info())
"""


def test_what_nobody_caught_is_an_object_too() -> None:
    done = subprocess.run([sys.executable, "-c", _FAULTS], capture_output=True, text=True)
    told = objects(done.stderr.splitlines())
    assert "warned" in told[0]["message"]
    kept = " ".join(line.get("exception", "") for line in told)
    for name in ("thread", "task", "unraisable", "uncaught"):
        assert f"ValueError: {name}" in kept


_LINES = """
import logging, sys
from pathlib import Path
from axonhub_cli.config.schema import Server
from axonhub_cli.daemon.logs import configure_logging

configure_logging(Server(), Path(sys.argv[1]))
for number in range(6):
    logging.getLogger("axonhub").warning("%d %s", number, "x" * 1_000_000)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a file in use cannot be renamed there")
def test_a_log_that_grows_large_is_set_aside_while_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "daemon.log"
    command = [sys.executable, "-c", _LINES, str(file)]
    with open(file, "ab") as log:
        subprocess.run(command, stdout=log, stderr=log, check=True)
    old, new = file.with_name("daemon.log.1").read_bytes(), file.read_bytes()
    assert len(old) > LARGEST_LOG > len(new) > 0
    numbers = [line.split()[3] for line in (old + new).splitlines()]
    assert numbers == [b"0", b"1", b"2", b"3", b"4", b"5"]
    assert os.stat(file).st_mode & 0o777 == 0o600


def test_a_stderr_that_is_another_file_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "elsewhere.log"
    command = [sys.executable, "-c", _LINES, str(tmp_path / "daemon.log")]
    with open(other, "ab") as log:
        subprocess.run(command, stderr=log, check=True)
    assert other.stat().st_size > LARGEST_LOG
    assert [one.name for one in tmp_path.iterdir()] == ["elsewhere.log"]
