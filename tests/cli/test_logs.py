"""`axonhub logs`: the last lines, those that come, and the file that follows the one set aside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from axonhub_cli.cli.logs import read_log
from tests.support.cli import Cli
from tests.support.home import Home

LINE = (
    '{"at":"2026-11-24T12:00:00.000+00:00","level":"warning","message":"it broke","hint":"mend it"}'
)


def written(home: Home, *lines: str) -> Path:
    home.paths.state_dir.mkdir(parents=True, exist_ok=True)
    home.paths.log_file.write_text("".join(f"{line}\n" for line in lines))
    return home.paths.log_file


def test_without_a_log_it_says_what_writes_one(home: Home) -> None:
    done = home.axonhub("logs", check=False)
    assert done.returncode == 1
    assert "axonhub start" in done.stderr
    assert str(home.paths.log_file) in done.stderr


def test_into_a_pipe_lines_go_as_they_were_written(home: Home) -> None:
    written(home, LINE, "error: no", "a\x1b[31mb")
    assert home.axonhub("logs").stdout == f"{LINE}\nerror: no\na\N{REPLACEMENT CHARACTER}[31mb\n"


def test_as_json_every_line_is_an_object(home: Home) -> None:
    written(home, LINE, "2026-11-24 12:00:00,000 ERROR x", "plain", "")
    found = [json.loads(line) for line in home.axonhub("logs", "--json").stdout.splitlines()]
    assert found == [
        json.loads(LINE),
        {"at": "2026-11-24T12:00:00", "level": "error", "message": "x"},
        {"message": "plain"},
        {"message": ""},
    ]


def test_on_a_terminal_objects_are_words(
    home: Home, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(home, LINE, "error: no")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    shown = cli.ok("logs").out
    assert "warning: it broke (try: mend it)" in shown
    assert "error: no" in shown
    assert "{" not in shown


def test_the_last_lines_reach_into_the_file_set_aside(home: Home) -> None:
    file = written(home, "3", "4")
    file.with_name("daemon.log.1").write_text("1\n2\n")
    assert home.axonhub("logs", "-n", "3").stdout == "2\n3\n4\n"
    assert home.axonhub("logs", "-n", "1").stdout == "4\n"
    assert home.axonhub("logs", "-n", "0").stdout == ""
    assert home.axonhub("logs").stdout == "1\n2\n3\n4\n"


def test_what_comes_is_followed_into_the_next_file(home: Home) -> None:
    file = written(home, "old")

    def more() -> None:
        with file.open("a") as log:
            log.write("half ")

    def whole() -> None:
        with file.open("a") as log:
            log.write("line\nlast of it")

    def next_file() -> None:
        file.replace(file.with_name("daemon.log.1"))
        file.write_text("new\n")

    class Enough(Exception):
        pass

    def end() -> None:
        raise Enough

    steps = iter([more, whole, next_file, lambda: None, end])
    seen: list[str] = []
    with pytest.raises(Enough):
        seen.extend(read_log(file, 5, wait=lambda: next(steps)()))
    assert seen == ["old", "half line", "last of it", "new"]
