"""The only place that prints and asks: data to stdout, everything said to a person to stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from axonhub_cli.errors import AxonHubError, CommandFailed, ConfigError, UsageError
from axonhub_cli.jsonio import Json

RED, YELLOW, CYAN, BOLD, DIM = "31", "33", "36", "1", "2"

_GAP, _NARROWEST = 2, 6
"""Of a table: letters between two columns, and those that a folded column needs at least."""

# Names and messages from upstreams may carry escape sequences that a terminal would obey.
# Those that turn the direction of what follows show one text as another (CVE-2021-42574).
_TURNS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_CONTROLS = {
    code: "\ufffd" for code in (*range(32), *range(127, 160), *_TURNS) if code not in (9, 10)
}
_CELL_CONTROLS = {**_CONTROLS, 9: " ", 10: " "}
# JSON escapes the others itself.
_JSON_CONTROLS = {code: f"\\u{code:04x}" for code in (*range(127, 160), *_TURNS)}


def line(text: str = "") -> None:
    """One line of data, without what a terminal would obey."""
    piece(text + "\n")


def piece(text: str) -> None:
    """A part of a line of data, shown at once: text as it streams in."""
    _write(sys.stdout, text.translate(_CONTROLS))


def paragraph(text: str, *, indent: int = 0, style: str | None = None) -> None:
    """A text of one or more lines, indented; wrapped where a terminal is too narrow for it."""
    margin = " " * indent
    for one in printable(text).splitlines() or [""]:
        for piece_of_it in _wrapped(one, indent):
            shown = styled(piece_of_it, style, sys.stdout) if style and piece_of_it else piece_of_it
            _write(sys.stdout, (margin + shown).rstrip() + "\n")


def raw(data: bytes) -> None:
    """Data exactly as it is: a recorded body into a file or another program, never a terminal."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def rich(shown: object) -> None:
    """Something that rich draws, as wide as the terminal; for `shows_to_person` alone."""
    from rich.console import Console

    # Without a height, its own guess of the width counts: 80 on a dumb terminal, whatever that has.
    Console(file=sys.stdout, width=_columns(), height=25, highlight=False).print(shown)


def printable(text: str) -> str:
    """The text without what a terminal would obey."""
    return text.translate(_CONTROLS).expandtabs(4)


def shows_to_person() -> bool:
    """Does stdout go to a terminal?"""
    return sys.stdout.isatty()


def emit_json(value: Json) -> None:
    """One JSON document; structs are written as objects."""
    import msgspec

    _write(sys.stdout, as_json(msgspec.to_builtins(value), ascii=not _speaks_unicode(sys.stdout)))


def emit_json_line(value: Json) -> None:
    """One JSON document on a line of its own."""
    _write(sys.stdout, as_json(value, indent=None, ascii=not _speaks_unicode(sys.stdout)))


def as_json(value: Json, *, indent: int | None = 2, ascii: bool = False) -> str:
    """A JSON document with its line's end. No text in it can command a terminal."""
    import json

    written = json.dumps(value, indent=indent, ensure_ascii=ascii)
    return written.translate(_JSON_CONTROLS) + "\n"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """A table of data; `empty` is said (on stderr) where there are no rows.

    On a terminal rich folds the columns to its width, all but the first, by which a row is named;
    where that leaves no words whole, each row is a paragraph. Into a pipe go plain columns.
    """
    if not rows:
        note(empty)
        return
    clean = [[cell.translate(_CELL_CONTROLS) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *clean, strict=True)]
    if sys.stdout.isatty():
        if _fits(widths):
            _rich_table(columns, clean)
        else:
            _paragraphs(columns, clean)
        return
    for row in ([name.upper() for name in columns], *clean):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        line("  ".join(cells).rstrip())


def fields(pairs: Sequence[tuple[str, str]]) -> None:
    """Name and value, one pair a line: what `show` prints."""
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        line(f"{name.ljust(width)}  {value.translate(_CELL_CONTROLS)}".rstrip())


