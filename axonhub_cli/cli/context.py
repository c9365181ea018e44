"""What every command starts from: the paths, the configuration and the secrets, each read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from axonhub_cli.config.paths import Paths
    from axonhub_cli.config.schema import Config
    from axonhub_cli.config.secrets import SecretStore
    from axonhub_cli.config.store import ConfigStore


class Session:
    """One command's view of this home; nothing is read before it is asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.config_path: str | None = None
        """`--config FILE`, else None."""
        self._config: Config | None = None
        self._secrets: SecretStore | None = None

    @classmethod
    def of(cls, ctx: typer.Context) -> Session:
        """The session that `main.run` put into the command's context."""
        session = ctx.find_root().obj
        assert isinstance(session, Session)
        return session

    @cached_property
    def paths(self) -> Paths:
        from axonhub_cli.config.paths import find_paths

        return find_paths(self.environ, config=self.config_path)

    @cached_property
    def store(self) -> ConfigStore:
        from axonhub_cli.config.store import ConfigStore

        return ConfigStore(self.paths, self.environ)

    def config(self) -> Config:
        """The configuration as the command found it; `reload` after an edit. Raises ConfigError."""
        if self._config is None:
            self._config = self.store.read()
        return self._config

    def secrets(self) -> SecretStore:
        """The secret store for that configuration."""
        if self._secrets is None:
            from axonhub_cli.config.secrets import SecretStore

            self._secrets = SecretStore(self.paths, self.config(), self.environ)
        return self._secrets

    def reload(self) -> Config:
        """Read the configuration again, after an edit."""
        self._config = None
        self._secrets = None
        return self.config()
