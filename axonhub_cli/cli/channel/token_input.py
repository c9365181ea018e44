"""Where a channel's token comes from: a prompt, stdin, a variable, a command; never argv."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from axonhub_cli.cli import output
from axonhub_cli.errors import UsageError
from axonhub_cli.providers import Provider

if TYPE_CHECKING:
    from axonhub_cli.config.secrets import SecretStore

FLAGS = "give --token-stdin, --token-env NAME or --token-command COMMAND"

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What Anthropic and others begin their tokens with; the command's text goes into the configuration.
_TOKEN = re.compile(r"\bsk-[\w-]{16,}")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=[^=]")


class TokenFlags(Struct, frozen=True):
    """What the command line says of the token: at most one of these."""

    stdin: bool = False
    env: str | None = None
    command: str | None = None
    argv: str | None = None
    """`--token VALUE`, which is refused: other users and the shell's history see it."""

    def __repr__(self) -> str:
        return "TokenFlags(…)"


class Token(Struct, frozen=True):
    """A token to store, or a reference that stands for one."""

    value: str | None = None
    reference: str | None = None

    def __repr__(self) -> str:
        return "Token(…)"


def check_flags(flags: TokenFlags) -> None:
    """Raise `UsageError` for flags that cannot be obeyed; no value is ever quoted."""
    if flags.argv is not None:
        raise UsageError(
            "a token on the command line is seen by other users and kept in the shell's history",
            hint=f"{FLAGS}; or none of them, to be asked",
        )
    if sum((flags.stdin, flags.env is not None, flags.command is not None)) > 1:
        raise UsageError("--token-stdin, --token-env and --token-command exclude each other")
    if flags.env is not None and not _VARIABLE.fullmatch(flags.env):
        raise UsageError(
            "--token-env takes the name of a variable, not its value",
            hint="for example --token-env ANTHROPIC_API_KEY",
        )
    if flags.command is not None and not flags.command.strip():
        raise UsageError("--token-command is empty")
    if flags.command is not None and _TOKEN.search(flags.command):
        raise UsageError(
            "--token-command takes a command that prints the token, and there is a token in it",
            hint="to store the token itself, leave the flag away: it is asked for",
        )


def given_token(flags: TokenFlags, environ: Mapping[str, str]) -> Token | None:
    """The token that the flags name; None when they name none. Raises `UsageError`."""
    check_flags(flags)
    if flags.stdin:
        return Token(value=clean_token(_read_stdin()))
    if flags.env is not None:
        if not environ.get(flags.env):
            output.warn(
                f"the variable {flags.env} is not set here",
                hint="it must be set where `axonhub serve` is started",
            )
        return Token(reference=f"env:{flags.env}")
    if flags.command is not None:
        return Token(reference=f"command:{flags.command.strip()}")
    return None


def ask_token(provider: Provider, channel: str, secrets: SecretStore, *, at_home: bool) -> Token:
    """Ask with a hidden prompt; `at_home`: the provider's own address will see the token.

    Raises `UsageError` where nobody can be asked, `SecretError` where nothing can be stored.
    """
    if output.is_terminal():
        secrets.require_backend()
        is_command = " " in provider.token_url
        where = f"run `{provider.token_url}`" if is_command else f"see {provider.token_url}"
        if provider.token_url and (is_command or at_home):
            output.note(f"To get a token: {where}.")
    text = output.ask_secret(f"{provider.token_prompt} for {channel}", flags=FLAGS)
    return Token(value=clean_token(text))


def clean_token(text: str) -> str:
    """The token without the space around it. Raises `UsageError` for what was pasted with it."""
    token = text.strip()
    if not token:
        raise UsageError("the token is empty", hint="nothing was changed; try again")
    if any(c.isspace() for c in token):
        raise UsageError(
            "there is a space or a line break inside the token",
            hint="paste the token alone, without `export`, a name or a second line",
        )
    if not (token.isascii() and token.isprintable()):
        raise UsageError(
            "there are characters in the token that no token has",
            hint="paste it once more; copy it from where it was first shown",
        )
    if token[0] in "\"'`" or token[-1] in "\"'`":
        raise UsageError("there are quotes around the token", hint="paste it without them")
    if _ASSIGNMENT.match(token):
        raise UsageError(
            "this is an assignment, not a token", hint="paste what stands behind the `=` alone"
        )
    return token


def _read_stdin() -> str:
    if output.is_terminal():
        return output.ask_secret("Token", flags=FLAGS)
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise UsageError("what came on stdin is not text") from None
