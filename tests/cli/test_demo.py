"""The demo: one command that shows the main job, and leaves nothing."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from axonhub_cli.cli import demo
from axonhub_cli.errors import CommandFailed
from tests.support import plays
from tests.support.home import Home
from tests.support.upstream import Close, Upstream


@pytest.fixture
def temporary(home: Home) -> Path:
    """The folder that the demo's temporary files go to."""
    folder = home.path / "tmp"
    folder.mkdir()
    home.environ["TMPDIR"] = str(folder)
    return folder


@pytest.mark.timeout(60)
def test_the_demo_shows_the_whole_way_and_leaves_nothing(home: Home, temporary: Path) -> None:
    # Neither a keyring nor this home's own configuration may matter.
    del home.environ["AXONHUB_SECRETS_BACKEND"]
    home.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    home.environ["AXONHUB_SERVER_PORT"] = "1"
    done = home.axonhub("demo")
    for prompt in (demo.ANTHROPIC.prompt, demo.CHAT.prompt):
        assert f"You said: {prompt}" in done.stdout
    assert f"$ axonhub trace show {demo.TRACE}" in done.stderr
    said = demo.ANTHROPIC.prompt
    assert said in done.stdout.replace(f"You said: {said}", "", 1)
    assert "axonhub channel add --type claude-code" in done.stderr
    assert list(temporary.iterdir()) == []
    assert not home.paths.config_file.exists()


def test_a_throw_away_home_is_removed_also_after_a_failure(home: Home, temporary: Path) -> None:
    code = """
import os
from axonhub_cli.cli.demo import throw_away_home
with throw_away_home(os.environ) as environ:
    open(os.path.join(environ["AXONHUB_HOME"], "config.toml"), "w").close()
    raise SystemExit("stopped")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=home.environ, capture_output=True, text=True, timeout=30
    )
    assert done.stderr.strip() == "stopped"
    assert list(temporary.iterdir()) == []


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A child that can be interrupted, also where SIGINT is ignored: in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("moment", ["$ axonhub start", "> Hello", "$ axonhub stop"])
def test_an_interrupted_demo_leaves_no_daemon(home: Home, temporary: Path, moment: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "axonhub_cli", "demo"],
        env=home.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process.stderr as lines:
        assert any(line.startswith(moment) for line in lines)
        process.send_signal(signal.SIGINT)
        said = lines.read()
    assert process.wait(15) != 0
    assert "Traceback" not in said
    assert list(temporary.iterdir()) == []
    assert processes_with(str(temporary)) == []


def processes_with(text: str) -> list[str]:
    """The processes in whose environment `text` stands."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_an_answer_that_is_cut_fails_the_demo(upstream: Upstream) -> None:
    events = plays.as_events(plays.text("pong"))
    upstream.script(plays.truncated(events, len(b"".join(events[:4])), how=Close()))
    with pytest.raises((CommandFailed, http.client.IncompleteRead)):
        ask(upstream)


def test_an_error_fails_the_demo(upstream: Upstream) -> None:
    upstream.script(plays.overloaded())
    with pytest.raises(CommandFailed, match="529"):
        ask(upstream)


def ask(upstream: Upstream) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", upstream.port, timeout=10)
    try:
        connection.request("POST", "/v1/messages", b'{"stream": true}')
        demo._print_answer(connection.getresponse(), demo.ANTHROPIC)
    finally:
        connection.close()
