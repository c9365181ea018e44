r"""How each shell is told to set and unset a variable.

The output for sh-like shells is meant for `eval $(axonhub env)`, with and without quotes around
`$(…)`. Without them the shell splits the text into words, expands those that look like a glob
(bash and dash), and `eval` joins what is left with single spaces. So that text must hold no
comment, no glob character, no backslash and no run of spaces, not even inside quotes: such
characters are spelled by number, in an `awk` call that the evaluating shell makes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence

from axonhub_cli.errors import UsageError

SHELLS = ("bash", "zsh", "fish", "powershell", "cmd")
"""What `--shell` takes; other sh-like shells read what `bash` reads."""

_ALIASES = {"sh": "bash", "dash": "bash", "ash": "bash", "ksh": "bash", "pwsh": "powershell"}

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,-]+")
# A run that quotes do not save from splitting and globbing | single quotes | everything else.
_PIECES = re.compile(
    r"(?P<odd>(?:[*?\[\]\\\t]| {2,})+)|(?P<quotes>'+)|(?P<text>(?: ?[^*?\[\]\\\t' ])+ ?| )"
)
# PowerShell takes these four for single quotes too.
_POWERSHELL_QUOTES = re.compile("(['‘’‚‛])")


def find_shell(name: str | None, environ: Mapping[str, str], *, parent: str) -> str:
    """The shell to write for: as named, else the calling one. Raises `UsageError`.

    `parent`: the calling process's name (`parent_name`), which beats `$SHELL`: that is the login
    shell, also in a fish that was started from a bash.
    """
    if name is None:
        return _known(parent) or _guess(environ)
    shell = _known(name)
    if shell is None:
        raise UsageError(f"no such shell: {name}", hint=f"--shell takes {', '.join(SHELLS)}")
    return shell


def parent_name() -> str:
    """The name of the process that called us, where `/proc` tells it; else an empty string."""
    try:
        with open(f"/proc/{os.getppid()}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def render(shell: str, values: Mapping[str, str], unset: Sequence[str]) -> str:
    """Statements that set `values` and unset `unset`, one a line. Raises `UsageError`."""
    for name, value in values.items():
        if any(ord(char) < 32 and char != "\t" for char in value):
            raise UsageError(f"the value for {name} holds a line break or control character")
    set_one, unset_one = _WRITERS[shell]
    lines = [set_one(name, value) for name, value in values.items()]
    lines += [unset_one(name) for name in unset]
    return "".join(f"{line}\n" for line in lines)


def _known(name: str) -> str | None:
    base = name.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe").lstrip("-")
    base = _ALIASES.get(base, base)
    return base if base in SHELLS else None


def _guess(environ: Mapping[str, str]) -> str:
    login = _known(environ.get("SHELL", ""))
    if login is not None:
        return login
    # os.environ is upper-case on Windows.
    modules = environ.get("PSMODULEPATH", environ.get("PSModulePath"))
    if os.name != "nt":
        return "bash" if modules is None else "powershell"
    # Each Windows process has PSModulePath; a PowerShell session adds the user's own folder.
    return "powershell" if "\\documents\\" in (modules or "").lower() else "cmd"


def _set_sh(name: str, value: str) -> str:
    return f"export {name}={_quote_sh(value)};"


def _quote_sh(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    return "".join(_quote_piece(piece) for piece in _PIECES.finditer(value)) or "''"


def _quote_piece(piece: re.Match[str]) -> str:
    if piece["quotes"]:
        return f'"{piece[0]}"'
    if piece["text"]:
        return f"'{piece[0]}'"
    codes = ",".join(str(ord(char)) for char in piece[0])
    return f'"$(awk \'BEGIN{{printf("{"%c" * len(piece[0])}",{codes})}}\')"'


def _set_fish(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}';"


def _set_powershell(name: str, value: str) -> str:
    quoted = _POWERSHELL_QUOTES.sub(r"\1\1", value)
    return f"$env:{name} = '{quoted}';"


_WRITERS: dict[str, tuple[Callable[[str, str], str], Callable[[str], str]]] = {
    "bash": (_set_sh, lambda name: f"unset {name};"),
    "zsh": (_set_sh, lambda name: f"unset {name};"),
    "fish": (_set_fish, lambda name: f"set -e {name};"),
    "powershell": (
        _set_powershell,
        lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue;",
    ),
    "cmd": (lambda name, value: f'SET "{name}={value}"', lambda name: f'SET "{name}="'),
}
"""For each shell: how one variable is set, and how one is unset."""
