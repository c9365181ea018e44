"""The sockets a daemon listens on; and who has the port when it is taken.

By default both loopback addresses are bound. `localhost` may resolve to either, and a listener of
another user's on the one that we left out would be handed our clients' keys.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
from pathlib import Path

from axonhub_cli.errors import CommandFailed, UsageError

_LOOPBACKS = ("127.0.0.1", "::1")
_BACKLOG = 2048
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}


class PortTaken(CommandFailed):
    """Somebody listens on `port` of `host`; the message names who, where the system tells."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"port {port} on {host} is taken{_taken_by(host, port)}")
        self.host = host
        self.port = port


def is_loopback_host(host: str) -> bool:
    return host in ("localhost", *_LOOPBACKS)


def bind(host: str, port: int) -> list[socket.socket]:
    """Listening sockets for `host`: for a loopback name both of its addresses.

    `port` 0 picks a free one, the same for both. Raises `PortTaken`, `UsageError`.
    """
    if not is_loopback_host(host):
        return [_bind_one(host, port)]
    for _ in range(20):
        sockets = _bind_both(port)
        if sockets is not None:
            return sockets
    raise CommandFailed("no port is free on both loopback addresses")


def _bind_both(port: int) -> list[socket.socket] | None:
    """None: a picked port was free on the first address only; pick another."""
    first = _bind_one(_LOOPBACKS[0], port)
    try:
        second = _bind_one(_LOOPBACKS[1], first.getsockname()[1])
    except PortTaken:
        first.close()
        if port == 0:
            return None
        raise
    except OSError as error:
        if error.errno in _NO_IPV6:
            return [first]
        first.close()
        raise
    return [first, second]


def _bind_one(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _explain(error, host, port) from error
    except (OverflowError, TypeError, ValueError) as error:
        listener.close()
        raise UsageError(
            f"nothing can listen on {host!r}, port {port}",
            hint="axonhub serve --host 127.0.0.1 --port 8090",
        ) from error
    return listener


def _explain(error: OSError, host: str, port: int) -> Exception:
    if error.errno in (errno.EADDRINUSE, errno.EACCES) and port != 0:
        if error.errno == errno.EACCES and port < 1024:
            return UsageError(
                f"port {port} needs administrator rights", hint="axonhub serve --port 8090"
            )
        return PortTaken(host, port)
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        if host == _LOOPBACKS[1]:
            return error
        return UsageError(
            f"{host!r} is not an address of this machine", hint="axonhub serve --host 127.0.0.1"
        )
    return error


def exposure(host: str) -> str | None:
    """What listening on an address beyond loopback means, in a sentence; None for loopback."""
    if is_loopback_host(host):
        return None
    try:
        address = ipaddress.ip_address(host or "0.0.0.0")
    except ValueError:
        everywhere = False
    else:
        if address.is_loopback:
            return None
        everywhere = address.is_unspecified
    where = "every network of this machine" if everywhere else f"the network of {host}"
    return (
        f"listening on {host}: whoever on {where} has a key can use your channels, and without "
        "TLS (--tls-cert, --tls-key) keys and prompts cross it unencrypted"
    )


def _taken_by(host: str, port: int) -> str:
    """` by NAME (pid N)`, where the system tells (Linux, own processes)."""
    if not sys.platform.startswith("linux"):
        return ""
    try:
        inodes = _listening_inodes(host, port)
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and _holds(process, inodes):
                name = (process / "comm").read_text().strip()
                return f" by {name} (pid {process.name})"
    except OSError:
        return ""
    return " by another user's process" if os.getuid() != 0 and inodes else ""


def _listening_inodes(host: str, port: int) -> set[str]:
    """Of the sockets that listen there: on the address itself, or on a wildcard over it."""
    addresses = {_kernel_form(host), "0" * 8, "0" * 32}
    inodes: set[str] = set()
    for table in map(Path, ("/proc/net/tcp", "/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            address, _, number = fields[1].partition(":")
            if fields[3] == "0A" and int(number, 16) == port and address in addresses:
                inodes.add(f"socket:[{fields[9]}]")
    return inodes


def _kernel_form(host: str) -> str:
    """An address as /proc writes it: words of four bytes, each in the machine's byte order."""
    try:
        packed = ipaddress.ip_address(host).packed
    except ValueError:
        return ""
    words = (packed[at : at + 4] for at in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)


def _holds(process: Path, inodes: set[str]) -> bool:
    try:
        return any(os.readlink(fd) in inodes for fd in (process / "fd").iterdir())
    except OSError:
        # Another user's process, or one that has just ended.
        return False
