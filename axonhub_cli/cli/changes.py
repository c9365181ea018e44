"""A change of the configuration together with its secrets: both happen, or neither."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from axonhub_cli.cli.context import Session

if TYPE_CHECKING:
    from axonhub_cli.config.schema import Config
    from axonhub_cli.config.secrets import SecretStore
    from axonhub_cli.config.store import ConfigEdit


class Change:
    """An edit under way, and the secrets that come and go with it."""

    def __init__(self, edit: ConfigEdit, secrets: SecretStore) -> None:
        self.edit = edit
        self._secrets = secrets

    @property
    def config(self) -> Config:
        """The configuration as this edit has made it so far."""
        return self.edit.config

    def keep_secret(self, name: str, value: str) -> str:
        """Store a secret, which goes again if the edit fails; returns its reference.

        Raises `SecretError`.
        """
        return self._secrets.keep(name, value, edit=self.edit)

    def ensure_key(self, name: str) -> None:
        """Make the client key `name` unless it is there by now."""
        from axonhub_cli.config.keys import add_key

        if self.config.key(name) is None:
            add_key(self.edit, self._secrets, name=name)

    def drop_secret(self, reference: str) -> None:
        """Remove a secret from its backend once the edit is written, if nothing names it then."""

        def forget() -> None:
            if reference not in _references(self.config):
                self._secrets.forget(reference)

        self.edit.then(forget)


@contextmanager
def changing(session: Session) -> Iterator[Change]:
    """Edit the configuration under its lock; written when the block ends without an exception."""
    with session.store.edit() as edit:
        from axonhub_cli.config.secrets import SecretStore

        yield Change(edit, SecretStore(session.paths, edit.config, session.environ))
    session.reload()


def _references(config: Config) -> set[str]:
    keys = {key.secret for key in config.keys if key.secret is not None}
    return keys.union(*(channel.tokens for channel in config.channels))
