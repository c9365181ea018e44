import socket
import stat
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import msgspec
import pytest

from axonhub_cli.config.paths import Paths, find_paths
from axonhub_cli.daemon.state import (
    DaemonState,
    beside_config,
    clear_state,
    client_url,
    find_daemon,
    read_state,
    verify,
    write_state,
)
from tests.support.health import healthy, listener


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"AXONHUB_HOME": str(tmp_path / "home")})


def state_at(port: int, *, secret: str = "s3cret", pid: int = 4711) -> DaemonState:
    return DaemonState(
        pid=pid,
        url=f"http://localhost:{port}",
        host="127.0.0.1",
        port=port,
        version="0.1.0",
        started_at=1_800_000_000.0,
        secret=secret,
    )


def test_a_written_state_is_read_back_and_private(paths: Paths) -> None:
    write_state(paths, state_at(8090))
    assert read_state(paths) == state_at(8090)
    assert stat.S_IMODE(paths.state_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.state_dir.stat().st_mode) == 0o700
    assert [entry.name for entry in paths.state_dir.iterdir()] == [paths.state_file.name]


def test_a_later_daemon_replaces_the_state(paths: Paths) -> None:
    write_state(paths, state_at(1))
    write_state(paths, state_at(2))
    found = read_state(paths)
    assert found is not None
    assert found.port == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff\xfe"])
def test_a_damaged_state_file_counts_as_none(paths: Paths, content: bytes) -> None:
    paths.state_dir.mkdir(parents=True)
    paths.state_file.write_bytes(content)
    assert read_state(paths) is None
    assert find_daemon(paths) is None


def test_clearing_leaves_the_file_of_a_successor(paths: Paths) -> None:
    clear_state(paths, 1)
    write_state(paths, state_at(1, pid=2))
    clear_state(paths, 1)
    assert read_state(paths) is not None
    clear_state(paths, 2)
    assert read_state(paths) is None


def test_the_daemon_that_knows_the_secret_is_verified(paths: Paths) -> None:
    with listener(healthy("s3cret")) as port:
        write_state(paths, state_at(port))
        assert find_daemon(paths) == state_at(port)


@pytest.mark.parametrize(
    "answer",
    [
        healthy("another home's"),
        lambda _: b"HTTP/1.1 404 Not Found\r\n\r\nnot here",
        lambda _: b'HTTP/1.1 200 OK\r\n\r\n{"proof": 7}',
        lambda _: b"HTTP/1.1 200 OK\r\n\r\n{}",
        lambda _: b"HTTP/1.1 200 OK\r\n\r\n\xff{\xff}",
        lambda _: b"SSH-2.0-OpenSSH_9.2\r\n",
        lambda _: b"",
    ],
    ids=["other-secret", "404", "proof-no-text", "no-proof", "not-utf8", "ssh", "closed"],
)
def test_a_foreign_listener_is_not_taken_for_the_daemon(answer: Callable[[str], bytes]) -> None:
    with listener(answer) as port:
        assert not verify(state_at(port), 5)


def test_nothing_listening_is_no_daemon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not verify(state_at(port), 5)


def test_a_silent_listener_is_given_up() -> None:
    with listener(lambda _: None) as port:
        before = monotonic()
        assert not verify(state_at(port), 0.1)
        assert monotonic() - before < 9


@pytest.mark.parametrize("port", [-1, 70_000])
def test_an_impossible_port_is_no_daemon(port: int) -> None:
    assert not verify(state_at(port), 1)


@pytest.mark.parametrize("bound", ["0.0.0.0", "localhost", ""])
def test_a_wildcard_address_is_called_on_loopback(bound: str) -> None:
    with listener(healthy("s3cret")) as port:
        assert verify(msgspec.structs.replace(state_at(port), host=bound), 5)


def test_a_plain_listener_is_no_tls_daemon() -> None:
    with listener(healthy("s3cret")) as port:
        assert not verify(msgspec.structs.replace(state_at(port), tls=True), 5)


@pytest.mark.parametrize(
    ("bound", "url"),
    [
        ("127.0.0.1", "http://localhost:8090"),
        ("localhost", "http://localhost:8090"),
        ("0.0.0.0", "http://127.0.0.1:8090"),
        ("::", "http://[::1]:8090"),
        ("::1", "http://[::1]:8090"),
        ("192.168.1.5", "http://192.168.1.5:8090"),
        ("mybox.lan", "http://mybox.lan:8090"),
    ],
)
def test_clients_are_told_a_name_that_leads_to_the_bound_address(bound: str, url: str) -> None:
    assert client_url(bound, 8090, tls=False) == url
    assert client_url(bound, 8090, tls=True) == url.replace("http:", "https:")


def test_the_secret_is_not_in_the_repr() -> None:
    assert "s3cret" not in repr(state_at(1))


def test_a_relative_certificate_counts_from_the_configurations_folder(paths: Paths) -> None:
    assert beside_config(paths, "c.pem") == str(paths.config_file.parent / "c.pem")
    assert beside_config(paths, "/etc/c.pem") == "/etc/c.pem"
