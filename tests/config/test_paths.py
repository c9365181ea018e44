from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from axonhub_cli.config.paths import find_paths, make_private_dir
from axonhub_cli.errors import ConfigError


def test_a_home_holds_everything(tmp_path: Path) -> None:
    paths = find_paths({"AXONHUB_HOME": str(tmp_path)})
    assert paths.config_file == tmp_path / "config.toml"
    assert paths.secrets_file == tmp_path / "secrets.toml"
    assert paths.trace_db == tmp_path / "data" / "traces.db"
    assert paths.state_file == tmp_path / "state" / "daemon.json"
    assert paths.log_file == tmp_path / "state" / "daemon.log"
    assert paths.cache_dir == tmp_path / "cache"


def test_a_named_configuration_file_leaves_the_other_paths_alone(tmp_path: Path) -> None:
    environ = {"AXONHUB_HOME": str(tmp_path), "AXONHUB_CONFIG": str(tmp_path / "mine" / "a.toml")}
    paths = find_paths(environ)
    assert paths.config_file == tmp_path / "mine" / "a.toml"
    assert paths.secrets_file == tmp_path / "mine" / "secrets.toml"
    assert paths.data_dir == tmp_path / "data"


def test_the_flag_wins_over_the_variable(tmp_path: Path) -> None:
    environ = {"AXONHUB_HOME": str(tmp_path), "AXONHUB_CONFIG": "/a.toml"}
    assert find_paths(environ, config=str(tmp_path / "b")).config_file == tmp_path / "b"


def test_paths_are_absolute_and_a_tilde_is_the_users_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_paths({"AXONHUB_HOME": "here"}).data_dir == tmp_path / "here" / "data"
    home = Path(os.path.expanduser("~"))
    assert find_paths({"AXONHUB_HOME": "~/hub"}).config_file == home / "hub" / "config.toml"


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    environ = {"AXONHUB_HOME": str(tmp_path), "AXONHUB_CONFIG": ""}
    assert find_paths(environ).config_file == tmp_path / "config.toml"
    assert find_paths({"AXONHUB_HOME": ""}) == find_paths({})


def test_without_a_home_the_platforms_folders_are_used() -> None:
    paths = find_paths({})
    assert paths.config_file.name == "config.toml"
    assert all("axonhub" in str(path) for path in (paths.config_file, paths.data_dir))


def test_a_home_saves_the_import_of_platformdirs(tmp_path: Path) -> None:
    script = (
        "import sys; from axonhub_cli.config.paths import find_paths; "
        f"find_paths({{'AXONHUB_HOME': {str(tmp_path)!r}}}); "
        "sys.exit('platformdirs' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_new_folders_are_private_and_others_keep_their_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private_dir(tmp_path / "a" / "b")
    make_private_dir(tmp_path / "a" / "b")
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path, tmp_path / "a", tmp_path / "a/b")]
    assert modes == [0o755, 0o700, 0o700]


def test_a_folder_that_cannot_be_made_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot create the folder .*file") as caught:
        make_private_dir(tmp_path / "file" / "below")
    assert "AXONHUB_HOME" in str(caught.value.hint)
