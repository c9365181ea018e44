"""Secrets by reference: `keyring:NAME`, `file:NAME`, `env:VARIABLE`, `command:COMMAND`.

Only references are in the configuration. A stored value gets a name of its own, never used again:
so whoever sees the same reference has the same value, and may keep it in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

from axonhub_cli.config.labels import shown_reference
from axonhub_cli.config.paths import Paths
from axonhub_cli.config.rules import check_reference
from axonhub_cli.config.schema import Config
from axonhub_cli.config.secret_file import SecretFile
from axonhub_cli.config.store import ConfigEdit, ConfigStore
from axonhub_cli.errors import SecretError

KEYRING_LIMIT = 10.0
"""Seconds that one keyring call may take."""
# Windows takes 2,560 bytes an entry and stores UTF-16, up to four bytes a character. One rule
# everywhere: what is tested anywhere works there.
_PART_LENGTH = 600
_PARTS = "axonhub:parts:"

_CHOICES = (
    "give the token by --token-env NAME or --token-command CMD, or keep secrets in a 0600 file "
    "beside the configuration: `axonhub config set secrets.backend file`"
)
_T = TypeVar("_T")


class Secret:
    """A value that does not show itself: not in a repr, an f-string, a log or a traceback."""

    __slots__ = ("_mark", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._mark: str | None = None

    def reveal(self) -> str:
        return self._value

    def masked(self) -> str:
        """For lists: enough to tell two tokens apart, `…3f9a`."""
        return f"…{self._value[-4:]}" if len(self._value) >= 20 else "…"

    @property
    def mark(self) -> str:
        """Another one when the value is another. It may be written down: 32 bits of a hash give
        nothing of a token back."""
        if self._mark is None:
            value = self._value.encode(errors="backslashreplace")
            digest = hashlib.blake2b(value, key=b"axonhub: a mark", digest_size=4)
            self._mark = digest.hexdigest()
        return self._mark

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not to be written anywhere")


class SecretStore:
    """Resolves references and keeps new values in the configured backend."""

    def __init__(
        self,
        paths: Paths,
        config: Config,
        environ: Mapping[str, str],
        *,
        keyring_limit: float = KEYRING_LIMIT,
    ) -> None:
        self._paths = paths
        self._environ = environ
        self._service = config.secrets.service
        self._backend = config.secrets.backend
        self._file = SecretFile(paths.secrets_file)
        self._keyring_limit = keyring_limit
        self._resolved: dict[str, Secret] = {}
        # A dict for its order; values stay in it when their reference goes: a trace that is
        # written later may still hold them.
        self._known: dict[str, None] = {}

    def with_config(self, config: Config) -> SecretStore:
        """The store for a new configuration; what was read stays in memory, shared by both."""
        store = SecretStore(self._paths, config, self._environ, keyring_limit=self._keyring_limit)
        store._resolved = self._resolved
        store._known = self._known
        return store

    def resolve(self, ref: str) -> Secret:
        """The value behind a reference. May block for seconds the first time.

        Raises `SecretError` with a hint; neither holds a value.
        """
        if (secret := self.known(ref)) is not None:
            return secret
        if (fault := check_reference(ref)) is not None:
            raise SecretError(fault, hint="`axonhub channel token NAME --add` stores a token")
        form, _, name = ref.partition(":")
        value = self._READERS[form](self, name)
        if not value.isprintable():
            # A header cannot carry it; most often it is a line end within a pasted token.
            raise SecretError(
                f"the secret of {shown_reference(ref)} holds a line end or a control character",
                hint="store it again, as one line",
            )
        return self._remember(ref, value)

    def known(self, ref: str) -> Secret | None:
        """The value if it has been read already."""
        return self._resolved.get(ref)

    def keep(self, name: str, value: str, *, edit: ConfigEdit | None) -> str:
        """Store a value and return its reference, such as `keyring:channel/main/3f9a2c41`.

        `name` says what it is for; a unique part is added. With an `edit`, the backend is what the
        configuration now says, and the value goes again if the edit fails. Raises `SecretError`.
        """
        if not value.strip():
            raise SecretError("an empty secret cannot be stored")
        if edit is not None:
            self._backend = edit.config.secrets.backend
            self._service = edit.config.secrets.service
        entry = f"{name}/{os.urandom(4).hex()}"
        ref = f"{self._backend}:{entry}"
        if self._backend == "file":
            self._file.set(entry, value)
        else:
            service = self._service or self._make_service(edit)
            self._in_keyring("store a secret in", lambda: _put_in_keyring(service, entry, value))
        self._remember(ref, value)
        if edit is not None:
            edit.otherwise(lambda: self.forget(ref))
        return ref

    def require_backend(self) -> None:
        """Raise `SecretError` where nothing can be stored; to call before a person is asked."""
        if self._backend == "keyring":
            service = self._service or "axonhub"
            self._in_keyring("read", lambda: _get_from_keyring(service, "is it there?"))

    def forget(self, ref: str, *, edit: ConfigEdit | None = None) -> None:
        """Remove a stored value; `env:` and `command:` have none, one that is gone is no error.

        With an `edit` it is removed once the file no longer refers to it.
        """
        if edit is not None:
            edit.then(lambda: self.forget(ref))
            return
        form, _, entry = ref.partition(":")
        if form == "file":
            self._file.delete(entry)
        elif form == "keyring" and (service := self._service) is not None:
            self._in_keyring("remove a secret from", lambda: _delete_from_keyring(service, entry))
        self.invalidate(ref)

    def invalidate(self, ref: str) -> None:
        """Read the value anew next time; a `command:` is run again."""
        self._resolved.pop(ref, None)

    def known_values(self) -> list[str]:
        """Every value read or stored so far: what must be found and blotted out elsewhere."""
        return list(self._known)

    def _read_keyring(self, entry: str) -> str:
        value = None
        if (service := self._service) is not None:
            value = self._in_keyring("read", lambda: _get_from_keyring(service, entry))
        if value is None:
            raise SecretError(
                f"the keyring holds no {entry!r}",
                hint="store the secret again: `axonhub channel token` or `axonhub key rotate`",
            )
        return value

    def _read_file(self, entry: str) -> str:
        value = self._file.get(entry)
        if value is None:
            raise SecretError(
                f"{self._paths.secrets_file} holds no {entry!r}",
                hint="store the secret again: `axonhub channel token` or `axonhub key rotate`",
            )
        return value

    def _read_variable(self, variable: str) -> str:
        value = self._environ.get(variable, "").strip()
        if not value:
            raise SecretError(
                f"the environment variable {variable!r} is not set",
                hint="set it where axonhub runs; a daemon reads it when it starts or reloads",
            )
        return value

    def _read_command(self, command: str) -> str:
        # It brings `subprocess`, which `axonhub env` has no time for.
        from axonhub_cli.config.secret_command import run_secret_command

        return run_secret_command(command, self._environ)

    _READERS: Mapping[str, Callable[[SecretStore, str], str]] = {
        "keyring": _read_keyring,
        "file": _read_file,
        "env": _read_variable,
        "command": _read_command,
    }

    def _remember(self, ref: str, value: str) -> Secret:
        self._known[value] = None
        secret = self._resolved[ref] = Secret(value)
        return secret

    def _make_service(self, edit: ConfigEdit | None) -> str:
        """Give this home a keyring service of its own, so that two homes never share a token."""
        if edit is None:
            with ConfigStore(self._paths, self._environ).edit() as edit:
                return self._make_service(edit)
        service = edit.config.secrets.service
        if service is None:
            service = f"axonhub:{os.urandom(4).hex()}"
            edit.set_value("secrets.service", service)
            edit.otherwise(self._drop_service)
        self._service = service
        return service

    def _drop_service(self) -> None:
        """The edit that would have written it failed: what it names could not be found again."""
        self._service = None

    def _in_keyring(self, doing: str, call: Callable[[], _T]) -> _T:
        """Run `call` in a thread: a keyring waits for a dialog that nobody may see."""
        results: list[_T] = []
        failures: list[Exception] = []

        def run() -> None:
            try:
                results.append(call())
            except Exception as error:  # backends are plugins and raise what they like
                failures.append(error)

        # A daemon thread: one that hangs must not keep the process from ending.
        thread = threading.Thread(target=run, name="keyring", daemon=True)
        thread.start()
        thread.join(self._keyring_limit)
        if results:
            return results[0]
        if failures:
            raise _explain(doing, failures[0]) from None
        raise SecretError(
            f"cannot {doing} the keyring: no answer within {self._keyring_limit:g} s",
            hint=f"unlock it (its dialog may be hidden behind a window), or {_CHOICES}",
        )


def _get_from_keyring(service: str, entry: str) -> str | None:
    import keyring

    value = keyring.get_password(service, entry)
    if value is None or not value.startswith(_PARTS):
        return value
    parts = [
        keyring.get_password(service, f"{entry}.{index}")
        for index in range(int(value.removeprefix(_PARTS)))
    ]
    return None if None in parts else "".join(part for part in parts if part is not None)


def _put_in_keyring(service: str, entry: str, value: str) -> None:
    import keyring

    entries = {entry: value}
    if len(value) > _PART_LENGTH or value.startswith(_PARTS):
        starts = range(0, len(value), _PART_LENGTH)
        parts = [value[start : start + _PART_LENGTH] for start in starts]
        entries = {f"{entry}.{index}": part for index, part in enumerate(parts)}
        entries[entry] = f"{_PARTS}{len(parts)}"
    try:
        for name, part in entries.items():
            keyring.set_password(service, name, part)
        # keyring's null backend takes everything and keeps nothing.
        if _get_from_keyring(service, entry) != value:
            raise _NotKept
    except Exception:
        for name in entries:
            with contextlib.suppress(Exception):
                keyring.delete_password(service, name)
        raise


def _delete_from_keyring(service: str, entry: str) -> None:
    import keyring

    value = keyring.get_password(service, entry)
    if value is None:
        return
    keyring.delete_password(service, entry)
    if value.startswith(_PARTS):
        for index in range(int(value.removeprefix(_PARTS))):
            if keyring.get_password(service, f"{entry}.{index}") is not None:
                keyring.delete_password(service, f"{entry}.{index}")


class _NotKept(Exception):
    """The keyring took a value and does not have it."""


def _explain(doing: str, error: Exception) -> SecretError:
    from keyring.errors import KeyringLocked, NoKeyringError

    if isinstance(error, NoKeyringError):
        return SecretError("no keyring is available here", hint=_CHOICES)
    if isinstance(error, KeyringLocked):
        return SecretError(
            f"cannot {doing} the keyring: it is locked", hint=f"unlock it, or {_CHOICES}"
        )
    if isinstance(error, _NotKept):
        return SecretError("the keyring took a secret and did not keep it", hint=_CHOICES)
    # Only the kind of error: a backend's words are not ours to vouch for.
    return SecretError(f"cannot {doing} the keyring: {type(error).__name__}", hint=_CHOICES)
