"""A daemon's life: read the configuration, bind, say where, serve until told to stop, drain."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn
from msgspec.structs import replace

from axonhub_cli import __version__
from axonhub_cli.config.durations import seconds
from axonhub_cli.config.paths import Paths
from axonhub_cli.config.schema import Config, Server
from axonhub_cli.daemon.app import build_app
from axonhub_cli.daemon.listen import PortTaken, bind, exposure
from axonhub_cli.daemon.log_lines import Line
from axonhub_cli.daemon.logs import (
    announce,
    announce_end,
    configure_logging,
    format_before_config,
    whole_process,
)
from axonhub_cli.daemon.memory import keep_freed_memory, spare_what_stays
from axonhub_cli.daemon.options import Listen as Listen
from axonhub_cli.daemon.pipelining import http_protocol
from axonhub_cli.daemon.runtime import Runtime
from axonhub_cli.daemon.shield import App
from axonhub_cli.daemon.state import (
    DaemonState,
    beside_config,
    clear_state,
    client_url,
    find_daemon,
    write_state,
)
from axonhub_cli.errors import AxonHubError, CommandFailed, ConfigError, UsageError
from axonhub_cli.tracing.live import Feed

logger = logging.getLogger("axonhub")

# Longer than clients keep an idle connection, so that it is they who close it.
_KEEP_ALIVE_S = 75
_SWITCH_INTERVAL_S = 0.0005


def serve(
    paths: Paths,
    environ: Mapping[str, str],
    listen: Listen,
    *,
    on_ready: Callable[[str], None],
) -> Exception | None:
    """Serve until SIGINT or SIGTERM; blocks. `on_ready` gets the lines to show, unless the log
    is of objects: then they are in it.

    Returns the error that ended it, where the log has it already; else raises `ConfigError`,
    `UsageError`, or `CommandFailed` when the port is taken.
    """

    def ready(line: str) -> None:
        spare_what_stays()
        on_ready(line)

    early = _early_log(paths, environ)
    daemon = Daemon(paths, environ, listen)
    with whole_process():
        try:
            daemon.run(ready)
        except Exception as error:
            if (daemon.server or early).log_format != "json":
                raise
            announce_end(error)
            return error
    return None


def refuse(paths: Paths, environ: Mapping[str, str], error: AxonHubError) -> bool:
    """Tell the log why there will be no daemon; False where that is for people and they are yet
    to be told."""
    is_json = _early_log(paths, environ).log_format == "json"
    if is_json:
        announce_end(error)
    return is_json


def _early_log(paths: Paths, environ: Mapping[str, str]) -> Server:
    """The log as far as it is known before the configuration has been read."""
    early = Server(log_format=format_before_config(paths, environ))
    configure_logging(early, paths.log_file)
    return early


class Daemon:
    """One daemon; `run` blocks, `stop` may be called from any thread."""

    def __init__(self, paths: Paths, environ: Mapping[str, str], listen: Listen) -> None:
        self._paths = paths
        self._environ = environ
        self._listen = listen
        self._server: _UvicornServer | None = None
        self.server: Server | None = None
        """Its settings, when they have been read."""

    def run(self, on_ready: Callable[[str], None]) -> None:
        # The trace writer is the other thread: at the default of 5 ms a request would wait for it
        # that long (measured: p99 of a timer 4-8 ms with it, 2-3 ms without).
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        keep_freed_memory()
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(self._run(on_ready))

    def stop(self) -> None:
        """Stop accepting, let running answers end, then close."""
        if self._server is not None:
            self._server.end()

    async def _run(self, on_ready: Callable[[str], None]) -> None:
        _refuse_second(self._paths)
        runtime = Runtime(self._paths, self._environ)
        await runtime.start()
        server = self.server = _overridden(
            self._paths, runtime.snapshot.config.server, self._listen
        )
        self._follow_log(server)
        runtime.reloaded = lambda config: self._follow_log(config.server)
        sockets = _bind(self._paths, server)
        try:
            await self._serve(runtime, server, sockets, on_ready)
        finally:
            for listener in sockets:
                listener.close()

    def _follow_log(self, server: Server) -> None:
        level = self._listen.log_level
        server = server if level is None else replace(server, log_level=level)
        configure_logging(server, self._paths.log_file)

    async def _serve(
        self,
        runtime: Runtime,
        server: Server,
        sockets: list[socket.socket],
        on_ready: Callable[[str], None],
    ) -> None:
        config = runtime.snapshot.config
        state = _state(server, sockets[0].getsockname()[1])
        feed = Feed()
        app = build_app(runtime, self._paths, self._environ, state.secret, feed)

        def ready() -> None:
            try:
                write_state(self._paths, state)
            except OSError as error:
                raise ConfigError(
                    f"cannot write {self._paths.state_file}: {error.strerror}",
                    hint="set AXONHUB_HOME to a folder of yours",
                ) from error
            tell = announce if server.log_format == "json" else _in_words(on_ready)
            for line in _ready_lines(config, self._paths, server, state, sockets):
                tell(line)

        self._server = _UvicornServer(_uvicorn_config(app, server), ready, feed.close)
        try:
            await self._server.serve(sockets=sockets)
        finally:
            clear_state(self._paths, state.pid)
        if self._server.failure is not None:
            raise self._server.failure


class _UvicornServer(uvicorn.Server):
    """uvicorn with a word when it is ready, and without its habit of raising a caught signal
    again, which would end the process before the state file is removed."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_started: Callable[[], None],
        on_ending: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._on_started = on_started
        self._on_ending = on_ending
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        self.failure: AxonHubError | None = None

    def end(self) -> None:
        """From any thread: take nothing new, and return when what runs has ended."""
        self.should_exit = True
        with suppress(RuntimeError):  # it has ended already, and its loop with it
            self._loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        """uvicorn's own looks ten times a second whether to end: a stop waits for the next look."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % 864_000
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await self._ending.wait()
        self._on_ending()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets running answers end, the next one ends them with an error."""
        is_first, self.should_exit = not self.should_exit, True
        self._loop.call_soon_threadsafe(self._tell_waiting if is_first else self._cut)

    def _tell_waiting(self) -> None:
        self._ending.set()
        if number := len(self.server_state.tasks):
            logger.info(
                "%d running request%s may end, for at most %d s; Ctrl-C again cuts off",
                number,
                "" if number == 1 else "s",
                self.config.timeout_graceful_shutdown,
            )

    def _cut(self) -> None:
        for task in self.server_state.tasks:
            task.cancel()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # It ends the process where the application cannot begin; older ones return.
        with suppress(SystemExit):
            await super().startup(sockets=sockets)
        if not self.started:
            self.failure = CommandFailed("the daemon could not begin to serve; its log says why")
            self.should_exit = True
            return
        try:
            self._on_started()
        except ConfigError as error:
            self.failure = error
            self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _refuse_second(paths: Paths) -> None:
    """One daemon a home, on whatever port: a second one would take the state file over, and the
    first could not be found or stopped any more."""
    running = find_daemon(paths)
    if running is not None:
        raise CommandFailed(
            f"axonhub runs already: {running.url} (pid {running.pid})",
            hint="`axonhub stop` ends it; `axonhub restart` takes other options",
        )


