import io
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from axonhub_cli.cli import output
from axonhub_cli.errors import CommandFailed, UsageError
from tests.support.home import Home


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_table_in_a_pipe_has_plain_columns(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("name", "n"), [("a", "1"), ("longer", "22")], empty="none")
    assert capsys.readouterr().out == "NAME    N\na       1\nlonger  22\n"


def test_an_empty_table_says_so_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("name",), [], empty="There is none.")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "There is none.\n")


def test_a_table_on_a_terminal_takes_cells_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    output.table(("name",), [("[red]x[/red]",)], empty="none")
    assert "[red]x[/red]" in terminal.getvalue()
    assert "\x1b[3" not in terminal.getvalue()


def test_escape_sequences_of_others_do_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.table(("model",), [("evil\x1b]0;title\x07\nline",)], empty="none")
    output.note("evil\x1b[2J")
    output.warn("evil\x1b[2J", hint="evil\x9b2J")
    captured = capsys.readouterr()
    assert not set(captured.out + captured.err) & {"\x1b", "\x07", "\x9b"}
    assert len(captured.out.splitlines()) == 2


@pytest.mark.parametrize("write", [output.line, output.piece, output.paragraph, output.emit_json])
def test_nothing_that_is_printed_commands_a_terminal(
    write: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    write("evil\x1b]0;title\x07 \x9b2J \x7f")
    assert not set(capsys.readouterr().out) & {"\x1b", "\x07", "\x9b", "\x7f"}


def test_json_with_controls_is_read_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_json("\x1b \x9b \x7f")
    assert json.loads(capsys.readouterr().out) == "\x1b \x9b \x7f"


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_json([{"name": "é", "n": None}])
    assert capsys.readouterr().out == '[\n  {\n    "name": "é",\n    "n": null\n  }\n]\n'


def test_text_that_the_terminal_cannot_show_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    output.line("a → b")
    output.emit_json("é")
    assert raw.getvalue() == b'a ? b\n"\\u00e9"\n'


def test_an_error_is_a_sentence_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    output.error(CommandFailed("it broke", hint="mend it"))
    output.error(CommandFailed("it broke"))
    assert capsys.readouterr().err == "error: it broke\nhint: mend it\nerror: it broke\n"


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert output.styled("x", output.RED, Terminal()) == "\x1b[31mx\x1b[0m"
    assert output.styled("x", output.RED, io.StringIO()) == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert output.styled("x", output.RED, Terminal()) == "x"


@pytest.mark.parametrize("answer", ["y\n", "Yes\n", " y \n"])
def test_a_confirmation_goes_on_at_yes(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    terminal = Terminal(answer)
    monkeypatch.setattr("sys.stdin", terminal)
    output.confirm("Really?", yes=False)
    assert terminal.read() == "", "the answer was not read"


@pytest.mark.parametrize("answer", ["\n", "n\n", "what\n", ""])
def test_a_confirmation_stops_at_everything_else(
    monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    with pytest.raises(CommandFailed, match="nothing was changed"):
        output.confirm("Really?", yes=False)


def test_a_confirmation_needs_a_terminal_or_the_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(UsageError) as caught:
        output.confirm("Really?", yes=False)
    assert caught.value.hint == "add --yes to go ahead"
    output.confirm("Really?", yes=True)


def test_an_empty_answer_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("\n\n"))
    assert output.agree("Again?", default=True)
    assert not output.agree("Again?", default=False)


def test_a_secret_is_asked_for_at_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\n"))
    with pytest.raises(UsageError) as caught:
        output.ask_secret("Token", flags="give --token-stdin")
    assert caught.value.hint == "give --token-stdin"


def test_an_answer_that_ends_at_once_leaves_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ends(prompt: str, stream: object) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin", Terminal(""))
    monkeypatch.setattr("getpass.getpass", ends)
    with pytest.raises(CommandFailed, match="nothing was entered"):
        output.ask_secret("Token", flags="")
    assert capsys.readouterr().err == "\n"


def test_a_paragraph_is_indented_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.paragraph("one\n\ttwo\x1b[31m\n", indent=2, style="1")
    output.paragraph("")
    assert capsys.readouterr().out == "  one\n      two\ufffd[31m\n\n"


ROW = ("req_0123456789", "claude-opus-5-5, claude-haiku-4-5", "completed")


def shown_at(width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A table on a terminal of so many columns."""
    screen = Terminal()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "dumb")
    output.table(("id", "models", "status"), [ROW], empty="none")
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    return [line.rstrip() for line in lines]


def test_a_folded_table_leaves_the_names_of_its_rows_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown_at(40, monkeypatch)
    assert lines[0].split() == ["id", "models", "status"]
    assert lines[1].split()[0] == ROW[0]
    assert len(lines) > 2


def test_where_no_table_fits_each_row_is_a_paragraph(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_at(28, monkeypatch) == [
        "req_0123456789",
        "  models: claude-opus-5-5,",
        "  claude-haiku-4-5",
        "  status: completed",
    ]


def test_a_recorded_body_goes_out_as_it_is(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    output.raw(b"\xff\x00\x1b[31m")
    assert capfdbinary.readouterr().out == b"\xff\x00\x1b[31m"
    assert not output.shows_to_person()


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo terminals")
def test_what_is_typed_at_the_prompt_for_a_secret_is_not_echoed(home: Home) -> None:
    secret = "sk-ant-api03-" + "x" * 12
    ours, theirs = os.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "axonhub_cli", "channel", "add", "--type", "anthropic", "--no-test"],
        env=home.environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    try:
        while b"(hidden): " not in shown:
            shown += os.read(ours, 4096)
        os.write(ours, f"{secret}\n".encode())
        while b"without a test." not in shown:
            shown += os.read(ours, 4096)
        assert child.wait(timeout=15) == 0
    finally:
        child.kill()
        child.wait()
        os.close(ours)
    assert b"is added and enabled" in shown
    assert b"xxxx" not in shown
    assert secret in home.paths.secrets_file.read_text()


def test_what_turns_the_direction_of_writing_is_never_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.line("refused \u202egpj.exe\u2066!")
    output.emit_json({"said": "\u202eabc"})
    assert capsys.readouterr().out == 'refused \ufffdgpj.exe\ufffd!\n{\n  "said": "\\u202eabc"\n}\n'
