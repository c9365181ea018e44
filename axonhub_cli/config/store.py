"""The configuration file as commands change it: under a lock, checked, and replaced whole."""

from __future__ import annotations

import contextlib
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from axonhub_cli.config.files import locked, read_text, replace_private
from axonhub_cli.config.load import load, parse
from axonhub_cli.config.nearest import did_you_mean
from axonhub_cli.config.paths import Paths
from axonhub_cli.config.schema import Config
from axonhub_cli.config.settings import Setting, read_value, require_setting
from axonhub_cli.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from axonhub_cli.config.document import Changes, Document, Entry

Section = Literal["channels", "profiles", "keys"]

Fingerprint = tuple[int, ...]


class ConfigStore:
    """The configuration of one home."""

    def __init__(self, paths: Paths, environ: Mapping[str, str]) -> None:
        self.paths = paths
        self.environ = environ

    def read(self) -> Config:
        """The configuration as it is now. Raises `ConfigError`."""
        return load(self.paths, self.environ)

    @contextlib.contextmanager
    def edit(self) -> Iterator[ConfigEdit]:
        """Change the file; nothing is written when the block raises or changes nothing.

        Other commands wait meanwhile. What the block made is checked before it is written, so a
        file that was valid stays so. Raises `ConfigError`.
        """
        path = self.paths.config_file
        with locked(path):
            edit = ConfigEdit(read_text(path), source=str(path), environ=self.environ)
            try:
                yield edit
                if (text := edit.new_text()) is not None:
                    backup = path.with_name(path.name + ".bak")
                    replace_private(path, text, backup=backup)
            except BaseException:
                edit.abandon()
                raise
        edit.finish()


class ConfigEdit:
    """One change of the file: read it by `config`, change it by the methods.

    Steps need not leave a valid configuration behind; the end of the edit must.
    """

    def __init__(self, text: str | None, *, source: str, environ: Mapping[str, str]) -> None:
        from axonhub_cli.config.document import KeptDocument, NewDocument

        self._source = source
        self._environ = environ
        self._before = text
        # Faults found later are the change's, not the file's.
        parse(text or "", source=source, environ=environ)
        self._plain = NewDocument(tomllib.loads(text or ""))
        self._documents: list[Document] = [self._plain]
        if text is not None:
            self._documents.append(KeptDocument(text))
        self._then: list[Callable[[], None]] = []
        self._otherwise: list[Callable[[], None]] = []

    @property
    def config(self) -> Config:
        """The configuration at this moment of the edit, `AXONHUB_*` overrides applied."""
        return parse(self._documents[-1].text(), source="", environ=self._environ)

    def append(self, section: Section, values: Entry) -> None:
        """Add an entry; values that are None are left out. Its name must be new."""
        self._require_free(section, values["name"])
        for document in self._documents:
            document.append(section, values)

    def update(self, section: Section, name: str, changes: Changes) -> None:
        """Change an entry's values; None removes one. Lists and tables are replaced whole."""
        index = self._find(section, name)
        new = changes.get("name", name)
        if new != name:
            self._require_free(section, new)
        for document in self._documents:
            document.update(section, index, changes)

    def remove(self, section: Section, name: str) -> None:
        """Remove an entry."""
        index = self._find(section, name)
        for document in self._documents:
            document.remove(section, index)

    def set_value(self, dotted: str, value: Setting) -> None:
        """Set a setting such as `server.port`; None restores its default.

        Text is read by the setting's type: `"9000"` is a port, `"a,b"` a list of hosts.
        """
        require_setting(dotted)
        new = read_value(dotted, value) if isinstance(value, str) else value
        for document in self._documents:
            document.put(dotted.split("."), new)

    def then(self, step: Callable[[], None]) -> None:
        """Run `step` once the file is written: to remove what it no longer refers to."""
        self._then.append(step)

    def otherwise(self, step: Callable[[], None]) -> None:
        """Run `step` if the file does not get written: to remove what was made for it."""
        self._otherwise.append(step)

    def new_text(self) -> str | None:
        """The text to write; None when nothing changed. Raises `ConfigError`."""
        from axonhub_cli.config.document import says

        if self._plain.data == tomllib.loads(self._before or ""):
            return None
        text = self._documents[-1].text()
        # What does not read back as the same data is never written, whatever the editor did.
        if not says(text, self._plain.data):
            raise ConfigError(
                f"this change of {self._source} would disturb other values in it",
                hint="make it by hand: `axonhub config edit`",
            )
        # Without the overrides: they must not hide what is wrong in the file.
        parse(text, source="", environ={})
        lines = (self._before or "").count("\n")
        if lines and lines == (self._before or "").count("\r\n"):
            return text.replace("\r\n", "\n").replace("\n", "\r\n")  # as all its other lines end
        return text

    def finish(self) -> None:
        """The file says what the edit said."""
        for step in self._then:
            step()

    def abandon(self) -> None:
        """The file is as it was."""
        for step in reversed(self._otherwise):
            # The error that led here is the one to tell.
            with contextlib.suppress(ConfigError):
                step()

    def _require_free(self, section: Section, name: str) -> None:
        if name in self._names(section):
            raise UsageError(f"there is a {section[:-1]} {name!r} already")

    def _find(self, section: Section, name: str) -> int:
        names = self._names(section)
        if name not in names:
            raise UsageError(f"there is no {section[:-1]} {name!r}{did_you_mean(name, names)}")
        return names.index(name)

    def _names(self, section: Section) -> list[str]:
        return [entry["name"] for entry in self._plain.data.get(section, [])]


def fingerprint(paths: Paths) -> Fingerprint:
    """What changes whenever the configuration or the secrets file does; costs microseconds.

    Every write of ours makes a new file, hence a new inode; the times catch other editors.
    """
    config = os.fspath(paths.config_file)
    secrets = os.path.join(os.path.dirname(config), "secrets.toml")
    return (*_identity(config), *_identity(secrets))


def _identity(path: str) -> tuple[int, int, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0, 0, 0)
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