def _overridden(paths: Paths, server: Server, listen: Listen) -> Server:
    server = replace(
        server,
        tls_cert=server.tls_cert and beside_config(paths, server.tls_cert),
        tls_key=server.tls_key and beside_config(paths, server.tls_key),
    )
    given = {
        name: value
        for name in listen.__struct_fields__
        if (value := getattr(listen, name)) is not None
    }
    server = replace(server, **given)
    if (server.tls_cert is None) != (server.tls_key is None):
        raise UsageError("TLS needs both a certificate and its key (--tls-cert, --tls-key)")
    return server


def _bind(paths: Paths, server: Server) -> list[socket.socket]:
    try:
        return bind(server.host, server.port)
    except PortTaken as error:
        _refuse_second(paths)  # it may have started since
        error.hint = f"free the port, or take another: axonhub serve --port {error.port + 1}"
        raise
    except OSError as error:
        raise CommandFailed(f"cannot listen on {server.host}:{server.port}: {error}") from error


def _state(server: Server, port: int) -> DaemonState:
    tls = server.tls_cert is not None
    return DaemonState(
        pid=os.getpid(),
        url=client_url(server.host, port, tls=tls),
        host=server.host,
        port=port,
        version=__version__,
        started_at=time.time(),
        secret=secrets.token_hex(32),
        tls=tls,
        tls_cert=server.tls_cert and os.path.abspath(server.tls_cert),
    )


def _ready_lines(
    config: Config,
    paths: Paths,
    server: Server,
    state: DaemonState,
    sockets: list[socket.socket],
) -> Iterator[Line]:
    enabled = sum(channel.enabled for channel in config.channels)
    addresses = ", ".join(listener.getsockname()[0] for listener in sockets)
    yield Line(
        f"axonhub {__version__} listens on {state.url} ({addresses}) with {enabled} "
        f"channel{'' if enabled == 1 else 's'}, configuration {paths.config_file}",
        "info",
    )
    if enabled == 0:
        hint = "axonhub channel add --type claude-code"
        yield Line("no channel is enabled yet", "info", hint)
    if (warning := exposure(server.host)) is not None:
        yield Line(warning, "warning")


def _in_words(on_ready: Callable[[str], None]) -> Callable[[Line], None]:
    return lambda line: on_ready(line.as_text)


def _uvicorn_config(app: App, server: Server) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=http_protocol(),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=round(seconds(server.drain_timeout)),
        ssl_certfile=server.tls_cert,
        ssl_keyfile=server.tls_key,
        proxy_headers=False,
    )
    try:
        config.load()
    except OSError as error:  # one of `ssl` too
        raise ConfigError(
            f"TLS cannot be served with {server.tls_cert} and {server.tls_key}: {error.strerror}",
            hint="both must be readable PEM files, and the key that of the certificate",
        ) from error
    return config
