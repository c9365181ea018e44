"""The `file` backend: `secrets.toml`, 0600, a table of names and values."""

from __future__ import annotations

import tomllib
from pathlib import Path

from axonhub_cli.config.files import locked, read_text, replace_private
from axonhub_cli.errors import SecretError

_HEAD = "# Written by axonhub: the secrets that config.toml refers to as file:NAME.\n"


class SecretFile:
    """Values by name; each change replaces the file whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, name: str) -> str | None:
        return self._read().get(name)

    def set(self, name: str, value: str) -> None:
        with locked(self._path):
            self._write({**self._read(), name: value})

    def delete(self, name: str) -> None:
        """Remove a value; one that is not there is no error."""
        with locked(self._path):
            values = self._read()
            if values.pop(name, None) is not None:
                self._write(values)

    def _read(self) -> dict[str, str]:
        try:
            values = tomllib.loads(read_text(self._path) or "")
        except tomllib.TOMLDecodeError:
            # The parser's words may quote the line, and with it a secret.
            raise SecretError(
                f"{self._path} is not valid TOML", hint="mend it, or store the secrets anew"
            ) from None
        if not all(isinstance(value, str) for value in values.values()):
            raise SecretError(f"{self._path} may hold nothing but names and strings")
        return values

    def _write(self, values: dict[str, str]) -> None:
        import tomli_w  # only commands that store something need it

        # No backup: it would keep what was removed.
        replace_private(self._path, _HEAD + tomli_w.dumps(values))
