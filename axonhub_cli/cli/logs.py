"""`axonhub logs`: what the background daemon has said, and says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep, time
from typing import Annotated, BinaryIO

import typer

from axonhub_cli.cli import filters, output
from axonhub_cli.cli.commands import single
from axonhub_cli.cli.context import Session
from axonhub_cli.daemon.log_lines import Line, read_line
from axonhub_cli.errors import CommandFailed

app = single()

_LOOK_AGAIN_S = 0.2
_COLOURS = {"warning": output.YELLOW, "error": output.RED, "critical": output.RED}


@app.command()
def logs(
    ctx: typer.Context,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show what comes, too; Ctrl-C ends it.")
    ] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", metavar="N", min=0, help="Only the last N lines.")
    ] = 100,
    json: filters.Json = False,
) -> None:
    """Print the log of the background proxy; into a pipe, its lines as they were written."""
    file = Session.of(ctx).paths.log_file
    for text in read_log(file, lines, wait=_pause if follow else None):
        if json:
            output.emit_json_line(read_line(text).as_object() or {"message": ""})
        elif output.shows_to_person():
            _show(read_line(text))
        else:
            output.line(text)


def read_log(file: Path, last: int, *, wait: Callable[[], None] | None) -> Iterator[str]:
    """The `last` lines of a log; with `wait`, which is called when there is nothing new, each that
    is written after them. Goes on with the new file when this one is set aside.

    Raises `CommandFailed` where there is no log.
    """
    opened = _open(file)
    try:
        whole, rest = _lines(opened.read())
        if len(whole) < last:
            whole = [*_older(file), *whole]
        yield from whole[max(0, len(whole) - last) :]
        if wait is None:
            yield from [_text(rest)] if rest else []
            return
        while True:
            if data := opened.read():
                whole, rest = _lines(rest + data)
                yield from whole
                continue
            is_old = _is_set_aside(file, opened)
            wait()
            if is_old:
                # It got its last line before we waited, if not before we looked.
                yield from _lines(rest + opened.read() + b"\n" * bool(rest))[0]
                opened.close()
                opened, rest = _open(file), b""
    finally:
        opened.close()


def _open(file: Path) -> BinaryIO:
    try:
        return open(file, "rb")
    except FileNotFoundError:
        raise CommandFailed(
            f"there is no log: {file}",
            hint="`axonhub start` writes one; `axonhub serve` logs to where it was started",
        ) from None
    except OSError as error:
        raise CommandFailed(f"cannot read the log {file}: {error.strerror}") from error


def _older(file: Path) -> list[str]:
    """Of what was set aside last."""
    try:
        return _lines(file.with_name(f"{file.name}.1").read_bytes())[0]
    except OSError:
        return []


def _is_set_aside(file: Path, opened: BinaryIO) -> bool:
    try:
        return not os.path.samestat(os.stat(file), os.fstat(opened.fileno()))
    except OSError:
        return False


def _lines(data: bytes) -> tuple[list[str], bytes]:
    """Whole lines, and what has no end yet."""
    *whole, rest = data.split(b"\n")
    return [_text(line) for line in whole], rest


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _show(line: Line) -> None:
    at = f"{_when(line.at)}  " if line.at is not None else ""
    level = f"{line.level}: " if line.level not in ("", "info") else ""
    hint = f" (try: {line.hint})" if line.hint else ""
    output.paragraph(f"{at}{level}{line.message}{hint}", style=_COLOURS.get(line.level))
    if line.exception:
        output.paragraph(line.exception, indent=4, style=output.DIM)


def _when(at: str) -> str:
    from datetime import datetime

    from axonhub_cli.cli.figures import moment

    try:
        return moment(datetime.fromisoformat(at).timestamp(), time())
    except ValueError:
        return at


def _pause() -> None:
    sleep(_LOOK_AGAIN_S)
