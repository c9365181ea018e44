"""What a client needs in its environment to talk to this home's daemon.

`axonhub env` runs at every shell start: no heavy import here or in what this imports.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct

from axonhub_cli.cli.trust import trusted_file
from axonhub_cli.config.keys import DEFAULT, ensure_key
from axonhub_cli.config.paths import Paths
from axonhub_cli.config.schema import Config, Server
from axonhub_cli.config.store import ConfigStore
from axonhub_cli.daemon.state import DaemonState, beside_config, client_url, find_daemon
from axonhub_cli.errors import CommandFailed, UsageError

TOOLS = ("claude", "openai")
"""The clients whose protocol the daemon serves; `openai` stands for its SDKs' own variables."""

PROGRAMS = ("claude",)
"""Those of them that `axonhub run` can start."""

_LATER = ("codex", "gemini", "opencode")

LOOPBACK = ("localhost", "127.0.0.1", "::1")

# Claude Code then talks to a cloud's own endpoint and ignores ANTHROPIC_BASE_URL.
_OTHER_ROUTES = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")


class ClientEnv(Struct, frozen=True):
    """Variables to set and to unset, and what the user should be told (`hint: …` lines)."""

    values: dict[str, str]
    unset: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"ClientEnv({', '.join((*self.values, *self.unset))})"


class Address(Struct, frozen=True):
    """Where clients find the daemon. `url` has no trailing slash."""

    url: str
    host: str
    tls_cert: str | None
    running: bool


def check_tool(tool: str, known: tuple[str, ...] = TOOLS) -> None:
    """Raises `UsageError` for a client that axonhub cannot serve."""
    if tool in known:
        return
    if tool in _LATER:
        raise UsageError(
            f"{tool} is not supported yet",
            hint=f"tools that work: {', '.join(known)}",
        )
    raise UsageError(f"no such tool: {tool}", hint=f"tools that work: {', '.join(known)}")


def tool_env(tool: str, paths: Paths, environ: Mapping[str, str], *, key: str | None) -> ClientEnv:
    """The environment for a client; makes the key `default` when there is none.

    Raises `ConfigError` (also where no backend can keep the key), `UsageError`, `CommandFailed`.
    """
    check_tool(tool)
    store = ConfigStore(paths, environ)
    address = find_address(paths, store.read(), environ)
    secret = ensure_key(store, environ, name=key or DEFAULT)
    if tool == "openai":
        values = {"OPENAI_BASE_URL": f"{address.url}/v1", "OPENAI_API_KEY": secret}
        hints, certificates = [], "SSL_CERT_FILE"
    else:
        values = {
            "ANTHROPIC_BASE_URL": f"{address.url}/anthropic",
            "ANTHROPIC_AUTH_TOKEN": secret,
            # Claude Code then says which turn and which subagent a request belongs to.
            "CLAUDE_CODE_GATEWAY_HINT_HEADERS": "1",
        }
        hints, certificates = _other_routes(environ), "NODE_EXTRA_CA_CERTS"
    values |= no_proxy(environ, address.host)
    if address.tls_cert is not None:
        values[certificates] = trusted_file(address.tls_cert, paths.cache_dir, environ)
    if not address.running:
        hints.append(
            f"no daemon of this home runs at {address.url} yet; `axonhub start` starts one"
        )
    return ClientEnv(values, ("ANTHROPIC_API_KEY",) if tool == "claude" else (), tuple(hints))


def claude_env(paths: Paths, environ: Mapping[str, str], *, key: str | None) -> ClientEnv:
    """The environment for Claude Code, see `tool_env`."""
    return tool_env("claude", paths, environ, key=key)


def tool_unset(tool: str, environ: Mapping[str, str]) -> ClientEnv:
    """What takes `tool_env` back. NO_PROXY goes only where nothing but ours is in it."""
    ours = {
        "claude": (
            "ANTHROPIC_BASE_URL",
            "ANTHROPIC_AUTH_TOKEN",
            "CLAUDE_CODE_GATEWAY_HINT_HEADERS",
        ),
        "openai": ("OPENAI_BASE_URL", "OPENAI_API_KEY"),
    }
    proxy = [n for n in ("NO_PROXY", "no_proxy") if environ.get(n) == ",".join(LOOPBACK)]
    return ClientEnv({}, (*ours[tool], *proxy))


def _other_routes(environ: Mapping[str, str]) -> list[str]:
    return [
        f"{name} is set: Claude Code does not use axonhub before it is unset"
        for name in _OTHER_ROUTES
        if environ.get(name, "") not in ("", "0", "false")
    ]


def find_address(paths: Paths, config: Config, environ: Mapping[str, str]) -> Address:
    """An explicit `AXONHUB_SERVER_*`, else the running daemon, else the configuration.

    Raises `CommandFailed` where only a running daemon would know (port 0).
    """
    server = config.server
    daemon = find_daemon(paths)
    if daemon is not None and (server.port == 0 or _is_meant(daemon, server, environ)):
        return Address(daemon.url, daemon.host, daemon.tls_cert, running=True)
    if server.port == 0:
        raise CommandFailed(
            "the port is chosen when the daemon starts, and no daemon is running",
            hint="`axonhub start`, then again",
        )
    cert = server.tls_cert and beside_config(paths, server.tls_cert)
    url = client_url(server.host, server.port, tls=cert is not None)
    return Address(url, server.host, cert, running=False)


def _is_meant(daemon: DaemonState, server: Server, environ: Mapping[str, str]) -> bool:
    """Whether no explicit setting contradicts what the running daemon is."""
    settings = {
        "AXONHUB_SERVER_HOST": server.host == daemon.host,
        "AXONHUB_SERVER_PORT": server.port == daemon.port,
        "AXONHUB_SERVER_TLS_CERT": daemon.tls,
    }
    return all(agrees for name, agrees in settings.items() if environ.get(name))


def no_proxy(environ: Mapping[str, str], host: str) -> dict[str, str]:
    """`NO_PROXY` and `no_proxy` with loopback (and `host`) in them.

    Programs differ in which of the two they read first, so once either is set both get the
    entries of both. A lone `*` already means everything, and only while it is alone.
    """
    names = ("NO_PROXY",) if os.name == "nt" else ("NO_PROXY", "no_proxy")
    present = {name: environ[name] for name in names if environ.get(name, "").strip()}
    ours = [*LOOPBACK, *([] if host in ("", "0.0.0.0", "::", *LOOPBACK) else [host])]
    if not present:
        return {"NO_PROXY": ",".join(ours)}
    lists = [value for value in present.values() if value.strip() != "*"]
    if not lists:
        return {}
    entries = [entry for value in lists for entry in value.replace(",", " ").split()]
    known: dict[str, str] = {}
    for entry in (*entries, *ours):
        known.setdefault(entry.lower(), entry)
    merged = ",".join(known.values())
    return {name: merged for name in names if present.get(name, "").strip() != "*"}
