"""One call to this home's daemon, with nothing but the standard library's lightest parts.

A status line runs it after each message: `typing`, `msgspec` or `pathlib` would each cost more than
the call. What goes over the wire is `state.py`'s: a challenge, and the proof of having read the
state file, answered by the daemon's own proof.
"""

from __future__ import annotations

import os
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from typing import Any

CHALLENGE_HEADER = "AH-Challenge"
PROOF_HEADER = "AH-Proof"
_LARGEST_ANSWER = 64 * 1024


def state_file(environ: Mapping[str, str]) -> str:
    """Where `paths.find_paths` has the state file."""
    home = environ.get("AXONHUB_HOME")
    if home:
        return os.path.join(os.path.abspath(os.path.expanduser(home)), "state", "daemon.json")
    if os.name == "posix" and os.uname().sysname == "Linux":
        # As platformdirs has it, which takes longer than all the rest.
        base = environ.get("XDG_STATE_HOME", "")
        if not base.strip():
            base = os.path.expanduser("~/.local/state")
        return os.path.join(base, "axonhub", "daemon.json")
    from axonhub_cli.config.paths import find_paths

    return str(find_paths(environ).state_file)


def read_state(file: str) -> dict[str, Any] | None:
    """The state file's object; None where there is none that can be read."""
    import json

    try:
        with open(file, "rb") as opened:
            found = json.loads(opened.read())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("secret") else None


def call(state: Mapping[str, Any], path: str, timeout: float) -> dict[str, Any] | None:
    """The JSON object that `path` answers; None unless it comes from the daemon that wrote
    `state` within `timeout` seconds."""
    import hmac
    import json

    challenge, secret = os.urandom(16).hex(), str(state["secret"])
    try:
        shown = _proof(f"{secret} asks", f"GET {path} {challenge}")
        answer = _get(state, path, challenge, shown, monotonic() + timeout)
        body = answer.partition(b"\r\n\r\n")[2]
        found = json.loads(body[body.find(b"{") : body.rfind(b"}") + 1])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    claimed = found.get("proof") if isinstance(found, dict) else None
    expected = _proof(secret, challenge).encode()
    proven = isinstance(claimed, str) and hmac.compare_digest(claimed.encode(), expected)
    return found if proven else None


def _proof(secret: str, text: str) -> str:
    import hmac

    return hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()


def _get(state: Mapping[str, Any], path: str, challenge: str, shown: str, deadline: float) -> bytes:
    request = (
        f"GET {path} HTTP/1.1\r\nHost: localhost:{state['port']}\r\n"
        f"{CHALLENGE_HEADER}: {challenge}\r\n{PROOF_HEADER}: {shown}\r\n"
        "Connection: close\r\n\r\n"
    )
    connection = _connect(str(state["host"]), int(state["port"]), _left(deadline))
    try:
        if state.get("tls"):
            connection = _secured(connection)
        connection.sendall(request.encode())
        parts: list[bytes] = []
        while sum(map(len, parts)) < _LARGEST_ANSWER:
            connection.settimeout(_left(deadline))
            part = connection.recv(16 * 1024)
            if not part:
                break
            parts.append(part)
        return b"".join(parts)
    finally:
        connection.close()


def _connect(host: str, port: int, timeout: float) -> socket.socket:
    """`create_connection` would look the name up, with the codec for foreign names."""
    import socket

    address = "127.0.0.1" if host in ("", "0.0.0.0", "localhost") else host
    address = "::1" if address == "::" else address
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    try:
        connection.connect((address, port))
    except OSError:
        connection.close()
        raise
    return connection


def _secured(connection: socket.socket) -> socket.socket:
    import ssl

    # The proof, not the certificate, says who this is; it is usually self-signed.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection)


def _left(deadline: float) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("no time left")
    return left
