import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import OTHER, SESSION
from tests.support.home import KEY, TOKEN, Home


def export(home: Home, *args: str) -> str:
    return home.axonhub("trace", "export", *args).stdout


def test_a_session_as_json_has_its_turns_and_its_bodies(recorded: Home) -> None:
    found = json.loads(export(recorded, SESSION[:6]))
    assert found["turns"][0]["user"].startswith("list the files")
    first = found["exchanges"][0]
    assert first["body"]["messages"][0]["content"] == "list the files\nplease"
    assert first["attempts"][1]["sent"]["model"] == "y-1"
    assert first["attempts"][1]["answer"].startswith("event: message_start")
    assert first["attempts"][0]["answer"]["error"]["type"] == "overloaded_error"


def check_har(document: Any) -> list[Any]:
    """The members that HAR 1.2 demands, and their types (w3c.github.io, 'HTTP Archive')."""
    log = document["log"]
    assert (log["version"], log["creator"]["name"]) == ("1.2", "axonhub")
    for entry in log["entries"]:
        assert entry["startedDateTime"].endswith("Z")
        timings = entry["timings"]
        assert entry["time"] == pytest.approx(sum(timings.values()))
        assert min(timings.values()) >= 0
        assert entry["cache"] == {}
        request, response = entry["request"], entry["response"]
        for side in (request, response):
            assert isinstance(side["headersSize"], int)
            assert isinstance(side["bodySize"], int)
            assert isinstance(side["cookies"], list)
            assert all({"name", "value"} == header.keys() for header in side["headers"])
            assert side["httpVersion"]
        assert request["method"] == "POST"
        assert request["url"].startswith("http")
        assert isinstance(request["queryString"], list)
        assert isinstance(request["postData"]["text"], str)
        assert isinstance(response["status"], int)
        assert isinstance(response["statusText"], str)
        assert response["redirectURL"] == ""
        assert response["content"]["size"] == len(response["content"]["text"].encode())
    return list(log["entries"])


def test_an_archive_has_an_entry_for_each_call_upstream(recorded: Home) -> None:
    entries = check_har(json.loads(export(recorded, SESSION, "--format", "har")))
    statuses = [entry["response"]["status"] for entry in entries]
    assert statuses[:2] == [529, 200]
    assert json.loads(entries[1]["request"]["postData"]["text"])["model"] == "y-1"


def test_a_transcript_is_markdown(recorded: Home) -> None:
    text = export(recorded, SESSION, "--format", "md")
    assert text.startswith("# list the files please\n")
    for part in ("> list the files", "- first failed: ", "There is a README.md.", "subagent `"):
        assert part in text


def test_everything_is_a_line_for_each_request(recorded: Home, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    export(recorded, "--all", "-o", str(file))
    found = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(found) == 5
    assert {request["trace_id"] for request in found} == {SESSION, OTHER}
    assert file.stat().st_mode & 0o777 == 0o600
    assert export(recorded, "--all", "--since", "2999-01-01") == ""
    assert export(recorded, "--all", "--source", "api") == file.read_text()
    assert export(recorded, "--all", "--source", "test") == ""
    assert len(export(recorded, OTHER, "--format", "jsonl").splitlines()) == 1


@pytest.mark.parametrize("args", [(SESSION,), (SESSION, "--format", "har"), ("--all",)])
def test_no_export_has_a_credential(recorded: Home, args: tuple[str, ...]) -> None:
    text = export(recorded, *args)
    assert KEY not in text
    assert TOKEN not in text


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "name one trace, or --all"),
        ((SESSION, "--all"), "name one trace, or --all"),
        ((SESSION, "--format", "xml"), "no such format"),
        (("--all", "--format", "har"), "jsonl"),
        ((SESSION, "--since", "1d"), "--since goes with --all"),
        ((SESSION, "--source", "api"), "--source goes with --all"),
        (("--all", "--source", "web"), "there are: api, test, replay"),
    ],
)
def test_what_cannot_be_exported_is_a_usage_error(
    recorded: Home, args: tuple[str, ...], said: str
) -> None:
    done = recorded.axonhub("trace", "export", *args, check=False)
    assert (done.returncode, said in done.stderr) == (2, True)


def test_a_file_that_cannot_be_written_is_an_error(recorded: Home, tmp_path: Path) -> None:
    done = recorded.axonhub("trace", "export", SESSION, "-o", str(tmp_path), check=False)
    assert (done.returncode, "cannot write" in done.stderr) == (1, True)


@pytest.mark.parametrize("format", ["md", "jsonl"])
def test_a_transcript_on_a_terminal_does_not_command_it(recorded: Home, format: str) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "axonhub_cli", "trace", "export", OTHER, "--format", format]
    subprocess.run(command, env=recorded.environ, stdout=theirs, timeout=15, check=True)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # that is how a terminal ends
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    assert b"wrong" in shown
    assert not {b"\x1b", b"\x07"} & {bytes([byte]) for byte in shown}


def test_what_is_not_found_leaves_the_file_as_it_was(recorded: Home, tmp_path: Path) -> None:
    kept, new = tmp_path / "kept.json", tmp_path / "new.json"
    kept.write_text("of yesterday")
    for file in (kept, new):
        refused = recorded.axonhub("trace", "export", "nope", "-o", str(file), check=False)
        assert refused.returncode == 1
        assert "no trace 'nope' is recorded" in refused.stderr
    assert kept.read_text() == "of yesterday"
    assert not new.exists()
