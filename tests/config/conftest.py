"""A home of its own for each test of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from axonhub_cli.config.paths import Paths, find_paths
from axonhub_cli.config.store import ConfigStore


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"AXONHUB_HOME": str(tmp_path / "home"), "AXONHUB_SECRETS_BACKEND": "file"}


@pytest.fixture
def paths(environ: dict[str, str]) -> Paths:
    return find_paths(environ)


@pytest.fixture
def store(paths: Paths, environ: dict[str, str]) -> ConfigStore:
    return ConfigStore(paths, environ)