def note(text: str) -> None:
    """One line to the person: what was done, what to do next."""
    _write(sys.stderr, text.translate(_CONTROLS) + "\n")


def warn(text: str, hint: str | None = None) -> None:
    _message("warning", YELLOW, text, hint)


def exit_code(problem: Exception) -> int:
    """2: wrong usage or configuration; 1: whatever else went wrong."""
    return 2 if isinstance(problem, ConfigError | UsageError) else 1


def error(problem: AxonHubError) -> None:
    """`error: …`, then `hint: …` where there is one."""
    _message("error", RED, problem.message, problem.hint)


def is_terminal() -> bool:
    """Can a question be asked?"""
    return sys.stdin is not None and sys.stdin.isatty()


def confirm(question: str, *, yes: bool, flag: str = "--yes") -> None:
    """Ask before something is lost.

    Raises `UsageError` where nobody can be asked, `CommandFailed` on a no.
    """
    if yes:
        return
    if not is_terminal():
        raise UsageError("this needs a confirmation", hint=f"add {flag} to go ahead")
    if not agree(question, default=False):
        raise CommandFailed("not confirmed; nothing was changed")


def agree(question: str, *, default: bool) -> bool:
    """Ask a person yes or no; `default` is what an empty answer means."""
    choices = "Y/n" if default else "y/N"
    _write(sys.stderr, f"{question.translate(_CONTROLS)} [{choices}] ")
    try:
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        note("")
        raise
    if not answer:  # the end of the input is no consent
        note("")
        return False
    word = answer.strip().lower()
    return word in ("y", "yes") if word else default


def ask_secret(prompt: str, *, flags: str) -> str:
    """A hidden prompt. Raises `UsageError` naming `flags` where nobody can be asked."""
    if not is_terminal():
        raise UsageError("a token is needed, and stdin is no terminal to ask on", hint=flags)
    import getpass

    try:
        return getpass.getpass(f"{prompt} (hidden): ", stream=sys.stderr)
    except KeyboardInterrupt:
        note("")
        raise
    except EOFError:
        note("")
        raise CommandFailed("nothing was entered; nothing was changed") from None


def styled(text: str, code: str, stream: TextIO) -> str:
    """`text` in an ANSI style, where `stream` is a terminal that wants colour."""
    import os

    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{code}m{text}\x1b[0m"


def _message(word: str, colour: str, text: str, hint: str | None) -> None:
    _write(sys.stderr, f"{styled(word + ':', colour, sys.stderr)} {text.translate(_CONTROLS)}\n")
    if hint:
        label = styled("hint:", CYAN, sys.stderr)
        _write(sys.stderr, f"{label} {hint.translate(_CONTROLS)}\n")


def _wrapped(text: str, indent: int) -> list[str]:
    if not sys.stdout.isatty():
        return [text]
    import textwrap

    width = max(20, _columns() - indent)
    if len(text) <= width:
        return [text]
    return textwrap.wrap(text, width, drop_whitespace=True, break_on_hyphens=False)


def _fits(widths: Sequence[int]) -> bool:
    """Is there room for the first column, and for some letters of the others?"""
    first, *others = widths
    needed = first + sum(_GAP + min(width, _NARROWEST) for width in others)
    return needed <= _columns()


def _paragraphs(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        paragraph(row[0], style=BOLD)
        for name, cell in zip(columns[1:], row[1:], strict=True):
            paragraph(f"{name}: {cell}", indent=2)


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns


def _rich_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(columns):
        grid.add_column(name, overflow="fold", no_wrap=index == 0)
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    rich(grid)


def shows_pictures() -> bool:
    """Is stdout a terminal that can show bars, and wants them?"""
    import os

    plain = os.environ.get("TERM") == "dumb" or os.environ.get("NO_COLOR")
    return shows_to_person() and not plain and _speaks_unicode(sys.stdout)


def _speaks_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") in ("utf8", "utf16", "utf32")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()
