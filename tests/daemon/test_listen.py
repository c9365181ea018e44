"""Listening sockets on this machine's real addresses, and who has a port that is taken."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from axonhub_cli.daemon.listen import PortTaken, bind, exposure, is_loopback_host
from axonhub_cli.errors import CommandFailed, UsageError


def has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")


@contextmanager
def bound(host: str, port: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(listener) for listener in bind(host, port)]


@contextmanager
def listener(host: str, port: int = 0, *, only_v6: bool = True) -> Iterator[int]:
    """Somebody else who listens; gives the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(only_v6))
        other.bind((host, port))
        other.listen()
        yield other.getsockname()[1]


def reaches(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError:
        return False
    return True


@needs_ipv6
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_both_loopback_addresses_get_the_same_free_port(host: str) -> None:
    with bound(host, 0) as sockets:
        names = [s.getsockname()[:2] for s in sockets]
        port = names[0][1]
        assert names == [("127.0.0.1", port), ("::1", port)]
        assert reaches("127.0.0.1", port)
        assert reaches("::1", port)
        assert not any(s.getblocking() for s in sockets)


def test_a_port_that_was_used_a_moment_ago_is_free_again() -> None:
    with bound("127.0.0.1", 0) as sockets:
        port = sockets[0].getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        served, _ = _accept(sockets[0])
        served.close()
        client.close()
    with bound("127.0.0.1", port) as again:
        assert again[0].getsockname()[1] == port


def _accept(listening: socket.socket) -> tuple[socket.socket, object]:
    listening.setblocking(True)
    return listening.accept()


def test_another_address_is_bound_alone() -> None:
    with bound("127.0.0.2", 0) as sockets:
        assert [s.getsockname()[0] for s in sockets] == ["127.0.0.2"]
    with bound("0.0.0.0", 0) as sockets:
        assert [s.getsockname()[0] for s in sockets] == ["0.0.0.0"]


@needs_ipv6
def test_the_ipv6_wildcard_leaves_ipv4_alone() -> None:
    with bound("::", 0) as sockets:
        port = sockets[0].getsockname()[1]
        with listener("127.0.0.1", port) as beside:
            assert beside == port


FOREIGN = [
    ("127.0.0.1", True, "127.0.0.1"),
    ("0.0.0.0", True, "127.0.0.1"),
    pytest.param("::1", True, "::1", marks=needs_ipv6),
    pytest.param("::", True, "::1", marks=needs_ipv6),
    # One socket for both families, as many servers open it.
    pytest.param("::", False, "127.0.0.1", marks=needs_ipv6),
]


@pytest.mark.parametrize(("foreign", "only_v6", "reported"), FOREIGN)
def test_a_foreign_listener_on_either_is_reported(
    foreign: str, only_v6: bool, reported: str
) -> None:
    """Left alone, it would be handed our clients' keys: `localhost` may mean either address."""
    with listener(foreign, only_v6=only_v6) as port:
        for host in ("127.0.0.1", "localhost", "::1"):
            with pytest.raises(PortTaken) as caught:
                bind(host, port)
            assert (caught.value.host, caught.value.port) == (reported, port)
            assert f"port {port} on {reported} is taken" in caught.value.message
    with bound("127.0.0.1", port):
        pass


_LISTENS = """
import socket, sys
host, only = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
if ":" in host:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
s.bind((host, 0))
s.listen()
print(s.getsockname()[1], flush=True)
sys.stdin.read()
"""


@on_linux
@pytest.mark.parametrize(("foreign", "only_v6", "reported"), FOREIGN)
def test_the_process_that_has_it_is_named_and_never_ourselves(
    foreign: str, only_v6: bool, reported: str
) -> None:
    """When the other listener is on ::1, our own socket already holds the port on 127.0.0.1."""
    command = [sys.executable, "-c", _LISTENS, foreign, str(int(only_v6))]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        with pytest.raises(PortTaken) as caught:
            bind("localhost", port)
        other.communicate("")
    assert f"(pid {other.pid})" in caught.value.message
    assert f"pid {os.getpid()}" not in caught.value.message


@on_linux
def test_a_listener_on_another_address_is_not_blamed() -> None:
    with listener("127.0.0.3") as port, bound("127.0.0.2", port):
        with pytest.raises(PortTaken) as caught:
            bind("127.0.0.2", port)
        assert f"on 127.0.0.2 is taken by {_own_name()} (pid {os.getpid()})" in (
            caught.value.message
        )


def _own_name() -> str:
    with open("/proc/self/comm", encoding="utf-8") as file:
        return file.read().strip()


@needs_ipv6
def test_a_refused_pair_leaves_nothing_bound() -> None:
    with listener("::1") as port:
        with pytest.raises(PortTaken):
            bind("127.0.0.1", port)
        assert not reaches("127.0.0.1", port)


@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT])
def test_a_machine_without_ipv6_gets_one_socket(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The kernel refuses the family, or the address: IPv6 is compiled out, or switched off."""
    real = socket.socket

    class Ipv4Only(real):  # type: ignore[misc, valid-type]
        def __init__(self, family: int = -1, *args: int, **kwargs: int) -> None:
            if family == socket.AF_INET6 and number != errno.EADDRNOTAVAIL:
                raise OSError(number, os.strerror(number))
            super().__init__(family, *args, **kwargs)

        def bind(self, address: tuple[str, int]) -> None:
            if self.family == socket.AF_INET6:
                raise OSError(number, os.strerror(number))
            super().bind(address)

    monkeypatch.setattr(socket, "socket", Ipv4Only)
    for host in ("127.0.0.1", "localhost", "::1"):
        with bound(host, 0) as sockets:
            assert [s.getsockname()[0] for s in sockets] == ["127.0.0.1"]


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_an_address_of_another_machine_is_a_usage_error(host: str) -> None:
    if ":" in host and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    with pytest.raises(UsageError, match="is not an address of this machine"):
        bind(host, 0)


@pytest.mark.parametrize(
    ("host", "port"),
    [("127.0.0.1", 65536), ("127.0.0.1", -1), ("localhost", 10**30), ("a\0b", 80)]
    + [("ä" * 70, 80), ("0.0.0.0", 70000)],
)
def test_what_is_no_address_at_all_is_a_usage_error_too(host: str, port: int) -> None:
    with pytest.raises(UsageError) as caught:
        bind(host, port)
    assert caught.value.hint is not None


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="an administrator may bind any port"
)
def test_a_low_port_needs_rights() -> None:
    try:
        with bound("127.0.0.2", 1):
            pytest.skip("this machine lets anybody bind low ports")
    except CommandFailed:
        pytest.skip("somebody has it")
    except UsageError as error:
        assert "administrator" in error.message


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "127.0.0.2", "127.255.0.1"])
def test_loopback_is_no_exposure(host: str) -> None:
    assert exposure(host) is None


@pytest.mark.parametrize(
    ("host", "where"),
    [
        ("0.0.0.0", "every network of this machine"),
        ("::", "every network of this machine"),
        ("", "every network of this machine"),
        ("192.168.1.5", "the network of 192.168.1.5"),
        ("fd00::1", "the network of fd00::1"),
        ("gateway.lan", "the network of gateway.lan"),
    ],
)
def test_any_other_address_says_what_it_means(host: str, where: str) -> None:
    warning = exposure(host)
    assert warning is not None
    assert where in warning
    assert "TLS" in warning


def test_only_the_names_of_both_loopbacks_mean_both() -> None:
    assert [is_loopback_host(h) for h in ("localhost", "127.0.0.1", "::1")] == [True] * 3
    assert [is_loopback_host(h) for h in ("127.0.0.2", "0.0.0.0", "", "::")] == [False] * 4
