"""A forward proxy (HTTP, CONNECT and SOCKS5 on one port) that sends everything to one server."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

PATIENCE = 15.0


class ForwardProxy:
    """Names are not resolved: whatever is asked for, the scripted upstream answers."""

    def __init__(self, upstream_port: int) -> None:
        self._upstream = ("127.0.0.1", upstream_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.targets: list[str] = []
        """`host:port` of each connection that was asked for."""
        self.authorizations: list[str] = []
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    def start(self) -> None:
        self._acceptor.start()

    def stop(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._acceptor.join(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, IndexError):
            first = client.recv(64 * 1024)
            server = socket.create_connection(self._upstream, timeout=PATIENCE)
            self._open.append(server)
            if first[:1] == b"\x05":
                self._socks(client, first)
            elif first.startswith(b"CONNECT "):
                self._connect(client, first)
            else:
                server.sendall(self._http(first))
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            self._threads.append(back)
            back.start()
            _copy(client, server)

    def _socks(self, client: socket.socket, greeting: bytes) -> None:
        """RFC 1928: CONNECT, a domain name or an IPv4 address; a password where one is offered."""
        if b"\x02" in greeting[2:]:
            client.sendall(b"\x05\x02")
            self._password(client.recv(512))
            client.sendall(b"\x01\x00")
        else:
            client.sendall(b"\x05\x00")
        request = client.recv(512)
        if request[3] == 3:
            end = 5 + request[4]
            host = request[5:end].decode()
        else:
            end = 8
            host = socket.inet_ntoa(request[4:8])
        self.targets.append(f"{host}:{struct.unpack('!H', request[end : end + 2])[0]}")
        client.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")

    def _password(self, told: bytes) -> None:
        """RFC 1929: version, user and password, each after its length."""
        user, password = told[2 : 2 + told[1]], told[3 + told[1] :]
        self.authorizations.append(f"{user.decode()}:{password.decode()}")

    def _connect(self, client: socket.socket, request: bytes) -> None:
        """A tunnel, as it is wanted for TLS."""
        line, _, rest = request.partition(b"\r\n")
        self.targets.append(line.split(b" ")[1].decode())
        self._note_credentials(rest)
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

    def _http(self, request: bytes) -> bytes:
        """The absolute form of a plain request, turned into the origin form."""
        line, _, rest = request.partition(b"\r\n")
        method, url, version = line.split(b" ")
        host, _, path = url.removeprefix(b"http://").partition(b"/")
        self.targets.append(host.decode())
        self._note_credentials(rest)
        return b"%b /%b %b\r\n%b" % (method, path, version, rest)

    def _note_credentials(self, head: bytes) -> None:
        for header in head.split(b"\r\n"):
            if header.lower().startswith(b"proxy-authorization:"):
                self.authorizations.append(header.partition(b":")[2].strip().decode())


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(64 * 1024):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
