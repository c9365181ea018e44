import pytest

from axonhub_cli.cli.context import Session
from axonhub_cli.errors import ConfigError
from tests.support.home import Home


def test_nothing_is_read_before_it_is_asked_for(home: Home) -> None:
    home.configure()
    home.paths.config_file.write_text("not toml")
    session = Session(home.environ)
    assert session.paths == home.paths
    with pytest.raises(ConfigError):
        session.config()


def test_a_given_config_file_replaces_that_file_alone(home: Home) -> None:
    session = Session(home.environ)
    session.config_path = str(home.path / "other.toml")
    assert session.paths.config_file == home.path / "other.toml"
    assert session.paths.data_dir == home.paths.data_dir


def test_the_configuration_is_read_once_until_it_is_reloaded(home: Home) -> None:
    session = Session(home.environ)
    assert session.config().channels == ()
    home.configure({"name": "echo", "type": "echo"})
    assert session.config().channels == ()
    assert [channel.name for channel in session.reload().channels] == ["echo"]
