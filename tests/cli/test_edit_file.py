import shlex
import sys
from pathlib import Path

import pytest

from tests.support.cli import Cli


def editor(cli: Cli, tmp_path: Path, *steps: str) -> None:
    """An editor that does one step each time it is opened; `text` is the copy's text."""
    script = tmp_path / "editor.py"
    done = tmp_path / "opened"
    script.write_text(
        "import sys, pathlib\n"
        f"copy, opened = pathlib.Path(sys.argv[1]), pathlib.Path({str(done)!r})\n"
        "count = len(opened.read_text()) if opened.exists() else 0\n"
        "opened.write_text('x' * (count + 1))\n"
        "text = copy.read_text()\n"
        f"exec({list(steps)!r}[count])\n"
        "copy.write_text(text)\n"
    )
    cli.environ["EDITOR"] = shlex.join([sys.executable, str(script)])


def test_a_valid_result_is_written_and_the_old_text_kept(cli: Cli, tmp_path: Path) -> None:
    cli.ok("config", "set", "server.port", "9000")
    file = cli.home.paths.config_file
    before = file.read_text()
    editor(cli, tmp_path, "text = text.replace('9000', '9001')")
    assert "is changed" in cli.ok("config", "edit").err
    assert cli.config().server.port == 9001
    assert file.with_name("config.toml.bak").read_text() == before
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_there_is_begun(cli: Cli, tmp_path: Path) -> None:
    editor(cli, tmp_path, "text += '[server]\\nport = 9002\\n'")
    cli.ok("config", "edit")
    assert cli.config().server.port == 9002


def test_an_unchanged_text_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    editor(cli, tmp_path, "pass")
    assert cli.ok("config", "edit").err == "Nothing was changed.\n"
    assert not cli.home.paths.config_file.exists()


def test_without_a_terminal_an_invalid_result_ends_with_2(cli: Cli, tmp_path: Path) -> None:
    editor(cli, tmp_path, "text = '[sever]'")
    said = cli.fails("config", "edit")
    assert "unknown key 'sever'" in said
    assert "hint: the file is as it was" in said
    assert not cli.home.paths.config_file.exists()


def test_without_a_terminal_the_usual_editor_is_not_started(cli: Cli) -> None:
    for name in ("EDITOR", "VISUAL"):
        cli.environ.pop(name, None)
    assert "error: an editor needs a terminal\nhint: set EDITOR" in cli.fails("config", "edit")


def test_an_invalid_result_can_be_edited_again(cli: Cli, tmp_path: Path) -> None:
    editor(cli, tmp_path, "text = '[sever]'", "text = text.replace('sever', 'server')")
    cli.type_in("")
    result = cli.ok("config", "edit")
    assert "Edit it again? [Y/n]" in result.err
    assert cli.home.paths.config_file.read_text() == "[server]"


def test_an_invalid_result_can_be_given_up(cli: Cli, tmp_path: Path) -> None:
    editor(cli, tmp_path, "text = '[sever]'")
    cli.type_in("n")
    result = cli("config", "edit")
    assert result.code == 1
    assert "given up; the file is as it was" in result.err


def test_a_file_that_was_broken_can_be_mended(cli: Cli, tmp_path: Path) -> None:
    cli.ok("config", "set", "server.port", "9000")
    cli.home.paths.config_file.write_text("broken")
    editor(cli, tmp_path, "text = ''")
    cli.ok("config", "edit")
    assert cli.ok("config", "check").code == 0


def test_a_change_by_another_command_meanwhile_is_not_overwritten(cli: Cli, tmp_path: Path) -> None:
    cli.ok("config", "set", "server.port", "9000")
    file = cli.home.paths.config_file
    other = f"pathlib.Path({str(file)!r}).write_text('[server]\\nport = 1\\n')"
    editor(cli, tmp_path, f"{other}; text = '[server]\\nport = 2\\n'")
    said = cli.fails("config", "edit", code=1)
    assert "another command changed" in said
    assert file.with_name("config.toml.edited").read_text() == "[server]\nport = 2\n"
    assert cli.config().server.port == 1


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-editor-here", "cannot start the editor 'no-such-editor-here'"),
        (f"{shlex.quote(sys.executable)} -c 'raise SystemExit(3)'", "ended with code 3"),
        ("'unbalanced", "cannot start the editor"),
    ],
)
def test_an_editor_that_fails_changes_nothing(cli: Cli, command: str, said: str) -> None:
    cli.environ["VISUAL"] = command
    assert said in cli.fails("config", "edit", code=1)
