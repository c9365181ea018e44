from pathlib import Path

import pytest

from axonhub_cli.cli.serve import serve_options
from axonhub_cli.errors import UsageError
from tests.support.daemon import Daemon
from tests.support.home import Home, channel


@pytest.mark.parametrize(("cert", "key"), [("c.pem", None), (None, "k.pem")])
def test_a_certificate_needs_its_key(cert: str | None, key: str | None) -> None:
    with pytest.raises(UsageError, match="go together"):
        serve_options(None, None, cert, key, None)


def test_a_missing_certificate_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "gone.pem")
    with pytest.raises(UsageError, match="gone.pem"):
        serve_options(None, None, missing, missing, None)


def test_files_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).touch()
    options = serve_options(None, None, "c.pem", "k.pem", None)
    assert options.tls_cert == str(tmp_path / "c.pem")
    assert options.tls_key == str(tmp_path / "k.pem")


def test_an_unknown_log_level_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        serve_options(None, None, None, None, "loud")
    assert "warning" in (caught.value.hint or "")


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_an_impossible_port_is_a_usage_error(home: Home, port: str) -> None:
    done = home.axonhub("serve", "--port", port, check=False)
    assert done.returncode == 2
    assert "error: " in done.stderr


def test_the_ready_line_says_where_and_with_what(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"))
    daemon = Daemon(home).start()
    try:
        said = "\n".join(daemon.log)
        assert str(home.paths.config_file) in said
        assert "1 channel" in said
    finally:
        assert daemon.stop() == 0


def test_a_port_in_use_by_this_home_is_said_to_be_ours(home: Home) -> None:
    home.configure()
    daemon = Daemon(home).start()
    try:
        done = home.axonhub("serve", "--port", str(daemon.port), check=False)
        assert done.returncode == 1
        assert str(daemon.port) in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        daemon.stop()
