"""The command line in this process: argv in; exit code, stdout and stderr out."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import pytest

from axonhub_cli.cli.main import run
from axonhub_cli.config.schema import Config
from axonhub_cli.config.store import ConfigStore
from tests.support.home import Home


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Cli:
    """`cli("channel", "list")` runs one command line in a throw-away home."""

    def __init__(
        self,
        home: Home,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.home = home
        self.environ = home.environ
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self._typed: str | None = None
        self.prompts: list[str] = []
        """The hidden prompts that were shown."""

    def type_in(self, *answers: str, secret: str | BaseException = "") -> None:
        """For the next command, a person sits at a terminal and answers so."""

        def ask(prompt: str, stream: object = None) -> str:
            self.prompts.append(prompt)
            if isinstance(secret, BaseException):
                raise secret
            return secret

        self._typed = "".join(f"{answer}\n" for answer in answers)
        self._monkeypatch.setattr("getpass.getpass", ask)

    def __call__(self, *argv: str, stdin: str = "") -> Result:
        typed, self._typed = self._typed, None
        source = io.StringIO(stdin) if typed is None else _Terminal(typed)
        self._monkeypatch.setattr("sys.stdin", source)
        self._capsys.readouterr()
        code = run(argv, self.environ)
        captured = self._capsys.readouterr()
        assert "Traceback" not in captured.err
        return Result(code, captured.out, captured.err)

    def ok(self, *argv: str, stdin: str = "") -> Result:
        result = self(*argv, stdin=stdin)
        assert result.code == 0, f"axonhub {argv}: {result.err}"
        return result

    def fails(self, *argv: str, code: int = 2, stdin: str = "") -> str:
        """What a failing command says; its stdout stays empty, so that a pipe gets no half data."""
        result = self(*argv, stdin=stdin)
        assert (result.code, result.out) == (code, "")
        assert result.err.count("error: ") == 1
        return result.err

    def config(self) -> Config:
        return ConfigStore(self.home.paths, self.environ).read()

    def secrets(self) -> str:
        """The text of the `file` backend's store."""
        file = self.home.paths.secrets_file
        return file.read_text() if file.exists() else ""

    def add_channel(self, name: str = "main", *argv: str, token: str = "") -> None:
        """A channel of type `anthropic` with a stored token, not tested."""
        self.ok(
            *("channel", "add", name, "--type", "anthropic", "--token-stdin", "--no-test", *argv),
            stdin=token or "sk-ant-api03-" + "x" * 16 + "last",
        )
