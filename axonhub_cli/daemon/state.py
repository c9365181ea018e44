"""The state file: where this home's daemon runs, and the proof that what answers there is it.

A daemon writes `daemon.json` (0600) with a random secret. Who reads the file sends a random
challenge to the address; only the daemon that wrote the file can answer with its HMAC. So a
recycled pid, another home's daemon or a foreign listener on the port is never taken for ours:
no key is handed to it, and it is never killed.

`axonhub env` imports this at every shell start: what only a running daemon needs is imported late.
"""

from __future__ import annotations

import os
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    import socket

    from axonhub_cli.config.paths import Paths
    from axonhub_cli.jsonio import Json

CHALLENGE_HEADER = "AH-Challenge"
"""`GET /health` with this header answers `{"proof": …}` beside its other fields."""
PROOF_HEADER = "AH-Proof"
"""What is under `/admin` is for those who know the secret too: they send `request_proof`."""

LIVE_PATH = "/admin/api/live"
ROUTING_PATH = "/admin/api/routing"
"""Answers the state of routing to the command line: `{"routing": …, "faults": …}`."""
TOKENS_PATH = "/admin/api/tokens"
"""A POST takes tokens back that were put aside: `?channel=NAME`, and `&token=LABEL` for one."""

_LARGEST_ANSWER = 16 * 1024 * 1024


class DaemonState(Struct, frozen=True):
    """What a running daemon says of itself. `host` is what it is bound to, `url` what to call."""

    pid: int
    url: str
    host: str
    port: int
    version: str
    started_at: float
    """Epoch seconds."""
    secret: str
    tls: bool = False
    tls_cert: str | None = None
    """The certificate file (absolute), for clients that must be told to trust it."""

    def __repr__(self) -> str:
        return f"DaemonState(pid={self.pid}, url={self.url!r}, version={self.version!r})"


def write_state(paths: Paths, state: DaemonState) -> None:
    """Write the state file atomically, readable by its owner alone.

    Raises `ConfigError` where the folder cannot be made, `OSError` where the file cannot.
    """
    from axonhub_cli.config.paths import make_private_dir

    make_private_dir(paths.state_dir)
    draft = f"{paths.state_file}.{state.pid}"
    with suppress(FileNotFoundError):
        os.unlink(draft)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(msgspec.json.encode(state))
        os.replace(draft, paths.state_file)
    except OSError:
        with suppress(OSError):
            os.unlink(draft)
        raise


def read_state(paths: Paths) -> DaemonState | None:
    """What the state file says; None when there is none that can be read. Proves nothing."""
    try:
        with open(paths.state_file, "rb") as file:
            return msgspec.json.decode(file.read(), type=DaemonState)
    except (OSError, ValueError, msgspec.DecodeError):
        return None


def clear_state(paths: Paths, pid: int) -> None:
    """Remove the state file if it is still that of `pid`: a successor's file stays."""
    state = read_state(paths)
    if state is not None and state.pid == pid:
        with suppress(OSError):
            os.unlink(paths.state_file)


def find_daemon(paths: Paths, timeout: float = 1.0) -> DaemonState | None:
    """This home's running daemon, verified; None when there is none. `timeout` in seconds."""
    state = read_state(paths)
    return state if state is not None and verify(state, timeout) else None


def proof(secret: str, challenge: str) -> str:
    """The answer to a challenge: HMAC-SHA256 under the state file's secret, in hex."""
    import hmac

    return hmac.new(secret.encode(), challenge.encode(), "sha256").hexdigest()


def request_proof(secret: str, path: str, challenge: str, method: str = "GET") -> str:
    """What a caller shows to prove that it has read the state file. `path`: with its query.

    Under a key of its own: `/health` gives anybody the proof of any text, this one included."""
    return proof(f"{secret} asks", f"{method} {path} {challenge}")


def verify(state: DaemonState, timeout: float = 1.0) -> bool:
    """Whether the daemon that wrote `state` answers at its address within `timeout` seconds."""
    return ask_health(state, timeout) is not None


def ask_health(state: DaemonState, timeout: float = 1.0) -> dict[str, Json] | None:
    """What `GET /health` says; None unless it proves to be the daemon that wrote `state`."""
    return ask(state, "/health", timeout)


def ask(
    state: DaemonState, path: str, timeout: float = 1.0, *, method: str = "GET"
) -> dict[str, Json] | None:
    """The JSON object that `path` answers; None unless it comes from the daemon that wrote
    `state`."""
    import hmac

    challenge = os.urandom(16).hex()
    try:
        answer = _send(state, method, path, challenge, deadline=monotonic() + timeout)
        # Answers are small and ours: the object is what stands between the outer braces.
        body = answer.partition(b"\r\n\r\n")[2]
        found = msgspec.json.decode(body[body.find(b"{") : body.rfind(b"}") + 1])
    except (OSError, OverflowError, ValueError, msgspec.DecodeError):
        return None
    claimed = found.get("proof") if isinstance(found, dict) else None
    expected = proof(state.secret, challenge)
    proven = isinstance(claimed, str) and hmac.compare_digest(claimed.encode(), expected.encode())
    return found if proven else None


def _send(state: DaemonState, method: str, path: str, challenge: str, *, deadline: float) -> bytes:
    """One request by hand: an HTTP library costs more than the whole command."""
    request = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost:{state.port}\r\n"
        f"{CHALLENGE_HEADER}: {challenge}\r\n"
        f"{PROOF_HEADER}: {request_proof(state.secret, path, challenge, method)}\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
    with connect(state, deadline) as connection:
        connection.sendall(request.encode())
        parts: list[bytes] = []
        size = 0
        while size < _LARGEST_ANSWER:
            connection.settimeout(_left(deadline))
            part = connection.recv(16 * 1024)
            if not part:
                break
            parts.append(part)
            size += len(part)
    return b"".join(parts)


def connect(state: DaemonState, deadline: float) -> socket.socket:
    """A connection to its address. Raises `OSError`; who answers there is not proved yet."""
    import socket

    address = reachable_host(state.host)
    connection = socket.create_connection((address, state.port), timeout=_left(deadline))
    if not state.tls:
        return connection
    import ssl

    # The proof, not the certificate, says who this is; it is usually self-signed.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        connection.settimeout(_left(deadline))
        return context.wrap_socket(connection)
    except OSError:
        connection.close()
        raise


def reachable_host(bound: str) -> str:
    """The address to call for one that is bound: loopback for a wildcard and for `localhost`."""
    if bound in ("", "0.0.0.0", "localhost"):
        return "127.0.0.1"
    return "::1" if bound == "::" else bound


def client_url(host: str, port: int, *, tls: bool) -> str:
    """The base URL for clients of a daemon bound to `host`.

    `localhost` only for the default, where both loopback addresses are ours: with a wildcard or
    `::1` alone, that name could lead to a foreign listener on the other one.
    """
    name = "localhost" if host in ("127.0.0.1", "localhost") else reachable_host(host)
    return f"{'https' if tls else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"


def beside_config(paths: Paths, file: str) -> str:
    """A file named in the configuration: a relative name counts from the configuration's folder,
    wherever a command or a daemon was started."""
    return os.path.join(paths.config_file.parent, os.path.expanduser(file))


def _left(deadline: float) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("no time left")
    return left
