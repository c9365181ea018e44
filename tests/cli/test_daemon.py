import json
from pathlib import Path

from tests.support.health import running
from tests.support.home import Home, channel


def test_without_a_daemon_status_says_so_and_fails(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"))
    done = home.axonhub("status", check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("not running\n")
    assert "axonhub start" in done.stderr


def test_status_as_json_has_the_same_keys_without_a_daemon(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"), channel("http://127.0.0.1:9", "b", enabled=False))
    done = home.axonhub("status", "--json", check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "running": False,
        "pid": None,
        "url": None,
        "version": None,
        "config": str(home.paths.config_file),
        "config_error": None,
        "channels": 1,
        "uptime_s": None,
        "traces_error": None,
        "telemetry_error": None,
        "traces": {"lost": None, "bodies_dropped": None, "redact_error": None, "set_aside": []},
    }


def test_status_tells_what_the_daemon_says_of_itself(home: Home) -> None:
    home.configure()
    with running(home.paths, channels=3) as state:
        found = home.json("status")
    assert found["running"] is True
    assert (found["pid"], found["url"]) == (state.pid, state.url)
    assert found["channels"] == 3
    assert found["uptime_s"] > 0


def test_status_shows_a_broken_configuration(home: Home) -> None:
    home.configure()
    home.paths.config_file.write_text("[server]\nprot = 1\n")
    with running(home.paths, channels=3):
        found = home.json("status")
        shown = home.axonhub("status")
    assert "prot" in found["config_error"]
    assert "the configuration is broken" in shown.stderr


def test_status_shows_that_no_traces_are_written(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"))
    with running(home.paths, channels=1, traces_error="the disk is full"):
        assert home.json("status")["traces_error"] == "the disk is full"
        assert "warning: traces are not written: the disk is full" in home.axonhub("status").stderr


def test_status_shows_that_telemetry_does_not_arrive(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"))
    with running(home.paths, channels=1, telemetry_error="traces: it answered 401"):
        assert home.json("status")["telemetry_error"] == "traces: it answered 401"
        said = home.axonhub("status").stderr
    assert "warning: telemetry is not sent: traces: it answered 401" in said


def test_status_shows_what_became_of_records(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"))
    told = {"lost": 2, "bodies_dropped": 1200, "redact_error": "the pattern 'x' is too slow"}
    with running(home.paths, channels=1, traces=told):
        assert home.json("status")["traces"] == told | {"set_aside": []}
        shown = home.axonhub("status").stderr
    assert "2 requests could not be recorded" in shown
    assert "of 1,200 requests the bodies were not recorded" in shown
    assert "the pattern 'x' is too slow" in shown


def test_status_shows_a_damaged_file_and_how_to_be_rid_of_it(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"))
    home.paths.data_dir.mkdir(parents=True, exist_ok=True)
    for number, size in enumerate((7, 3_000_000), 1):
        Path(f"{home.paths.trace_db}.broken-2026112{number}T101500Z").write_bytes(b"x" * size)
    latest = f"{home.paths.trace_db}.broken-20261122T101500Z"
    with running(home.paths, channels=1, traces={"lost": 0, "bodies_dropped": 0}):
        assert home.json("status")["traces"]["set_aside"][0] == {"path": latest, "bytes": 3_000_000}
        shown = home.axonhub("status").stderr
    assert f"set aside (and 1 before it), 3.0 MB: {latest}" in shown
    assert f"rm {home.paths.trace_db}.broken-*" in shown
    assert "could not be recorded" not in shown


def test_status_tells_where_to_look_when_every_channel_is_disabled(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9", enabled=False))
    said = home.axonhub("status", check=False).stderr
    assert "no channel is enabled: `axonhub channel list` shows what there is" in said


def test_a_daemon_is_started_restarted_and_stopped(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"))
    try:
        started = home.axonhub("start", "--port", "0")
        first = home.json("status")
        assert first["url"] in started.stderr
        again = home.axonhub("start", "--port", "0")
        assert "running already" in again.stderr
        assert "restart" in again.stderr
        home.axonhub("restart", "--port", "0")
        assert home.json("status")["pid"] != first["pid"]
    finally:
        stopped = home.axonhub("stop")
    assert "stopped" in stopped.stderr
    gone = home.axonhub("stop", check=False)
    assert gone.returncode == 1
    assert "no daemon of this home is running" in gone.stderr


def test_a_restart_on_a_broken_configuration_keeps_the_running_daemon(home: Home) -> None:
    home.configure()
    home.paths.config_file.write_text("[server]\nprot = 1\n")
    with running(home.paths):
        done = home.axonhub("restart", check=False)
        assert done.returncode == 2
        assert home.json("status")["running"] is True
