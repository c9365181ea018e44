"""`axonhub env` without Typer: it runs at every shell start, where each import is felt.

`cli/env.py` declares the same options to Typer, for `--help`, completion and wrong usage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from axonhub_cli.cli import client_env, output, shells
from axonhub_cli.config.paths import Paths, find_paths
from axonhub_cli.errors import AxonHubError, ConfigError, UsageError


class EnvOptions(Struct, frozen=True):
    """The options of `axonhub env`."""

    tool: str = "claude"
    key: str | None = None
    shell: str | None = None
    unset: bool = False
    json: bool = False
    config: str | None = None


_VALUES = ("--tool", "--key", "--shell", "--config")
_FLAGS = ("--unset", "--json")


def quick(argv: Sequence[str], environ: Mapping[str, str]) -> int | None:
    """Run `env` if `argv` plainly is it; None: leave it, and any odd failure, to the full path."""
    options = read_options(argv)
    if options is None or environ.get("AXONHUB_DEBUG") or "_AXONHUB_COMPLETE" in environ:
        return None
    try:
        print_env(options, find_paths(environ, config=options.config), environ)
    except AxonHubError as problem:
        output.error(problem)
        return 2 if isinstance(problem, ConfigError | UsageError) else 1
    except KeyboardInterrupt:  # a keyring may wait for its user
        return 130
    except Exception:  # a boundary, as in `main.run`, which meets it again and explains it
        return None
    return 0


def read_options(argv: Sequence[str]) -> EnvOptions | None:
    """The options where every word is understood, else None."""
    found: dict[str, str | bool] = {}
    named = False
    words = iter(argv)
    for word in words:
        option, equals, value = word.partition("=")
        if word == "env" and not named:
            named = True
        elif word in _FLAGS and named:
            found[word[2:]] = True
        elif option in _VALUES and (named or option == "--config"):
            given = value if equals else next(words, "-")
            if given.startswith("-"):
                return None
            found[option[2:]] = given
        else:
            return None
    return EnvOptions(**found) if named else None  # type: ignore[arg-type]


def print_env(options: EnvOptions, paths: Paths, environ: Mapping[str, str]) -> None:
    """Print the statements, or the JSON object. Raises `AxonHubError`, then nothing is printed."""
    client_env.check_tool(options.tool)
    shell = shells.find_shell(options.shell, environ, parent=shells.parent_name())
    if options.unset:
        wanted = client_env.tool_unset(options.tool, environ)
    else:
        wanted = client_env.tool_env(options.tool, paths, environ, key=options.key)
    if options.json:
        output.emit_json(
            {**wanted.values, **(dict.fromkeys(wanted.unset) if options.unset else {})}
        )
    else:
        output.line(shells.render(shell, wanted.values, wanted.unset).removesuffix("\n"))
    for hint in wanted.hints:
        output.note(f"hint: {hint}")
