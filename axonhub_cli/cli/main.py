"""The root of the command line: which commands there are, and the one place their errors end.

Light imports only: a command's module is loaded when the command is used.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from axonhub_cli import __version__
from axonhub_cli.cli import output
from axonhub_cli.cli.commands import LazyGroup
from axonhub_cli.cli.context import Session
from axonhub_cli.errors import AxonHubError, ConfigError, UsageError

COMMANDS: dict[str, tuple[str, str]] = {
    "channel": ("axonhub_cli.cli.channel:app", "Upstreams: add, test, edit, list."),
    "profile": ("axonhub_cli.cli.profile:app", "Which model a client's model name becomes."),
    "key": ("axonhub_cli.cli.key:app", "Keys that clients show to axonhub."),
    "serve": ("axonhub_cli.cli.serve:app", "Run the proxy in the foreground."),
    "start": ("axonhub_cli.cli.daemon:start_app", "Start the proxy in the background."),
    "stop": ("axonhub_cli.cli.daemon:stop_app", "Stop the background proxy."),
    "restart": ("axonhub_cli.cli.daemon:restart_app", "Stop and start the background proxy."),
    "status": ("axonhub_cli.cli.daemon:status_app", "Say whether the proxy runs, and where."),
    "logs": ("axonhub_cli.cli.logs:app", "Show the background proxy's log."),
    "env": ("axonhub_cli.cli.env:app", "Print a client's environment: eval $(axonhub env)"),
    "demo": ("axonhub_cli.cli.demo:app", "Try everything once: no token, no network."),
    "run": ("axonhub_cli.cli.run:app", "Run a client through axonhub."),
    "trace": ("axonhub_cli.cli.trace:app", "Recorded sessions: list, show, tail, export."),
    "request": ("axonhub_cli.cli.request:app", "Recorded requests: list, show, replay."),
    "usage": ("axonhub_cli.cli.usage:app", "What was used: requests, tokens, cost."),
    "statusline": ("axonhub_cli.cli.statusline:app", "One line for Claude Code's status line."),
    "explain": ("axonhub_cli.cli.explain:app", "Show how a request would be routed, and why."),
    "config": ("axonhub_cli.cli.config:app", "The configuration file."),
    "completion": ("axonhub_cli.cli.completion:app", "Print a shell's completion script."),
}
"""Command name to (`module:attribute` of its Typer app, one line of help)."""

INTERRUPTED = 130
"""128 + SIGINT, what a shell reports for a program that Ctrl-C ended."""

# Everything that BadParameter is and a plain exception is not: all of Typer's own usage errors.
_TYPER_ERROR = typer.BadParameter.__mro__[2]
assert issubclass(_TYPER_ERROR, Exception)

# A token or key typed where a name belongs: Typer's messages would repeat it.
_SECRET = re.compile(r"\b(?:sk|ah)-[\w-]{8,}")

# Typer's words and ours.
_REWORDED = (
    (re.compile(r"got unexpected extra argument(?:\(s\)|s)? \((.*)\)"), r"unexpected argument: \1"),
    (re.compile(r"invalid value for '([^']+)'(?: / '[^']+')*:"), r"\1:"),
    (re.compile(r"is not a valid int(?:eger)?(?: range)?"), "is not a whole number"),
    (re.compile(r"is not a valid float(?: range)?"), "is not a number"),
    (re.compile(r"is not in the range x>=(\S+)"), r"is less than \1"),
    (re.compile(r"is not in the range (\S+)<=x<=(\S+)"), r"is not between \1 and \2"),
)

_READS_NO_CONFIG = {"trace", "request", "usage"}

_GLOBAL_FLAGS = ("--debug",)
_GLOBAL_OPTIONS = ("--config",)


class Root(LazyGroup):
    """The root group over `COMMANDS`."""

    table = COMMANDS


app = typer.Typer(
    cls=Root,
    help="A local AI gateway: coding agents on one side, any provider on the other.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run(argv: Sequence[str], environ: Mapping[str, str] | None = None) -> int:
    """Run one command line (without the program's name); returns the exit code.

    0: done. 1: it failed. 2: wrong usage or configuration. 130: interrupted. No exception leaves
    here but with `--debug` or `AXONHUB_DEBUG=1`, where a traceback is printed too.
    """
    _open_streams()
    session = Session(os.environ if environ is None else environ)
    arguments = _globals_first(list(argv))
    debug = "--debug" in arguments[:3] or session.environ.get("AXONHUB_DEBUG", "") not in ("", "0")
    try:
        code = _invoke(arguments, session)
        sys.stdout.flush()
        if _READS_NO_CONFIG & set(arguments):
            _warn_of_config(session)
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except Exception as problem:  # the boundary: whatever went wrong, the user gets a sentence
        return _fail(problem, arguments, debug=debug)


@app.callback()
def _root(
    ctx: typer.Context,
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="FILE", help="The config file, instead of the usual one."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    Session.of(ctx).config_path = config


def _invoke(arguments: list[str], session: Session) -> int:
    if "--version" in arguments[:1]:
        output.line(f"axonhub {__version__}")
        return 0
    if "_AXONHUB_COMPLETE" in session.environ:
        from axonhub_cli.cli.completion import register_shells

        register_shells()
    command = typer.main.get_command(app)
    try:
        result = command.main(
            args=arguments or ["--help"], prog_name="axonhub", standalone_mode=False, obj=session
        )
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    return result if isinstance(result, int) else 0


def _warn_of_config(session: Session) -> None:
    """While a file is broken, daemons work with the last good one: whoever calls is told."""
    try:
        session.config()
    except ConfigError as error:
        output.warn(
            f"the configuration is broken: {error.message}",
            hint="a running daemon keeps the last good one; `axonhub config edit` opens the file",
        )


def _open_streams() -> None:
    """Python has None for a stream that was closed before it started (`axonhub … >&-`)."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # for as long as the process lives
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")


def _globals_first(argv: list[str]) -> list[str]:
    """Move the global options to the front, so that they may stand anywhere before `--`.

    Not behind `run`, whose arguments belong to another program.
    """
    front: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--" or (word == "run" and not rest):
            rest += [word, *words]
        elif word in _GLOBAL_FLAGS or word.startswith(tuple(f"{o}=" for o in _GLOBAL_OPTIONS)):
            front.append(word)
        elif word in _GLOBAL_OPTIONS:
            value = next(words, None)
            if value is None:
                return [word]  # alone, so that the next word is not taken for its value
            front += [word, value]
        else:
            rest.append(word)
    return front + rest


def _fail(problem: Exception, arguments: list[str], *, debug: bool) -> int:
    """Say what went wrong; returns the exit code."""
    if debug:
        import traceback

        traceback.print_exception(problem)
    if isinstance(problem, AxonHubError):
        output.error(problem)
        return output.exit_code(problem)
    if isinstance(problem, _TYPER_ERROR):
        output.error(_usage_error(problem, arguments))
        return 2
    if isinstance(problem, typer.Abort):
        output.error(AxonHubError("stopped"))
        return 1
    _discard_output()
    output.error(_unforeseen(problem))
    return 1


def _usage_error(problem: Exception, arguments: list[str]) -> UsageError:
    """Typer's error in our form: a sentence, and the command that helps."""
    context = getattr(problem, "ctx", None)
    near = getattr(problem, "possibilities", None)
    if near:
        message = f"no such option: {getattr(problem, 'option_name', '')}"
        return UsageError(message, hint=f"did you mean {' or '.join(sorted(near))}?")
    format_message = getattr(problem, "format_message", problem.__str__)
    message = str(format_message()).strip().rstrip(".")
    path = context.command_path if context is not None else _path(arguments)
    message = _SECRET.sub("…", message[:1].lower() + message[1:])
    for theirs, ours in _REWORDED:
        message = theirs.sub(ours, message)
    return UsageError(message, hint=f"see `{path} --help`")


def _path(arguments: list[str]) -> str:
    """The command that was called, as far as it can be told without parsing."""
    words = [word for word in arguments if not word.startswith("-")][:1]
    if words and words[0] in COMMANDS:
        following = arguments[arguments.index(words[0]) + 1 :][:1]
        words += [word for word in following if not word.startswith("-")]
        return " ".join(["axonhub", *words])
    return "axonhub"


def _unforeseen(problem: Exception) -> AxonHubError:
    if isinstance(problem, OSError) and problem.strerror:
        where = f": {problem.filename}" if problem.filename else ""
        return AxonHubError(f"{problem.strerror.lower()}{where}")
    return AxonHubError(
        f"internal error: {type(problem).__name__}: {problem}",
        hint="this is a bug in axonhub; `axonhub --debug …` shows where",
    )


def _reader_left() -> int:
    """The reader of our pipe is gone (`| head`): be quiet."""
    _discard_output()
    return 1


def _discard_output() -> None:
    """What cannot be written would be tried, and complained of, once more by Python at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
