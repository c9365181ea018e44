"""Where axonhub keeps its files: one place that knows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from axonhub_cli.errors import ConfigError

_APP = "axonhub"


class Paths(Struct, frozen=True):
    """Every file and folder of one home."""

    config_file: Path
    data_dir: Path
    state_dir: Path
    cache_dir: Path

    @property
    def secrets_file(self) -> Path:
        """The `file` backend's store, always beside the configuration."""
        return self.config_file.parent / "secrets.toml"

    @property
    def trace_db(self) -> Path:
        return self.data_dir / "traces.db"

    @property
    def price_list(self) -> Path:
        """What `genai-prices` knows; made anew when it is missing."""
        return self.cache_dir / "prices.json"

    @property
    def state_file(self) -> Path:
        """Says where this home's daemon runs."""
        return self.state_dir / "daemon.json"

    @property
    def routing_file(self) -> Path:
        """What routing remembers over a restart."""
        return self.state_dir / "routing.json"

    @property
    def log_file(self) -> Path:
        return self.state_dir / "daemon.log"


def find_paths(environ: Mapping[str, str], *, config: str | None = None) -> Paths:
    """The paths that apply: all below `AXONHUB_HOME` when it is set, else the platform's folders.

    `config` (the flag `--config`) or else `AXONHUB_CONFIG` replaces the configuration file alone.
    An empty variable counts as unset. Nothing is created.
    """
    home = environ.get("AXONHUB_HOME")
    paths = _paths_below(_absolute(home)) if home else _platform_paths()
    config_file = config or environ.get("AXONHUB_CONFIG")
    if not config_file:
        return paths
    return Paths(_absolute(config_file), paths.data_dir, paths.state_dir, paths.cache_dir)


def make_private_dir(path: Path) -> None:
    """Create `path` and its missing parents, 0700 each; a folder that exists keeps its mode.

    Raises `ConfigError` where that is impossible.
    """
    try:
        _make_private_dir(path)
    except OSError as error:
        raise ConfigError(
            f"cannot create the folder {str(path)!r}: {error.strerror}",
            hint="set AXONHUB_HOME to a folder that you can write to",
        ) from error


def _make_private_dir(path: Path) -> None:
    if path.is_dir():
        return
    if path.parent != path:
        _make_private_dir(path.parent)
    # Another process may have made it since.
    path.mkdir(mode=0o700, exist_ok=True)


def _paths_below(home: Path) -> Paths:
    return Paths(home / "config.toml", home / "data", home / "state", home / "cache")


def _platform_paths() -> Paths:
    # Costs more than everything else here, and AXONHUB_HOME makes it needless.
    from platformdirs import PlatformDirs

    dirs = PlatformDirs(_APP, appauthor=False)
    return Paths(
        Path(dirs.user_config_dir, "config.toml"),
        Path(dirs.user_data_dir),
        Path(dirs.user_state_dir),
        Path(dirs.user_cache_dir),
    )


def _absolute(path: str) -> Path:
    # A daemon keeps its paths whatever folder it was started from.
    return Path(os.path.abspath(os.path.expanduser(path)))
