"""`start`, `stop`, `restart`, `status`: the daemon in the background."""

from __future__ import annotations

import shlex
from time import time
from typing import Annotated, Any

import typer

from axonhub_cli.cli import output
from axonhub_cli.cli.commands import single
from axonhub_cli.cli.context import Session
from axonhub_cli.cli.serve import Host, LogLevel, Port, TlsCert, TlsKey, serve_options
from axonhub_cli.daemon.options import Listen
from axonhub_cli.errors import CommandFailed, ConfigError
from axonhub_cli.jsonio import Json

start_app = single()
stop_app = single()
restart_app = single()
status_app = single()

NOT_RUNNING = "no daemon of this home is running"


@start_app.command()
def start(
    ctx: typer.Context,
    host: Host = None,
    port: Port = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    log_level: LogLevel = None,
) -> None:
    """Start the proxy in the background; returns when it is ready."""
    session = Session.of(ctx)
    options = serve_options(host, port, tls_cert, tls_key, log_level)
    from axonhub_cli.daemon.state import find_daemon

    running = find_daemon(session.paths)
    if running is None:
        _start(session, options)
        return
    output.note(f"running already at {running.url} (pid {running.pid})")
    if options.arguments():
        output.note("hint: `axonhub restart` with these options applies them")


@stop_app.command()
def stop(ctx: typer.Context) -> None:
    """Stop the background proxy; running streams end first."""
    if not _stop(Session.of(ctx)):
        raise CommandFailed(NOT_RUNNING, hint="`axonhub start` starts one")


@restart_app.command()
def restart(
    ctx: typer.Context,
    host: Host = None,
    port: Port = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    log_level: LogLevel = None,
) -> None:
    """Stop the proxy if it runs, and start it in the background."""
    session = Session.of(ctx)
    options = serve_options(host, port, tls_cert, tls_key, log_level)
    # A broken configuration must not cost the daemon that still runs on the last good one.
    session.config()
    _stop(session)
    _start(session, options)


@status_app.command()
def status(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say whether the proxy runs, and where. Exit code 1 when it does not."""
    found = find_status(Session.of(ctx))
    if json:
        output.emit_json(found)
    else:
        _print_status(Session.of(ctx), found)
    if not found["running"]:
        raise typer.Exit(1)


def find_status(session: Session) -> dict[str, Json]:
    """The JSON object of `status --json`."""
    from axonhub_cli.daemon.state import ask_health, read_state

    state = read_state(session.paths)
    health = ask_health(state) if state is not None else None
    config_error, channels = _look_at_config(session)
    found: dict[str, Json] = {
        "running": False,
        "pid": None,
        "url": None,
        "version": None,
        "config": str(session.paths.config_file),
        "config_error": config_error,
        "channels": channels,
        "uptime_s": None,
        "traces_error": None,
        "telemetry_error": None,
        "traces": _traces(session, {}),
    }
    if state is not None and health is not None:
        # The channels are those it works with now. A fault of the file counts at once, though the
        # daemon will only see it at its next request.
        found.update(
            running=True,
            pid=state.pid,
            url=state.url,
            version=state.version,
            channels=health.get("channels", channels),
            uptime_s=max(0, int(time() - state.started_at)),
            traces_error=health.get("traces_error"),
            telemetry_error=health.get("telemetry_error"),
            traces=_traces(session, health.get("traces") or {}),
        )
    return found


def _traces(session: Session, told: dict[str, Json]) -> dict[str, Json]:
    """What the daemon says of its life so far, and the damaged files that lie there."""
    from axonhub_cli.tracing.broken_files import find_broken

    found: dict[str, Json] = {
        name: told.get(name) for name in ("lost", "bodies_dropped", "redact_error")
    }
    broken = find_broken(session.paths.trace_db)
    found["set_aside"] = [{"path": str(file.path), "bytes": file.size} for file in broken]
    return found


def _start(session: Session, options: Listen) -> None:
    from axonhub_cli.daemon.background import start_background

    told: list[str] = []
    state = start_background(session.paths, session.environ, options.arguments(), tell=told.append)
    output.note(f"axonhub runs at {state.url} (pid {state.pid}); log: {session.paths.log_file}")
    for line in told:
        output.note(line)


def _stop(session: Session) -> bool:
    from axonhub_cli.config.durations import seconds
    from axonhub_cli.daemon import background

    try:
        drain = seconds(session.config().server.drain_timeout)
    except ConfigError:
        drain = 30.0
    # The daemon itself needs a moment after the last stream, to write what is queued.
    stopped = background.stop(session.paths, drain + 10, tell=output.note)
    if stopped:
        output.note("axonhub is stopped")
    return stopped


def _look_at_config(session: Session) -> tuple[str | None, int | None]:
    """The file's fault if it has one, and the number of enabled channels in it."""
    try:
        config = session.config()
    except ConfigError as error:
        return error.message, None
    return None, sum(channel.enabled for channel in config.channels)


def _print_status(session: Session, found: dict[str, Any]) -> None:
    if found["running"]:
        output.line(f"running at {found['url']}")
        rows = ["pid", "version", "uptime", "config", "channels"]
    else:
        output.line("not running")
        rows = ["config", "channels"]
    shown = {**found, "uptime": _duration(found["uptime_s"] or 0)}
    output.fields([(name, str(shown[name])) for name in rows if shown[name] is not None])
    if found["config_error"]:
        output.warn(
            f"the configuration is broken: {found['config_error']}",
            "the daemon keeps the last good one; `axonhub config check` shows the place"
            if found["running"]
            else "`axonhub config check` shows the place",
        )
    elif not found["channels"]:
        output.note(
            "hint: no channel is enabled: `axonhub channel list` shows what there is, "
            "`axonhub channel add --type claude-code` adds one"
        )
    if found["traces_error"]:
        output.warn(f"traces are not written: {found['traces_error']}")
    if found["telemetry_error"]:
        output.warn(f"telemetry is not sent: {found['telemetry_error']}")
    _print_traces(session, found["traces"])
    if not found["running"]:
        output.note("hint: `axonhub start` starts it")


def _print_traces(session: Session, traces: dict[str, Any]) -> None:
    from axonhub_cli.config.sizes import written

    if traces["lost"]:
        output.warn(
            f"{traces['lost']:,} requests could not be recorded since the daemon started",
            f"the log says why: {session.paths.log_file}",
        )
    if traces["bodies_dropped"]:
        output.warn(
            f"of {traces['bodies_dropped']:,} requests the bodies were not recorded: they came "
            "faster than they could be written, or when nothing could",
            "their tokens and costs were",
        )
    if traces["redact_error"]:
        output.warn(traces["redact_error"])
    if broken := traces["set_aside"]:
        latest, size = broken[0]["path"], sum(each["bytes"] for each in broken)
        more = f" (and {len(broken) - 1} before it)" if len(broken) > 1 else ""
        output.warn(
            f"a damaged trace file was set aside{more}, {written(size)}: {latest}",
            "its sums of use were taken over; what else it holds `sqlite3 FILE .recover` may give "
            f"back; to delete it: rm {shlex.quote(str(session.paths.trace_db))}.broken-*",
        )


def _duration(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
